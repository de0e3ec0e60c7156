// Merging without copying the reports. Within the room; finding.h has the same for everybody.
#pragma once

#include <vector>

#include "verdict/finding.h"

using ReportList = std::vector<const Report*>;

/// The order of every list of findings: severity first, highest on top, then id, package, path.
bool comes_first(const Finding& a, const Finding& b);

std::vector<Finding> merge_findings(const ReportList& reports);
std::vector<Finding> merge_ignored(const ReportList& reports);
