// YAML that a person wrote, read with the line of every error (yaml-cpp; its exceptions end here).
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/error.h"

/// A file that is being read, and what is wrong with it so far.
struct YamlFile {
    std::string file;
    Problems problems;

    Place at(const YAML::Node& node) const;
    void add(const YAML::Node& node, const std::string& what, const std::string& hint, Level level = Level::error);
};

/// The file's one document; a null node if it is empty. Throws Error{bad_input}, with the line, for: what is not YAML,
/// more than one document, a NUL, more than 1 MiB.
YAML::Node parse_yaml(std::string_view text, const std::string& file);

/// False, with a problem, if the node is not a map. Keys that are given twice, or are none of the `known`, become
/// problems.
bool check_map(YamlFile& yaml, const YAML::Node& node, const std::string& what, const std::vector<std::string>& known);

/// The value of a map's key; an invalid node if there is none.
YAML::Node value_at(const YAML::Node& map, const std::string& key);

/// The last line of a value of the map `root`, counted from 1: comments right above the next key belong to that one.
int last_line_of(const YAML::Node& root, const YAML::Node& value, const std::vector<std::string>& lines);

// What stands at a key. A value of another kind is a problem, and reads as absent.
std::string text_in(YamlFile& yaml, const YAML::Node& map, const std::string& key);
std::string required_text_in(YamlFile& yaml, const YAML::Node& map, const std::string& key, const std::string& hint);
std::vector<std::string> texts_in(YamlFile& yaml, const YAML::Node& map, const std::string& key);
std::vector<YAML::Node> items_in(YamlFile& yaml, const YAML::Node& map, const std::string& key);
std::optional<Date> date_in(YamlFile& yaml, const YAML::Node& map, const std::string& key);

/// One of the words, or nothing (with a problem if another one stands there).
std::optional<std::string> choice_in(YamlFile& yaml, const YAML::Node& map, const std::string& key,
                                     const std::vector<std::string>& words);

/// Throws Error{bad_input} with all problems if one of them is an error; else adds them to `warnings`.
void finish(const YamlFile& yaml, Problems& warnings);
