// Merging without copying the reports. Within the room; finding.h has the same for everybody.
#pragma once

#include <vector>

#include "verdict/finding.h"

using ReportList = std::vector<const Report*>;

std::vector<Finding> merge_findings(const ReportList& reports);
std::vector<Finding> merge_ignored(const ReportList& reports);
