// What stands above every report: the one sentence about a run, its numbers and warnings, and what a maintainer has to
// do now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/rows.h"
#include "report/run.h"

Counts count_findings(const Run& run);  ///< as many as gather_findings has rows

/// What limits the verdicts without making them unknown, each once, with the images that it is about where these are
/// not all: shown right below the heading, in every output.
std::vector<std::string> warnings_of(const Run& run);

/// "3 findings in 2 of 4 images are pre-existing: the published images have them too"; nothing if none is.
std::optional<std::string> render_pre_existing_count(const Run& run);

/// "3 findings block 2 of 4 images"; nothing if none does.
std::optional<std::string> render_blocking_count(const Run& run);

/// What the findings' numbers are about: "Python 1.0.0", or "The images" where there is no JOB.env.
std::string render_subject(const Run& run);

/// The one line a person can forward: "Python 1.0.0 may not ship: 3 findings block 2 of 4 images". Plain text; no
/// mark-up, no colour.
std::string render_heading(const Run& run);

struct ToDo {
    std::string text;     ///< what to do
    std::string because;  ///< what for: "fixes 2 findings in 3 images"
    Place at{};
};

/// One entry per thing to do: verdicts that are unknown, warnings about them, what is known to be exploited, failed
/// checks of the contract, remedies for what blocks (the one that fixes most first), pre-existing findings, a
/// publication that failed, warnings about the policy. Empty: nothing to do.
std::vector<ToDo> make_todo(const Run& run, const std::vector<FindingRow>& rows);
