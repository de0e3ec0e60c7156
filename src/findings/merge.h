// Merging without copying the reports. Within the room; finding.h has the same for everybody.
#pragma once

#include <vector>

#include "findings/finding.h"

/// The order of every list of findings: severity first, highest on top, then id, package, path.
bool comes_first(const Finding& a, const Finding& b);

/// What the reports of one image say together.
struct MergedReports {
    std::vector<Finding> findings;
    std::vector<Finding> ignored;  ///< suppressed by a scanner's built-in rules; another one may have found it
};

/// As merge_findings; the findings are moved out of the reports.
MergedReports merge_reports(const std::vector<Report*>& reports);
