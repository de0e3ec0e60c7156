// out/findings.csv: the merged list of all images, for a spreadsheet (RFC 4180).
#pragma once

#include <string>

#include "report/run.h"

/// A row of headings, then one row for each finding of each image. A spreadsheet takes none of it for a formula.
std::string render_findings_csv(const Run& run);
