// The step summary, out/summary.md: Markdown for people who open the run.
#pragma once

#include <string>

#include "report/run.h"

/// The runner drops a larger summary altogether (actions/runner, FileCommandManager.cs).
inline constexpr std::size_t max_summary_bytes = 1'048'576;

/// The heading, warnings that change everything (stand-ins, sample data), what to do, one row per image, then folded
/// details. A sentence says what was cut to stay within `max_bytes`; the heading and the table are never cut. Of what
/// to do, a dozen lines are shown. Text from feeds is sanitized.
std::string render_summary(const Run& run, std::size_t max_bytes = max_summary_bytes);

/// For the step that only publishes: what came of it, why, and the tags that were written; empty if the run had nothing
/// to publish. The step that judged reports what was found.
std::string render_publication_summary(const Run& run);

/// For the step that only tests: the rows of each image that did not pass, then folded those that did.
std::string render_contract_summary(const std::vector<ContractReport>& reports);

/// For a step that failed without a report: what is wrong, where, and what to do, one row per problem.
std::string render_problem_summary(const std::string& heading, const Problems& problems);
