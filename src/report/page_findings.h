// The page's table of findings, for two or for ten thousand.
#pragma once

#include <string>
#include <vector>

#include "report/page_parts.h"
#include "report/rows.h"

PageSection finding_section(const Run& run, const std::vector<FindingRow>& rows);

/// The rows that finding_section has no place for, for the page's script; empty if there are none.
std::string render_rest(const Run& run, const std::vector<FindingRow>& rows);
