#include "base/yaml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace {

constexpr std::size_t most_bytes = 1U << 20U;

std::string scalar_of(const YAML::Node& node) {
    return node.IsScalar() ? node.Scalar() : std::string();
}

std::string did_you_mean(const std::string& key, const std::vector<std::string>& known) {
    const std::string near = nearest_word(key, known);
    return near.empty() ? "known are: " + joined(known, ", ") : "did you mean \"" + near + "\"?";
}

bool is_given(const YAML::Node& node) {
    return node.IsDefined() && !node.IsNull();
}

}  // namespace

Place YamlFile::at(const YAML::Node& node) const {
    if (!node.IsDefined()) return {file, 0};
    return {file, node.Mark().line + 1};
}

void YamlFile::add(const YAML::Node& node, const std::string& what, const std::string& hint, Level level) {
    problems.push_back({at(node), what, hint, level});
}

YAML::Node parse_yaml(std::string_view text, const std::string& file) {
    const auto refuse = [&](int line, const std::string& what, const std::string& hint) {
        throw Error{Exit::bad_input, Place{file, line}, what, hint};
    };
    if (text.size() > most_bytes) refuse(0, "is larger than 1 MiB", "nothing that a person writes is");
    const std::size_t nul = text.find('\0');
    if (nul != std::string_view::npos) refuse(line_at(text, nul), "a NUL character", "remove it");
    std::vector<YAML::Node> documents;
    try {
        documents = YAML::LoadAll(std::string(text));
    } catch (const YAML::Exception& error) {
        refuse(error.mark.is_null() ? 0 : error.mark.line + 1, "is not YAML: " + error.msg,
               "check the indentation and the quotation marks around here");
    }
    if (documents.size() > 1) refuse(documents[1].Mark().line + 1, "a second document begins", "remove the ---");
    return documents.empty() ? YAML::Node() : documents[0];
}

bool check_map(YamlFile& yaml, const YAML::Node& node, const std::string& what, const std::vector<std::string>& known) {
    if (!node.IsMap()) {
        yaml.add(node, what + " is not a map", "write it as KEY: VALUE lines; known are: " + joined(known, ", "));
        return false;
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
        const std::string key = scalar_of(entry.first);
        if (!seen.insert(key).second) {
            yaml.add(entry.first, fmt::format("\"{}\" is given twice in {}", key, what), "keep one of the two");
        } else if (std::ranges::find(known, key) == known.end()) {
            yaml.add(entry.first, fmt::format("\"{}\" is not a key of {}", key, what), did_you_mean(key, known));
        }
    }
    return true;
}

YAML::Node value_at(const YAML::Node& map, const std::string& key) {
    if (map.IsMap()) {
        for (const auto& entry : map) {
            if (scalar_of(entry.first) == key) return entry.second;
        }
    }
    return YAML::Node(YAML::NodeType::Undefined);
}

std::string text_in(YamlFile& yaml, const YAML::Node& map, const std::string& key) {
    const YAML::Node value = value_at(map, key);
    if (!is_given(value)) return "";
    if (!value.IsScalar()) yaml.add(value, fmt::format("\"{}\" is not a text", key), "write one value after the colon");
    return scalar_of(value);
}

std::string required_text_in(YamlFile& yaml, const YAML::Node& map, const std::string& key, const std::string& hint) {
    const YAML::Node value = value_at(map, key);
    const std::string text = std::string(trimmed(text_in(yaml, map, key)));
    if (text.empty() && (!is_given(value) || value.IsScalar())) {
        yaml.add(value.IsDefined() ? value : map, fmt::format("\"{}\" is missing", key), hint);
    }
    return text;
}

std::vector<YAML::Node> items_in(YamlFile& yaml, const YAML::Node& map, const std::string& key) {
    const YAML::Node value = value_at(map, key);
    std::vector<YAML::Node> items;
    if (!is_given(value)) return items;
    if (!value.IsSequence()) {
        yaml.add(value, fmt::format("\"{}\" is not a list", key), "begin each of its entries with a dash");
        return items;
    }
    for (const auto& item : value) items.push_back(item);
    return items;
}

std::vector<std::string> texts_in(YamlFile& yaml, const YAML::Node& map, const std::string& key) {
    std::vector<std::string> texts;
    for (const YAML::Node& item : items_in(yaml, map, key)) {
        const std::string text = scalar_of(item);
        if (text.empty()) {
            yaml.add(item, fmt::format("an entry of \"{}\" is empty or not a text", key), "write a text or remove it");
        } else {
            texts.push_back(text);
        }
    }
    return texts;
}

std::optional<Date> date_in(YamlFile& yaml, const YAML::Node& map, const std::string& key) {
    const YAML::Node value = value_at(map, key);
    const std::string text = text_in(yaml, map, key);
    if (text.empty()) return std::nullopt;
    const std::optional<Date> date = parse_date(text);
    if (!date) yaml.add(value, fmt::format("\"{}\": \"{}\" is not a day", key, text), "write it as 2026-12-31");
    return date;
}

std::optional<std::string> choice_in(YamlFile& yaml, const YAML::Node& map, const std::string& key,
                                     const std::vector<std::string>& words) {
    const YAML::Node value = value_at(map, key);
    const std::string text = text_in(yaml, map, key);
    if (text.empty()) return std::nullopt;
    if (std::ranges::find(words, text) != words.end()) return text;
    yaml.add(value, fmt::format("\"{}\": \"{}\" is not possible", key, text), "write one of: " + joined(words, ", "));
    return std::nullopt;
}

void finish(const YamlFile& yaml, Problems& warnings) {
    if (has_errors(yaml.problems)) throw Error{Exit::bad_input, sorted_by_place(yaml.problems)};
    append(warnings, yaml.problems);
}

int last_line_of(const YAML::Node& root, const YAML::Node& value, const std::vector<std::string>& lines) {
    std::size_t end = lines.size();
    for (const auto& entry : root) {
        const auto line = static_cast<std::size_t>(entry.first.Mark().line);
        if (entry.first.Mark().pos > value.Mark().pos) end = std::min(end, line);
    }
    const auto begin = static_cast<std::size_t>(value.Mark().line) + 1;
    while (end > begin && (trimmed(lines[end - 1]).empty() || lines[end - 1].starts_with('#'))) --end;
    return static_cast<int>(std::max(end, begin));
}
