// SARIF 2.1.0 for GitHub code scanning, composed by us: one file, one run, for one image on one platform
// (docs.github.com, "SARIF support for code scanning").
#pragma once

#include <optional>
#include <string>

#include "report/rows.h"

struct SarifChoice {
    /// Option sarif-severity; what blocks and what has no known severity is always in.
    Severity from = Severity::medium;
    std::size_t max_results = 5000;  ///< GitHub shows no more of one run
    std::string directory{};         ///< as in Run
};

struct Sarif {
    std::string text;
    std::size_t results = 0;
};

/// Nothing for an image that was not judged or whose verdict is unknown: an upload would close every alert. A clean
/// image gives a valid run without results, which is what closes them. Blocking findings are errors, waived ones notes
/// (and suppressed), all else at most warnings. More than `max_results` are cut, first those that do not block. The
/// file's notes say what is omitted.
std::optional<Sarif> render_sarif(const ImageRun& image, const std::string& program_version,
                                  const SarifChoice& choice = {});

/// Never empty: an empty id would fail the whole upload.
std::string sarif_rule_id(const Finding& finding);

/// A line of a file of the repository: the remedy's, else the image's matrix row; an empty file if there is none. Paths
/// that are absolute, leave the repository or are empty are passed over, because GitHub refuses the whole file for one
/// of them.
Place find_place(const FindingRow& row);
/// The same, and the Dockerfile's first line where there is none, because GitHub wants one.
Place sarif_place(const FindingRow& row);

/// "error" for what blocks, "note" for what is waived, else "warning" from medium on and "note" below.
std::string sarif_level(const FindingRow& row);

/// GitHub's number for a severity, as text: the CVSS score, clamped to the band that GitHub shows under the severity
/// that we gate on (over 9.0 critical, 7.0–8.9 high, 4.0–6.9 medium, 0.1–3.9 low). Empty for an unknown severity, which
/// then has no such property.
std::string security_severity(Severity severity, double cvss_score);

/// The category is stable: equal for push, pull request and nightly, and across every bump of a patch version:
/// "images/3.13/production/linux-amd64/". The whole version stands in it only where two rows of the matrix share a
/// minor version.
std::string make_category(const Plan& plan, const Image& image, const std::string& platform);
/// One notice per minor version that two rows share: their alerts start again with each patch version.
Problems check_categories(const Plan& plan);

/// What an alert is recognised by, "<16 hex digits>:1": the finding's key and the category, free of versions and
/// digests.
std::string make_fingerprint(const Finding& finding, const std::string& category);
