// A run as data: out/verdict.json for programs and out/findings.csv for a spreadsheet.
#pragma once

#include <string>

#include "report/run.h"

/// Outcome, heading, counts, and per image its outcome, digest, counts and file names, and what it changes; flags for
/// stand-ins and sample data.
std::string render_verdict_summary_json(const Run& run);

/// A row of headings, then one row for each finding of each image. A spreadsheet takes none of it for a formula.
std::string render_findings_csv(const Run& run);
