// The page's two bar charts of findings: by severity and by what fixes them.
#pragma once

#include <vector>

#include "report/page_parts.h"
#include "report/rows.h"

PageSection chart_section(const std::vector<FindingRow>& rows);
