// The sentences and numbers of our SARIF. Nothing here may be empty: GitHub refuses a file with an empty required text
// (sarif.md §3).
#pragma once

#include <string>
#include <vector>

#include "report/rows.h"

/// GitHub's limits on texts of a rule (sarif.md §2, §3).
inline constexpr std::size_t max_description = 1024;

/// "error" for what blocks, "note" for what is waived, else "warning" from medium on and "note" below.
std::string sarif_level(const FindingRow& row);

/// GitHub's number for a severity, as text: the CVSS score, held within the band that GitHub shows under the severity
/// that we gate on (over 9.0 critical, 7.0–8.9 high, 4.0–6.9 medium, 0.1–3.9 low). Empty for an unknown severity, which
/// then has no such property.
std::string security_severity(Severity severity, double cvss_score);

/// The alert's title is its first sentence: image, vulnerability, package. Then what to do, or by whom it is accepted.
std::string sarif_message(const FindingRow& row);

// Texts of the rule that these findings share: one vulnerability, in one or more packages; the most severe one first.
std::string rule_short_description(const std::vector<const Finding*>& findings);
std::string rule_description(const std::vector<const Finding*>& findings);
std::string rule_help(const std::string& description, const std::string& link);  ///< no link: empty
std::string rule_help_markdown(const std::vector<const Finding*>& findings);
