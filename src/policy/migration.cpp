#include "policy/migration.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/yaml_file.h"
#include "policy/policy.h"

namespace {

using Lines = std::vector<std::string>;

constexpr const char* exceptions = "exceptions";

std::string text_of_lines(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

// What several files say -------------------------------------------------------------------------------------------

/// Of each condition neither says anything, or both the same.
bool is_about_the_same(const Waiver& a, const Waiver& b) {
    const auto agrees = [](const auto& x, const auto& y) { return x.empty() || y.empty() || x == y; };
    return a.id == b.id && agrees(a.package, b.package) && agrees(a.package_version, b.package_version) &&
           agrees(a.paths, b.paths);
}

/// What both accept: no more than each of them, and no longer.
void join(Waiver& all, const Waiver& more) {
    if (all.package.empty()) all.package = more.package;
    if (all.package_version.empty()) all.package_version = more.package_version;
    if (all.paths.empty()) all.paths = more.paths;
    if (!all.review_by || (more.review_by && *more.review_by < *all.review_by)) all.review_by = more.review_by;
    if (all.reason.empty())
        all.reason = more.reason;
    else if (!more.reason.empty() && more.reason != all.reason)
        all.reason += "; " + more.reason;
}

/// True if the policy accepts everything that the entry accepts.
bool is_accepted(const std::vector<Waiver>& policy, const Waiver& entry) {
    return std::ranges::any_of(policy, [&](const Waiver& own) {
        const bool named = own.id == entry.id || std::ranges::find(own.aliases, entry.id) != own.aliases.end();
        return named && own.targets.empty() && own.line == 0 && (own.package.empty() || own.package == entry.package) &&
               (own.package_version.empty() || own.package_version == entry.package_version) &&
               (own.paths.empty() || own.paths == entry.paths);
    });
}

// The rest of a file ----------------------------------------------------------------------------------------------

/// Without the keys whose lists are empty now.
Lines without_empty_lists(const IgnoreFile& file, Lines lines) {
    const YAML::Node root = parse_yaml(text_of_lines(lines), file.name);
    if (!root.IsMap()) return lines;
    std::set<std::size_t> empty;
    for (const auto& entry : root) {
        if (entry.second.IsNull() || (entry.second.IsSequence() && entry.second.size() == 0))
            empty.insert(static_cast<std::size_t>(entry.first.Mark().line));
    }
    for (auto line = empty.rbegin(); line != empty.rend(); ++line)
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(*line));
    return lines;
}

/// The file without the lines of the entries that can be moved. Nothing if no line of it can be taken out, because
/// entries stand in brackets or share one.
std::optional<std::string> without_moved(const IgnoreFile& file, const std::vector<IgnoreEntry>& entries) {
    std::set<int> moved;
    std::size_t kept = 0;
    for (const IgnoreEntry& entry : entries) {
        if (!entry.obstacle.empty()) ++kept;
        for (int line = entry.waiver.at.line; entry.obstacle.empty() && line <= entry.last_line; ++line)
            moved.insert(line);
    }
    if (kept == 0) {
        static const Lines lists = {"ignore", "vulnerabilities", "secrets", "misconfigurations", "licenses"};
        const YAML::Node root = file.name == ".trivyignore" ? YAML::Node() : parse_yaml(file.text, file.name);
        const auto is_list = [](const auto& entry) {
            return std::ranges::find(lists, entry.first.Scalar()) != lists.end();
        };
        if (root.IsNull() || (root.IsMap() && std::all_of(root.begin(), root.end(), is_list))) return "";
    }
    Lines left;
    int number = 0;
    for (const std::string& line : lines_of(file.text)) {
        if (!moved.contains(++number)) left.push_back(line);
    }
    try {
        if (file.name != ".trivyignore" && !moved.empty()) left = without_empty_lists(file, std::move(left));
        const bool is_empty = std::ranges::all_of(
            left, [](const std::string& line) { return trimmed(line).empty() || trimmed(line).starts_with('#'); });
        if (kept == 0 && is_empty) return "";
        if (parse_ignore_file({file.name, text_of_lines(left)}).size() == kept) return text_of_lines(left);
    } catch (const Error&) {  // brackets that nothing closes any more
    }
    return std::nullopt;
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
        const auto key = std::find_if(root.begin(), root.end(),
                                      [](const auto& entry) { return entry.first.Scalar() == exceptions; });
        const auto line = lines.begin() + key->first.Mark().line;
        *line = std::string(exceptions) + ":";
        const Lines added = indented(entries, 2);
        lines.insert(line + 1, added.begin(), added.end());
        return text_of_lines(lines);
    }
    const Lines added = indented(entries, indentation_of(list, lines));
    lines.insert(lines.begin() + last_line_of(root, list, lines), added.begin(), added.end());
    return text_of_lines(lines);
}

std::vector<Waiver> exceptions_of(const std::string& text, const std::string& file) {
    Problems warnings;  // reported where the policy is read
    return parse_policy(text, file, warnings).waivers;
}

/// What a person wrote may stand in ways that lines cannot be added to: then the outcome is not what it should be.
bool holds(const std::string& text, const std::string& file, std::size_t count) {
    try {
        return exceptions_of(text, file).size() == count;
    } catch (const Error&) {
        return false;
    }
}

/// What is moved, and what becomes of the files.
struct Move {
    std::vector<Waiver> accepted;  ///< to be added to the policy
    std::vector<IgnoreFile> files;
    Problems problems;
};

void move_file(const IgnoreFile& file, Move& move) {
    const std::vector<IgnoreEntry> entries = parse_ignore_file(file);
    const std::optional<std::string> rest = without_moved(file, entries);
    for (const IgnoreEntry& entry : entries) {
        if (!entry.obstacle.empty()) {
            const std::string what = entry.waiver.id.empty() ? "this" : entry.waiver.id;
            move.problems.push_back({entry.waiver.at, what + " cannot be moved: " + entry.obstacle,
                                     "write what it is meant for as an exception of the policy, by hand"});
        } else if (rest) {
            const auto same = std::ranges::find_if(
                move.accepted, [&](const Waiver& other) { return is_about_the_same(other, entry.waiver); });
            if (same == move.accepted.end())
                move.accepted.push_back(entry.waiver);
            else
                join(*same, entry.waiver);
        }
    }
    if (!rest)
        move.problems.push_back({{file.name, 1},
                                 "nothing was moved: its entries stand in brackets, or share their lines",
                                 "begin each entry with a dash, on lines of its own"});
    move.files.push_back({file.name, rest.value_or(file.text)});
}

bool sets_up_only(const IgnoreFile& file) {
    return file.name.starts_with(".grype") && parse_ignore_file(file).empty();
}

}  // namespace

Problems check_ignore_files(const std::vector<IgnoreFile>& files, const std::string& policy_name) {
    Problems problems;
    for (const IgnoreFile& file : files) {
        try {
            if (sets_up_only(file)) continue;
            Move move;
            move_file(file, move);
            append(problems, move.problems);
        } catch (const Error& error) {  // all files are reported at once
            append(problems, error.problems);
        }
        problems.push_back({{file.name, 1},
                            "is no longer applied: risks are accepted in " + policy_name + " only",
                            "check --fix moves it into " + policy_name});
    }
    return sorted_by_place(problems);
}

Migration migrate_ignore_files(const std::string& policy, const std::string& policy_name,
                               const std::vector<IgnoreFile>& files, Date today) {
    Move move;
    for (const IgnoreFile& file : files) {
        if (sets_up_only(file))
            move.files.push_back(file);
        else
            move_file(file, move);
    }
    const std::vector<Waiver> own = exceptions_of(policy, policy_name);
    std::erase_if(move.accepted, [&](const Waiver& entry) { return is_accepted(own, entry); });
    std::string entries;
    for (const Waiver& entry : move.accepted) entries += render_moved_waiver(entry, today);
    const std::string with = entries.empty() ? policy : add_to_policy(policy, policy_name, entries);
    if (holds(with, policy_name, own.size() + move.accepted.size())) return {with, move.files, move.problems};
    move.problems.push_back({{policy_name, 0},
                             "the entries of the scanners' files cannot be added to the exceptions as they are written",
                             "write the exceptions as a list, each on lines of its own that begin with a dash"});
    return {policy, files, move.problems};
}
