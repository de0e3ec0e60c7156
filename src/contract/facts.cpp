#include "contract/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

ImageConfig parse_image_config(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    const bool inspected = root.IsObject() && root.HasMember("Config");  // the engine's spelling
    const Json& config = member(root, inspected ? "Config" : "config");
    ImageConfig image;
    image.user = text_at(config, "User");
    image.working_directory = text_at(config, "WorkingDir");
    image.entrypoint = texts_at(config, "Entrypoint");
    for (const std::string& setting : texts_at(config, "Env")) {
        const std::size_t equals = setting.find('=');
        if (equals != std::string::npos) image.environment[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    const Json& labels = member(config, "Labels");
    if (labels.IsObject()) {
        for (const auto& label : labels.GetObject()) image.labels[label.name.GetString()] = text_of(label.value);
    }
    constexpr std::pair<const char*, const char*> settings[] = {
        {"OnBuild", "ONBUILD"}, {"Volumes", "VOLUME"}, {"Healthcheck", "HEALTHCHECK"}, {"ExposedPorts", "EXPOSE"}};
    for (const auto& [key, instruction] : settings) {
        const Json& value = member(config, key);
        if ((value.IsObject() && value.MemberCount() > 0) || !items_of(value).Empty())
            image.inherited.emplace_back(instruction);
    }
    image.architecture = text_at(root, inspected ? "Architecture" : "architecture");
    const Json& layers =
        inspected ? member(member(root, "RootFS"), "Layers") : member(member(root, "rootfs"), "diff_ids");
    image.layers = items_of(layers).Size();
    return image;
}

std::map<std::string, ProbeAnswer> parse_answers(std::string_view output) {
    std::map<std::string, ProbeAnswer> answers;
    for (const std::string& line : lines_of(output)) {
        const rapidjson::Document said = parse_json_or_null(line);
        const std::string probe = text_at(said, "probe");
        if (!probe.empty()) answers[probe] = {.values = texts_at(said, "values"), .error = text_at(said, "error")};
    }
    return answers;
}

Observation compare(const std::string& expected, const std::string& found) {
    return {expected == found, expected, found.empty() ? "nothing" : found};
}

Observation expect_none(const std::vector<std::string>& found, const std::string& expected) {
    return {found.empty(), expected, found.empty() ? expected : joined_some(found, 5)};
}

ProbeAnswer answer_of(const ContainerRun& run, const std::string& probe) {
    if (const auto found = run.answers.find(probe); found != run.answers.end()) return found->second;
    if (!run.failure.empty()) return {.error = run.failure};
    const std::string ended = fmt::format("the container ended with exit code {} before", run.exit_code);
    return {.error = run.last_line.empty() ? ended : ended + ": " + run.last_line};
}

Observe probe_shows(const std::string& probe, const std::string& expected,
                    const std::function<bool(const std::vector<std::string>&)>& passes, ContainerRun ImageFacts::*run) {
    return [=](const ImageFacts& facts, const Limits&) -> Observation {
        const ProbeAnswer answer = answer_of(facts.*run, probe);
        if (!answer.error.empty()) return {false, expected, answer.error};
        return {passes(answer.values), expected, joined(answer.values, ", ")};
    };
}

Observe probe_answers(const std::string& probe, const std::vector<std::string>& expected,
                      ContainerRun ImageFacts::*run) {
    return probe_shows(
        probe, joined(expected, ", "), [=](const auto& values) { return values == expected; }, run);
}

Observe probe_succeeds(const std::string& probe, const std::string& expected) {
    return probe_shows(probe, expected, [](const auto&) { return true; });
}

Observe probe_finds_all(const std::string& probe, const std::string& expected) {
    return probe_shows(probe, expected, [](const std::vector<std::string>& values) {
        return !values.empty() && std::ranges::none_of(values, [](const auto& v) { return v.ends_with("=None"); });
    });
}

Observe probe_finds_none(const std::string& probe, ContainerRun ImageFacts::*run) {
    return [=](const ImageFacts& facts, const Limits&) -> Observation {
        const ProbeAnswer answer = answer_of(facts.*run, probe);
        return answer.error.empty() ? expect_none(answer.values) : Observation{false, "none", answer.error};
    };
}
