// Two reports of one image become one list.
#pragma once

#include <vector>

#include "findings/finding.h"

/// What the reports of one image say together.
struct MergedReports {
    std::vector<Finding> findings;
    std::vector<Finding> ignored;  ///< suppressed by a scanner's built-in rules; another one may have found it
};

/// Joins findings by alias (transitively), package and path; they are moved out of the reports, whose order does not
/// matter. What another scanner suppressed by a built-in rule says so in `ignored_because`. Both lists are sorted:
/// severity first, highest on top, then id, package, path.
MergedReports merge_reports(const std::vector<Report*>& reports);
