// What this run knows about one vulnerability: the answer for a service team that asks about a CVE.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "findings/inventory.h"
#include "verdict/verdict.h"

/// From the worst answer to the best.
enum class Answer { not_known, blocks, waived, below_threshold, suppressed, not_found };
std::string render_answer(Answer answer);  ///< "blocks", "waived", "not gated", "suppressed", "not found", …

/// The answer about one image. `not_known`: the scan does not count, so absence proves nothing.
struct Explanation {
    std::string image;  ///< "3.13.3-production-linux-amd64"
    Answer answer = Answer::not_known;
    std::string text;  ///< a sentence: what, in which package and layer, by whom accepted, or where it was looked for
};

/// Empty if the id has the form of one, in any case of letters, or is among what was found; else a hint, with the id
/// that was probably meant: what no scanner could have reported is not "not found".
std::string check_id(const std::string& id, const std::vector<Verdict>& verdicts);

/// One explanation for each finding that has this id, as its own or as an alias or an advisory, in any case of letters;
/// and one for each image without any. `layers`, by the verdict's name, give the instruction that added a package.
std::vector<Explanation> explain(const std::vector<Verdict>& verdicts, const std::string& id,
                                 const std::map<std::string, ImageLayers>& layers = {});

/// For a terminal: the id, then a line for each explanation.
std::string render_explanations(const std::string& id, const std::vector<Explanation>& explanations);
