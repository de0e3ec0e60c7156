// The parts of a SARIF run: its rules and its results. No text may be empty: GitHub refuses a file with an empty
// required text (sarif.md §3).
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "findings/finding.h"
#include "plan/plan.h"
#include "report/rows.h"

/// A vulnerability and the findings that have it, the most severe one first.
struct SarifRule {
    std::string id;
    std::vector<const Finding*> findings;
};

void render_sarif_rule(JsonWriter& json, const SarifRule& rule);

/// `rule` is the index of the result's rule; `directory` is as in Run.
void render_sarif_result(JsonWriter& json, const FindingRow& row, std::size_t rule, const std::string& directory);

/// Never empty: an empty id would fail the whole upload.
std::string sarif_rule_id(const Finding& finding);

/// A line of a file of the repository: the remedy's, else the image's matrix row; an empty file if there is none. Paths
/// that are absolute, leave the repository or are empty are passed over, because GitHub refuses the whole file for one
/// of them (sarif.md §6).
Place find_place(const FindingRow& row);
/// The same, and the Dockerfile's first line where there is none, because GitHub wants one.
Place sarif_place(const FindingRow& row);

/// "error" for what blocks, "note" for what is waived, else "warning" from medium on and "note" below.
std::string sarif_level(const FindingRow& row);

/// GitHub's number for a severity, as text: the CVSS score, clamped to the band that GitHub shows under the severity
/// that we gate on (over 9.0 critical, 7.0–8.9 high, 4.0–6.9 medium, 0.1–3.9 low). Empty for an unknown severity, which
/// then has no such property.
std::string security_severity(Severity severity, double cvss_score);

/// The alert's title is its first sentence: image, vulnerability, package. Then what to do, or by whom it is accepted.
std::string sarif_message(const FindingRow& row);

/// The category is stable: equal for push, pull request and nightly, and across every bump of a patch version:
/// "images/3.13/production/linux-amd64/". The whole version stands in it only where two rows of the matrix share a
/// minor version.
std::string make_category(const Plan& plan, const Image& image, const std::string& platform);
/// One notice per minor version that two rows share: their alerts start again with each patch version.
Problems check_categories(const Plan& plan);

/// What an alert is recognised by, "<16 hex digits>:1": the finding's key and the category, free of versions and
/// digests (sarif.md §5).
std::string make_fingerprint(const Finding& finding, const std::string& category);
