#include "policy/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/yaml_file.h"
#include "findings/names.h"
#include "policy/policy.h"

namespace {

using Lines = std::vector<std::string>;

/// The lists of entries that Grype's file has, and those of Trivy's.
const std::vector<std::string> sections = {"ignore", "vulnerabilities", "secrets", "misconfigurations", "licenses"};

/// One entry, as the policy would say it.
struct IgnoreEntry {
    Waiver waiver{};
    int last_line = 0;       ///< it begins at waiver.at.line
    std::string obstacle{};  ///< why the policy cannot say it; empty if it can
};

/// What hides findings, and belongs to no entry.
IgnoreEntry obstacle_at(const Place& at, const std::string& obstacle) {
    return {.waiver = {.at = at}, .last_line = at.line, .obstacle = obstacle};
}

void read_expiry(const std::string& text, const std::string& example, IgnoreEntry& entry) {
    const std::optional<Time> time = parse_time(text);
    const std::optional<Date> date = time ? std::optional(day_of(*time)) : parse_date(text);
    // Both scanners end an entry at the beginning of the day that they name; ours holds through its last day.
    if (date)
        entry.waiver.review_by = *date - std::chrono::days(1);
    else
        entry.obstacle = fmt::format("\"{}\" is not a day; write it as {}", text, example);
}

// .trivyignore: an id a line, fields between blanks, the first "exp:" among them. For Trivy a # begins a comment only
// where the line does; what people write behind another one is the reason all the same.

IgnoreEntry read_line(const std::string& line, const std::string& comment_above, const Place& at) {
    IgnoreEntry entry;
    entry.waiver.at = at;
    entry.last_line = at.line;
    const std::size_t hash = line.find('#');
    entry.waiver.reason = hash == std::string::npos ? comment_above : std::string(trimmed(line.substr(hash + 1)));
    const std::vector<std::string> fields = fields_of(line, ' ');
    entry.waiver.id = fields.front();
    const auto end = std::ranges::find_if(fields, [](const std::string& field) { return field.starts_with("exp:"); });
    if (end != fields.end()) read_expiry(end->substr(4), "exp:2026-12-31", entry);
    if (entry.waiver.id.find(":exp:") != std::string::npos)
        entry.obstacle = "there has to be a blank before exp:, so trivy does not ignore it either";
    if (!std::ranges::all_of(entry.waiver.id, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; }))
        entry.obstacle = "there is an invisible or foreign character in the id, so trivy does not ignore it either";
    return entry;
}

std::vector<IgnoreEntry> parse_lines(const IgnoreFile& file) {
    std::vector<IgnoreEntry> entries;
    std::string comment_above;
    Place at{file.name, 0};
    for (std::string& line : lines_of(file.text)) {
        ++at.line;
        std::ranges::replace_if(
            line, [](char c) { return c == '\t' || c == '\v' || c == '\f'; }, ' ');
        const std::string_view content = trimmed(line);
        if (content.empty() || content.starts_with('#')) {
            comment_above = content.empty() ? "" : std::string(trimmed(content.substr(1)));
        } else {
            entries.push_back(read_line(std::string(content), comment_above, at));
        }
    }
    return entries;
}

// Files of YAML ---------------------------------------------------------------------------------------------------

/// The policy's globs know ** and * and ?. The scanners' paths have no leading slash, ours do; what begins with ** fits
/// both. Within a segment two of their stars are one.
std::string policy_path(const std::string& path) {
    std::string moved;
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t end = std::min(path.find('/', from), path.size());
        std::string segment = path.substr(from, end - from);
        const bool any_path = segment == "**";
        while (!any_path && segment.find("**") != std::string::npos) segment.erase(segment.find("**"), 1);
        moved += (from == 0 ? "" : "/") + segment;
        from = end + 1;
    }
    return moved.starts_with("**") ? moved : rooted(moved);
}

void read_path(const std::string& path, IgnoreEntry& entry) {
    if (path.find_first_of("[]{}\\") != std::string::npos)
        entry.obstacle = fmt::format("a path of the policy has no brackets, braces or backslashes: {}", path);
    entry.waiver.paths.push_back(policy_path(path));
}

/// A package URL that names a package and perhaps its version.
void read_purl(const std::string& text, IgnoreEntry& entry) {
    const std::optional<PackageUrl> url = parse_purl(text);
    const bool plain = url && !url->is_narrowed &&
                       (url->name_space.empty() || url->type == "deb" || url->type == "apk" || url->type == "rpm");
    if (!plain) entry.obstacle = fmt::format("the policy cannot say \"purls\": {}", text);
    if (!plain) return;
    entry.waiver.package = url->name;
    entry.waiver.package_version = url->version;
}

/// Keys that narrow an entry and that the policy does not have: without them it would accept more.
void check_keys(const YAML::Node& node, const std::vector<std::string>& keys, IgnoreEntry& entry) {
    for (const std::string& key : keys) {
        const YAML::Node value = value_at(node, key);
        if (value.IsDefined() && !value.IsNull()) entry.obstacle = fmt::format("the policy cannot say \"{}\"", key);
    }
}

IgnoreEntry read_trivy_entry(YamlFile& yaml, const YAML::Node& node, const std::string& section) {
    IgnoreEntry entry;
    entry.waiver.id = text_in(yaml, node, "id");
    entry.waiver.reason = text_in(yaml, node, "statement");
    if (const std::string day = text_in(yaml, node, "expired_at"); !day.empty()) read_expiry(day, "2026-12-31", entry);
    for (const std::string& path : texts_in(yaml, node, "paths")) read_path(path, entry);
    const std::vector<std::string> purls = texts_in(yaml, node, "purls");
    for (const std::string& purl : purls) read_purl(purl, entry);
    if (purls.size() > 1) entry.obstacle = "the policy names one component an entry: write one for each of \"purls\"";
    if (section != "vulnerabilities" && section != "secrets")
        entry.obstacle = section + " are not judged here: remove the entry";
    return entry;
}

IgnoreEntry read_grype_rule(YamlFile& yaml, const YAML::Node& node) {
    IgnoreEntry entry;
    entry.waiver.id = text_in(yaml, node, "vulnerability");
    entry.waiver.reason = text_in(yaml, node, "reason");
    const YAML::Node package = value_at(node, "package");
    const std::string name = text_in(yaml, package, "name");
    const std::string source = text_in(yaml, package, "upstream-name");
    entry.waiver.package = name.empty() ? source : name;
    entry.waiver.package_version = text_in(yaml, package, "version");
    if (const std::string path = text_in(yaml, package, "location"); !path.empty()) read_path(path, entry);
    check_keys(package, {"type", "language"}, entry);
    check_keys(node, {"namespace", "fix-state", "match-type", "vex-status", "vex-justification"}, entry);
    if (!name.empty() && !source.empty()) entry.obstacle = "the policy cannot say \"upstream-name\" beside \"name\"";
    if (entry.waiver.package.find_first_of("^$*+?[](){}|\\") != std::string::npos)
        entry.obstacle = fmt::format("the policy has no patterns for names: {}", entry.waiver.package);
    if (!entry.waiver.package_version.empty() && entry.waiver.package.empty())
        entry.obstacle = "the policy cannot say \"version\" without a name";
    return entry;
}

void read_list(YamlFile& yaml, const YAML::Node& root, const std::string& section,
               const std::vector<std::string>& lines, std::vector<IgnoreEntry>& entries) {
    const std::vector<YAML::Node> nodes = items_in(yaml, root, section);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        IgnoreEntry entry =
            section == "ignore" ? read_grype_rule(yaml, nodes[i]) : read_trivy_entry(yaml, nodes[i], section);
        entry.waiver.at = yaml.at(nodes[i]);
        entry.last_line =
            i + 1 < nodes.size() ? nodes[i + 1].Mark().line : last_line_of(root, value_at(root, section), lines);
        entry.last_line = std::max(entry.last_line, entry.waiver.at.line);
        if (entry.waiver.id.empty()) entry.obstacle = "it names no vulnerability";
        entries.push_back(std::move(entry));
    }
}

std::vector<IgnoreEntry> parse_yaml_file(const IgnoreFile& file, bool of_grype) {
    const YAML::Node root = parse_yaml(file.text, file.name);
    YamlFile yaml{file.name, {}};
    std::vector<IgnoreEntry> entries;
    const Lines lines = lines_of(file.text);
    for (const std::string& section : sections) read_list(yaml, root, section, lines, entries);
    for (const char* key : {"exclude", "only-fixed", "only-notfixed", "ignore-wontfix", "vex-documents"}) {
        const YAML::Node value = value_at(root, key);
        if (!of_grype || !value.IsDefined() || value.IsNull() || (value.IsScalar() && value.Scalar() == "false"))
            continue;
        entries.push_back(obstacle_at(yaml.at(value),
                                      fmt::format("\"{}\" hides findings, which the policy does not: remove it", key)));
    }
    if (has_errors(yaml.problems)) throw Error{Exit::bad_input, sorted_by_place(yaml.problems)};
    return entries;
}

/// The entries of a file, with what else in it hides findings. Throws Error{bad_input} for what is not YAML.
std::vector<IgnoreEntry> parse_ignore_file(const IgnoreFile& file) {
    if (file.name == ".trivyignore") return parse_lines(file);
    if (!file.name.ends_with(".toml")) return parse_yaml_file(file, file.name.starts_with(".grype"));
    return {
        obstacle_at({file.name, 1}, "TOML is not read here: write its ignore rules as exceptions, then remove them")};
}

constexpr const char* exceptions = "exceptions";

std::string text_of_lines(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

// What several files say -------------------------------------------------------------------------------------------

/// True if, for each condition, one of the two has none or both have the same.
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
        const YAML::Node root = file.name == ".trivyignore" ? YAML::Node() : parse_yaml(file.text, file.name);
        const auto is_section = [](const auto& entry) {
            return std::ranges::find(sections, entry.first.Scalar()) != sections.end();
        };
        if (root.IsNull() || (root.IsMap() && std::all_of(root.begin(), root.end(), is_section))) return "";
    }
    Lines left;
    int number = 0;
    for (const std::string& line : lines_of(file.text)) {
        if (!moved.contains(++number)) left.push_back(line);
    }
    try {
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

/// How far the dashes of the list are indented.
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

/// Adds what can be moved to `accepted`, and what becomes of the file to `migration`.
void move_file(const IgnoreFile& file, std::vector<Waiver>& accepted, Migration& migration) {
    const std::vector<IgnoreEntry> entries = parse_ignore_file(file);
    const std::optional<std::string> rest = without_moved(file, entries);
    for (const IgnoreEntry& entry : entries) {
        if (!entry.obstacle.empty()) {
            const std::string what = entry.waiver.id.empty() ? "this" : entry.waiver.id;
            migration.problems.push_back({entry.waiver.at, what + " cannot be moved: " + entry.obstacle,
                                          "write what it is meant for as an exception of the policy, by hand"});
        } else if (rest) {
            const auto same = std::ranges::find_if(
                accepted, [&](const Waiver& other) { return is_about_the_same(other, entry.waiver); });
            if (same == accepted.end())
                accepted.push_back(entry.waiver);
            else
                join(*same, entry.waiver);
        }
    }
    if (!rest)
        migration.problems.push_back({{file.name, 1},
                                      "nothing was moved: its entries stand in brackets, or share their lines",
                                      "begin each entry with a dash, on lines of its own"});
    migration.files.push_back({file.name, rest.value_or(file.text)});
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
            std::vector<Waiver> accepted;  // is moved by check --fix only
            Migration migration;
            move_file(file, accepted, migration);
            append(problems, migration.problems);
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
    std::vector<Waiver> accepted;
    Migration migration{policy, {}, {}};
    for (const IgnoreFile& file : files) {
        if (sets_up_only(file))
            migration.files.push_back(file);
        else
            move_file(file, accepted, migration);
    }
    const std::vector<Waiver> own = exceptions_of(policy, policy_name);
    std::erase_if(accepted, [&](const Waiver& entry) { return is_accepted(own, entry); });
    if (accepted.empty()) return migration;
    std::string entries;
    for (const Waiver& entry : accepted) entries += render_moved_waiver(entry, today);
    migration.policy = add_to_policy(policy, policy_name, entries);
    // What a person wrote may stand in ways that lines cannot be added to: then the outcome is not what it should be.
    std::size_t count = 0;
    failure_of([&] { count = exceptions_of(migration.policy, policy_name).size(); });
    if (count == own.size() + accepted.size()) return migration;
    add(migration.problems, {policy_name},
        "the entries of the scanners' files cannot be added to the exceptions as they are written",
        "write the exceptions as a list, each on lines of its own that begin with a dash");
    return {policy, files, migration.problems};
}
