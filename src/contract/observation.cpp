#include "contract/observation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace {

std::string render_run(const ContainerRun& run) {
    if (!run.failure.empty()) return run.failure;
    const std::string ended = fmt::format("the container ended with exit code {} before", run.exit_code);
    return run.said.empty() ? ended : ended + ": " + run.said;
}

}  // namespace

Observation compare(const std::string& expected, const std::string& found) {
    return {expected == found, expected, found.empty() ? "nothing" : found};
}

std::string render_some(const std::vector<std::string>& names) {
    return joined_some(names, 5);
}

Observation expect_none(const std::vector<std::string>& found) {
    return {found.empty(), "none", found.empty() ? "none" : render_some(found)};
}

ProbeAnswer answer_of(const ContainerRun& run, const std::string& probe) {
    const auto found = run.answers.find(probe);
    return found == run.answers.end() ? ProbeAnswer{.error = render_run(run)} : found->second;
}

Observation expect_values(const ContainerRun& run, const std::string& probe, const std::vector<std::string>& expected) {
    const ProbeAnswer answer = answer_of(run, probe);
    if (!answer.error.empty()) return {false, joined(expected, ", "), answer.error};
    return {answer.values == expected, joined(expected, ", "), joined(answer.values, ", ")};
}

Observe probe_answers(const std::string& probe, const std::vector<std::string>& expected,
                      ContainerRun ImageFacts::*run) {
    return [=](const ImageFacts& facts, const Limits&) { return expect_values(facts.*run, probe, expected); };
}

Observe probe_succeeds(const std::string& probe, const std::string& expected) {
    return [=](const ImageFacts& facts, const Limits&) -> Observation {
        const ProbeAnswer answer = answer_of(facts.python, probe);
        return {answer.error.empty(), expected, answer.error.empty() ? joined(answer.values, ", ") : answer.error};
    };
}

Observe probe_finds_all(const std::string& probe, const std::string& expected) {
    return [=](const ImageFacts& facts, const Limits&) -> Observation {
        const ProbeAnswer answer = answer_of(facts.python, probe);
        if (!answer.error.empty()) return {false, expected, answer.error};
        const bool all = std::ranges::none_of(answer.values, [](const std::string& v) { return v.ends_with("=None"); });
        return {all && !answer.values.empty(), expected, joined(answer.values, ", ")};
    };
}

Observe probe_finds_none(const std::string& probe) {
    return [=](const ImageFacts& facts, const Limits&) -> Observation {
        const ProbeAnswer answer = answer_of(facts.python, probe);
        return answer.error.empty() ? expect_none(answer.values) : Observation{false, "none", answer.error};
    };
}
