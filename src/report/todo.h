// What a maintainer has to do now, the most useful thing first.
#pragma once

#include <string>
#include <vector>

#include "report/rows.h"

struct ToDo {
    std::string kind;     ///< "rebuild", "scan again", "contract"
    std::string text;     ///< what to do
    std::string because;  ///< what for: "fixes 2 findings in 3 images"
    Place at;
    Severity severity = Severity::unknown;  ///< the highest that it is for
};

/// One entry per thing to do: verdicts that are unknown, warnings about them, what is known to be exploited, contracts
/// that are broken, remedies for what blocks (the one that fixes most first), pre-existing findings, a publication
/// that failed, warnings about the policy. Empty: nothing to do.
std::vector<ToDo> make_todo(const Run& run, const std::vector<FindingRow>& rows);
