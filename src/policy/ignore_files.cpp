#include "policy/ignore_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/yaml_file.h"
#include "findings/names.h"

namespace {

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

// .trivyignore: an id a line, fields between blanks, "exp:" among them; what follows a # is a comment.

IgnoreEntry read_line(const std::string& line, const std::string& comment_above, const Place& at) {
    IgnoreEntry entry;
    entry.waiver.at = at;
    entry.last_line = at.line;
    const std::size_t hash = line.find('#');
    entry.waiver.reason = hash == std::string::npos ? comment_above : std::string(trimmed(line.substr(hash + 1)));
    std::string words = line.substr(0, hash);
    std::ranges::replace_if(
        words, [](char c) { return c == '\t' || c == '\v' || c == '\f'; }, ' ');
    const std::vector<std::string> fields = fields_of(words, ' ');
    entry.waiver.id = fields.front();
    for (const std::string& field : fields) {
        if (field.starts_with("exp:") && entry.obstacle.empty()) read_expiry(field.substr(4), "exp:2026-12-31", entry);
    }
    if (entry.waiver.id.find(":exp:") != std::string::npos)
        entry.obstacle = "there has to be a blank before exp:, so trivy does not ignore it either";
    if (!std::ranges::all_of(entry.waiver.id, [](char c) { return c > ' ' && c < '\x7f'; }))
        entry.obstacle = "there is an invisible or foreign character in the id, so trivy does not ignore it either";
    return entry;
}

std::vector<IgnoreEntry> parse_lines(const IgnoreFile& file) {
    std::vector<IgnoreEntry> entries;
    std::string comment_above;
    Place at{file.name, 0};
    for (const std::string& line : lines_of(file.text)) {
        ++at.line;
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
    const bool plain = url && url->qualifiers.empty() && url->subpath.empty() &&
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
    const std::vector<std::string> sections =
        of_grype ? std::vector<std::string>{"ignore"}
                 : std::vector<std::string>{"vulnerabilities", "secrets", "misconfigurations", "licenses"};
    const std::vector<std::string> lines = lines_of(file.text);
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

}  // namespace

std::vector<IgnoreEntry> parse_ignore_file(const IgnoreFile& file) {
    if (file.name == ".trivyignore") return parse_lines(file);
    if (!file.name.ends_with(".toml")) return parse_yaml_file(file, file.name.starts_with(".grype"));
    return {
        obstacle_at({file.name, 1}, "TOML is not read here: write its ignore rules as exceptions, then remove them")};
}
