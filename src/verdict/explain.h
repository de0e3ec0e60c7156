// What this run knows about one vulnerability: the answer for a service team that asks about a CVE.
#pragma once

#include <string>
#include <vector>

#include "verdict/verdict.h"

enum class Answer { blocks, below_gate, waived, left_out, not_found, not_known };

/// The answer about one image. `not_known`: the scan does not count, so absence proves nothing.
struct Explanation {
    std::string image;  ///< "3.13.3-production-linux-amd64"
    Answer answer = Answer::not_known;
    std::string text;  ///< a sentence: what, in which package and layer, by whom accepted, or where it was looked for
};

/// One explanation for each finding that has this id, as its own or as an alias or an advisory, in any case of letters;
/// and one for each image without any.
std::vector<Explanation> explain(const std::vector<Verdict>& verdicts, const std::string& id);

/// For a terminal: the id, then a line for each explanation.
std::string render_explanations(const std::string& id, const std::vector<Explanation>& explanations);
