#include "verdict/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "verdict/advice.h"
#include "verdict/policy.h"
#include "verdict/yaml_file.h"

namespace {

using Lines = std::vector<std::string>;

constexpr const char* exceptions = "exceptions";

std::string text_of_lines(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

bool is_blank_or_comment(const std::string& line) {
    const std::string_view content = trimmed(line);
    return content.empty() || content.starts_with('#');
}

/// What is to be added to the policy, and how far each file has been emptied by that.
struct Migration {
    Date today;
    Problems& said;
    std::string entries = {};
    std::size_t count = 0;

    /// Adds the entry; false, and a remark, if a policy cannot say it.
    bool take(const Waiver& waiver) {
        const std::optional<std::string> entry = render_moved_waiver(waiver, today);
        if (!entry) {
            said.push_back({waiver.at, "this entry cannot be moved: the policy has no words for it",
                            "write what it is meant for as an exception of the policy, by hand", Level::warning});
            return false;
        }
        entries += *entry;
        ++count;
        return true;
    }

    /// All of them, or none.
    bool take_all(const std::vector<Waiver>& waivers) {
        const std::string entries_before = entries;
        const std::size_t count_before = count;
        bool all = true;
        for (const Waiver& waiver : waivers) all = take(waiver) && all;
        if (!all) {
            entries = entries_before;
            count = count_before;
        }
        return all;
    }
};

// The scanners' files ---------------------------------------------------------------------------------------------

std::string move_trivyignore(const std::string& text, Migration& migration) {
    Problems warnings;  // told by whoever reads the files
    std::set<int> moved;
    for (const Waiver& waiver : parse_trivyignore(text, ".trivyignore", warnings)) {
        if (migration.take(waiver)) moved.insert(waiver.at.line);
    }
    if (moved.empty()) return text;
    Lines left;
    int number = 0;
    for (const std::string& line : lines_of(text)) {
        if (!moved.contains(++number)) left.push_back(line);
    }
    return std::all_of(left.begin(), left.end(), is_blank_or_comment) ? "" : text_of_lines(left);
}

std::size_t count_items(const YAML::Node& root, const std::string& key) {
    const YAML::Node value = value_at(root, key);
    return value.IsDefined() && value.IsSequence() ? value.size() : 0;
}

std::string move_trivyignore_yaml(const std::string& text, Migration& migration) {
    const std::string file = ".trivyignore.yaml";
    Problems warnings;
    const std::vector<Waiver> waivers = parse_trivyignore_yaml(text, file, warnings);
    const YAML::Node root = parse_yaml(text, file);
    const bool holds_more = count_items(root, "misconfigurations") + count_items(root, "licenses") > 0;
    if (waivers.empty() || holds_more) return text;
    return migration.take_all(waivers) ? "" : text;
}

std::size_t line_of_key(const YAML::Node& root, const std::string& key) {
    for (const auto& entry : root) {
        if (entry.first.Scalar() == key) return static_cast<std::size_t>(entry.first.Mark().line);
    }
    return 0;
}

/// The line after the last one of what stands at this key: comments right above the next key belong to that one.
std::size_t end_of(const YAML::Node& root, const std::string& key, const Lines& lines) {
    const std::size_t begin = line_of_key(root, key);
    std::size_t end = lines.size();
    for (const auto& entry : root) {
        const auto line = static_cast<std::size_t>(entry.first.Mark().line);
        if (line > begin) end = std::min(end, line);
    }
    while (end > begin + 1 && (lines[end - 1].starts_with('#') || trimmed(lines[end - 1]).empty())) --end;
    return end;
}

std::string move_grype_yaml(const std::string& text, Migration& migration) {
    const std::string file = ".grype.yaml";
    Problems warnings;
    const std::vector<Waiver> waivers = parse_grype_yaml(text, file, warnings);
    const YAML::Node root = parse_yaml(text, file);
    if (waivers.empty() || waivers.size() != count_items(root, "ignore")) return text;
    if (!migration.take_all(waivers)) return text;
    if (root.size() == 1) return "";
    Lines lines = lines_of(text);
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(line_of_key(root, "ignore"));
    lines.erase(begin, lines.begin() + static_cast<std::ptrdiff_t>(end_of(root, "ignore", lines)));
    return text_of_lines(lines);
}

// The policy ------------------------------------------------------------------------------------------------------

Lines indented(const std::string& entries, std::size_t blanks) {
    Lines lines;
    for (const std::string& line : lines_of(entries)) lines.push_back(std::string(blanks, ' ') + line.substr(2));
    return lines;
}

/// In how many blanks the dashes of the list stand.
std::size_t indentation_of(const YAML::Node& list, const Lines& lines) {
    auto line = static_cast<std::size_t>(list.begin()->Mark().line);
    while (line > 0 && !trimmed(lines[line]).starts_with('-')) --line;
    const std::size_t dash = lines[line].find_first_not_of(' ');
    return dash == std::string::npos ? 2 : dash;
}

std::string add_to_policy(const std::string& text, const std::string& file, const std::string& entries) {
    const YAML::Node root = parse_yaml(text, file);
    Lines lines = lines_of(text);
    const YAML::Node list = value_at(root, exceptions);
    if (!list.IsDefined()) {
        if (!lines.empty() && !trimmed(lines.back()).empty()) lines.emplace_back();
        lines.push_back(std::string(exceptions) + ":");
        return text_of_lines(lines) + entries;
    }
    if (list.IsNull() || list.size() == 0) {
        const std::size_t key = line_of_key(root, exceptions);
        lines[key] = std::string(exceptions) + ":";
        const Lines added = indented(entries, 2);
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(key) + 1, added.begin(), added.end());
        return text_of_lines(lines);
    }
    const Lines added = indented(entries, indentation_of(list, lines));
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(end_of(root, exceptions, lines)), added.begin(),
                 added.end());
    return text_of_lines(lines);
}

/// How many exceptions it has; none if it is no policy.
std::optional<std::size_t> count_exceptions(const std::string& text, const std::string& file) {
    try {
        Problems warnings;
        return parse_policy(text, file, warnings).waivers.size();
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

PolicyFiles migrate_waivers(const PolicyFiles& files, const std::string& policy_name, Date today, Problems& said) {
    Migration migration{.today = today, .said = said};
    PolicyFiles moved;
    moved.trivyignore = move_trivyignore(files.trivyignore, migration);
    moved.trivyignore_yaml = move_trivyignore_yaml(files.trivyignore_yaml, migration);
    moved.grype_yaml = move_grype_yaml(files.grype_yaml, migration);
    if (migration.count == 0) return files;
    moved.policy = add_to_policy(files.policy, policy_name, migration.entries);
    // What a person wrote may stand in ways that lines cannot be added to: the outcome is held against what it should
    // be.
    const std::optional<std::size_t> before = count_exceptions(files.policy, policy_name);
    if (before && count_exceptions(moved.policy, policy_name) == *before + migration.count) return moved;
    said.push_back({{policy_name, 0},
                    "the scanners' own entries cannot be added to the exceptions as they are written here",
                    "write the exceptions as a list, each on lines of its own that begin with a dash",
                    Level::warning});
    return files;
}
