#include "plan/runners.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace {

bool is_label(std::string_view text) {
    return !text.empty() && text.find_first_of(" \t\r\n[]{}\"") == std::string_view::npos;
}

std::optional<std::vector<std::string>> parse_labels(const Json& value) {
    std::vector<std::string> labels;
    if (value.IsString()) {
        labels.emplace_back(value.GetString());
    } else if (value.IsArray()) {
        for (const Json& one : value.GetArray()) labels.emplace_back(one.IsString() ? one.GetString() : "");
    }
    const bool good = !labels.empty() && std::all_of(labels.begin(), labels.end(), is_label);
    return good ? std::optional(labels) : std::nullopt;
}

std::optional<Runner> parse_group(const Json& object) {
    Runner runner;
    for (const auto& [key, value] : object.GetObject()) {
        const std::string name = key.GetString();
        if (name == "group" && value.IsString()) {
            runner.group = value.GetString();
        } else if (const auto labels = parse_labels(value); name == "labels" && labels) {
            runner.labels = *labels;
        } else {
            return std::nullopt;
        }
    }
    return runner.group.empty() ? std::nullopt : std::optional(runner);
}

}  // namespace

std::optional<Runner> parse_runner(std::string_view text) {
    const std::string_view word = trimmed(text);
    if (is_label(word)) return Runner{.labels = {std::string(word)}};
    rapidjson::Document json;
    json.Parse<rapidjson::kParseIterativeFlag>(word.data(), word.size());
    if (json.HasParseError()) return std::nullopt;
    if (json.IsObject()) return parse_group(json);
    const auto labels = json.IsArray() ? parse_labels(json) : std::nullopt;
    return labels ? std::optional(Runner{.labels = *labels}) : std::nullopt;
}

std::vector<std::string> split_runners(std::string_view text) {
    std::vector<std::string> entries;
    std::string entry;
    int depth = 0;
    for (const char c : std::string(text) + ",") {
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (depth > 0 || (c != ',' && c != '\n')) {
            entry += c;
            continue;
        }
        if (const std::string_view whole = trimmed(entry); !whole.empty()) entries.emplace_back(whole);
        entry.clear();
    }
    return entries;
}
