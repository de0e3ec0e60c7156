// out/verdict.json: the whole run, for programs.
#pragma once

#include <string>

#include "report/run.h"

/// Outcome, heading, counts, and per image its outcome, digest, counts and file names, and what it changes; flags for
/// stand-ins and sample data.
std::string render_verdict_summary_json(const Run& run);
