#include "contract/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace {

std::map<std::string, std::string> parse_environment(const Json& config) {
    std::map<std::string, std::string> environment;
    for (const std::string& setting : texts_at(config, "Env")) {
        const std::size_t equals = setting.find('=');
        if (equals != std::string::npos) environment[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return environment;
}

bool has_members(const Json& value) {
    return (value.IsObject() && value.MemberCount() > 0) || (value.IsArray() && !value.Empty());
}

std::string render_run(const ContainerRun& run) {
    if (!run.failure.empty()) return run.failure;
    const std::string ended = fmt::format("the container ended with exit code {} before", run.exit_code);
    return run.said.empty() ? ended : ended + ": " + run.said;
}

}  // namespace

ImageConfig parse_image_config(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    const bool inspected = root.IsObject() && root.HasMember("Config");  // the engine's spelling
    const Json& config = member(root, inspected ? "Config" : "config");
    ImageConfig image;
    image.user = text_at(config, "User");
    image.working_directory = text_at(config, "WorkingDir");
    image.entrypoint = texts_at(config, "Entrypoint");
    image.command = texts_at(config, "Cmd");
    image.environment = parse_environment(config);
    const Json& labels = member(config, "Labels");
    if (labels.IsObject()) {
        for (const auto& label : labels.GetObject()) image.labels[label.name.GetString()] = text_of(label.value);
    }
    image.on_build = has_members(member(config, "OnBuild"));
    image.volumes = has_members(member(config, "Volumes"));
    image.health_check = has_members(member(config, "Healthcheck"));
    image.ports = has_members(member(config, "ExposedPorts"));
    image.architecture = text_at(root, inspected ? "Architecture" : "architecture");
    const Json& layers =
        inspected ? member(member(root, "RootFS"), "Layers") : member(member(root, "rootfs"), "diff_ids");
    image.layers = items_of(layers).Size();
    return image;
}

std::map<std::string, ProbeAnswer> parse_answers(std::string_view output) {
    std::map<std::string, ProbeAnswer> answers;
    for (const std::string& line : lines_of(output)) {
        rapidjson::Document said;
        said.Parse<rapidjson::kParseIterativeFlag>(line.data(), line.size());
        if (said.HasParseError() || !said.IsObject() || text_at(said, "probe").empty()) continue;
        answers[text_at(said, "probe")] = {.values = texts_at(said, "values"), .error = text_at(said, "error")};
    }
    return answers;
}

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
