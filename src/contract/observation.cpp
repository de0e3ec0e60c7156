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
    constexpr std::size_t shown = 5;
    if (names.size() <= shown) return joined(names, ", ");
    const std::vector<std::string> first(names.begin(), names.begin() + shown);
    return fmt::format("{} and {} more", joined(first, ", "), names.size() - shown);
}

Observation expect_none(const std::vector<std::string>& found) {
    return {found.empty(), "none", found.empty() ? "none" : render_some(found)};
}

ProbeAnswer answer_of(const ContainerRun& run, const std::string& probe) {
    const auto found = run.answers.find(probe);
    return found == run.answers.end() ? ProbeAnswer{.values = {}, .error = render_run(run)} : found->second;
}

Observation expect_values(const ContainerRun& run, const std::string& probe, const std::vector<std::string>& expected) {
    const ProbeAnswer answer = answer_of(run, probe);
    if (!answer.error.empty()) return {false, joined(expected, ", "), answer.error};
    return {answer.values == expected, joined(expected, ", "), joined(answer.values, ", ")};
}

Observation expect_success(const ContainerRun& run, const std::string& probe, const std::string& expected) {
    const ProbeAnswer answer = answer_of(run, probe);
    return {answer.error.empty(), expected, answer.error.empty() ? joined(answer.values, ", ") : answer.error};
}
