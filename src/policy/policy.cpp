// vulnerability-policy.yml (docs/policy.md).
#include "policy/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/yaml_file.h"
#include "findings/names.h"

namespace {

std::vector<std::string> targets_in(YamlFile& yaml, const YAML::Node& map) {
    std::vector<std::string> targets = texts_in(yaml, map, "targets");
    for (const std::string& target : targets) {
        if (target == "development" || target == "production") continue;
        yaml.add(value_at(map, "targets"), fmt::format("\"targets\": \"{}\" is not a target", target),
                 "there are: development, production");
    }
    return targets;
}

std::optional<Severity> severity_in(YamlFile& yaml, const YAML::Node& map, const std::string& key) {
    const std::string text = text_in(yaml, map, key);
    if (text.empty()) return std::nullopt;
    const std::optional<Severity> severity = parse_severity(text);
    if (!severity || *severity == Severity::unknown) {
        yaml.add(value_at(map, key), fmt::format("\"{}\": \"{}\" is not a severity", key, text),
                 "write one of: negligible, low, medium, high, critical");
    }
    return severity == Severity::unknown ? std::nullopt : severity;
}

Gate read_gate(YamlFile& yaml, const YAML::Node& node) {
    Gate gate;
    if (!check_map(yaml, node, "gate", {"severity", "only_fixed", "unknown_severity", "publish", "pull_requests"}))
        return gate;
    gate.severity = severity_in(yaml, node, "severity").value_or(gate.severity);
    gate.only_fixed = choice_in(yaml, node, "only_fixed", {"true", "false"}) != "false";
    gate.unknown_severity = severity_in(yaml, node, "unknown_severity").value_or(gate.unknown_severity);
    gate.publish_no_worse = choice_in(yaml, node, "publish", {"strict", "no-worse"}) == "no-worse";
    gate.new_only = choice_in(yaml, node, "pull_requests", {"strict", "new-only"}) == "new-only";
    return gate;
}

/// A key that narrows an entry must have a value: empty, the entry would cover everything.
void check_filled(YamlFile& yaml, const YAML::Node& map, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
        const YAML::Node value = value_at(map, key);
        if (!value.IsDefined()) continue;
        if (value.IsNull() || (value.IsScalar() && trimmed(value.Scalar()).empty()) ||
            (value.IsSequence() && value.size() == 0)) {
            yaml.add(value, fmt::format("\"{}\" is empty, which would cover everything", key),
                     "fill it in, or remove the line");
        }
    }
}

void check_scope(YamlFile& yaml, const YAML::Node& node, const Scope& scope, const Gate& gate) {
    if (scope.paths.empty() && scope.packages.empty() && scope.targets.empty()) {
        yaml.add(node, fmt::format("the scope \"{}\" names no place, so it would loosen everything", scope.id),
                 "add paths, packages or targets");
    }
    if (scope.gate_from <= gate.severity) {
        yaml.add(node,
                 fmt::format("the scope \"{}\" changes nothing: gate_from {} is not above the gate's severity {}",
                             scope.id, render_severity(scope.gate_from), render_severity(gate.severity)),
                 "raise gate_from, or remove the scope", Level::warning);
    }
}

Scope read_scope(YamlFile& yaml, const YAML::Node& node, const Gate& gate) {
    Scope scope;
    scope.at = yaml.at(node);
    if (!check_map(yaml, node, "a scope", {"id", "paths", "packages", "targets", "gate_from", "reason", "review_by"})) {
        return scope;
    }
    scope.id = required_text_in(yaml, node, "id", "give the scope a short name for messages");
    scope.paths = texts_in(yaml, node, "paths");
    scope.packages = texts_in(yaml, node, "packages");
    scope.targets = targets_in(yaml, node);
    scope.gate_from = severity_in(yaml, node, "gate_from").value_or(scope.gate_from);
    scope.reason = required_text_in(yaml, node, "reason", "say why findings in this place matter less");
    scope.review_by = date_in(yaml, node, "review_by");
    check_filled(yaml, node, {"paths", "packages", "targets"});
    check_scope(yaml, node, scope, gate);
    return scope;
}

void check_exception(YamlFile& yaml, const YAML::Node& node, const Waiver& waiver) {
    const std::string name = waiver.id.empty() ? "this entry" : "the exception for " + waiver.id;
    if (waiver.added && waiver.review_by && *waiver.review_by < *waiver.added) {
        yaml.add(value_at(node, "review_by"), fmt::format("{} ends before it was added", name),
                 "check the year of review_by and of added");
    }
    if (waiver.until_base_rebuilt && !waiver.added) {
        yaml.add(value_at(node, "until"), fmt::format("it is not known which rebuild ends {}", name),
                 "add the day from which on a rebuilt base ends it: \"added: 2026-12-31\"");
    }
    if (!waiver.package_version.empty() && waiver.package.empty()) {
        yaml.add(value_at(node, "version"), fmt::format("{} names a version of no component", name),
                 "add \"component\", or remove \"version\"");
    }
    if (waiver.owner == owner_placeholder) {
        yaml.add(value_at(node, "owner"), fmt::format("{} has no owner yet", name), "write who has accepted this risk",
                 Level::warning);
    }
}

/// Copied from a web page or a word processor, an id may have other hyphens or blanks, and would match nothing.
std::string checked_id(YamlFile& yaml, const YAML::Node& at, const std::string& id) {
    const bool foreign = std::ranges::any_of(id, [](char c) { return c <= ' ' || c > '~'; });
    if (foreign)
        yaml.add(at, fmt::format("\"{}\" is not an id of a vulnerability", id),
                 "write it with plain hyphens and without blanks: CVE-2026-1234");
    return spelled_id(id);
}

/// Of a secret, which only a path leads to.
int line_in(YamlFile& yaml, const YAML::Node& node) {
    const std::string text = text_in(yaml, node, "line");
    if (text.empty()) return 0;
    const std::int64_t number = parse_number(text).value_or(0);
    const int line = number < 10'000'000 ? static_cast<int>(number) : 0;
    if (line == 0)
        yaml.add(value_at(node, "line"), fmt::format("\"line\": \"{}\" is not a line", text), "write its number");
    if (!value_at(node, "paths").IsDefined())
        yaml.add(value_at(node, "line"), "\"line\" is given without the file",
                 "add \"paths\" with the path of that file");
    return line;
}

Waiver read_exception(YamlFile& yaml, const YAML::Node& node) {
    Waiver waiver;
    waiver.at = yaml.at(node);
    if (!check_map(yaml, node, "an exception",
                   {"id", "aliases", "component", "version", "paths", "line", "targets", "reason", "owner", "added",
                    "review_by", "until"})) {
        return waiver;
    }
    waiver.id =
        checked_id(yaml, value_at(node, "id"),
                   required_text_in(yaml, node, "id", "name the vulnerability: CVE-…, GHSA-…, or a secret's rule"));
    for (const std::string& alias : texts_in(yaml, node, "aliases"))
        waiver.aliases.push_back(checked_id(yaml, value_at(node, "aliases"), alias));
    waiver.package = text_in(yaml, node, "component");
    waiver.package_version = text_in(yaml, node, "version");
    waiver.paths = texts_in(yaml, node, "paths");
    waiver.line = line_in(yaml, node);
    waiver.targets = targets_in(yaml, node);
    waiver.reason = required_text_in(yaml, node, "reason", "say why this risk is acceptable");
    waiver.owner = required_text_in(yaml, node, "owner", "say who has accepted this risk");
    waiver.added = date_in(yaml, node, "added");
    waiver.review_by = date_in(yaml, node, "review_by");
    waiver.until_base_rebuilt = choice_in(yaml, node, "until", {"base-rebuilt"}).has_value();
    check_filled(yaml, node, {"component", "version", "paths", "line", "targets"});
    check_exception(yaml, node, waiver);
    return waiver;
}

ScannerPause read_pause(YamlFile& yaml, const YAML::Node& node) {
    ScannerPause pause;
    pause.at = yaml.at(node);
    if (!check_map(yaml, node, "a pause", {"scanner", "reason", "owner", "until"})) return pause;
    required_text_in(yaml, node, "scanner", "name the scanner: trivy or grype");
    if (choice_in(yaml, node, "scanner", {"trivy", "grype"}) == "grype") pause.scanner = Scanner::grype;
    pause.reason = required_text_in(yaml, node, "reason", "say why the scanner has to be off");
    pause.owner = required_text_in(yaml, node, "owner", "say who turns it on again");
    required_text_in(yaml, node, "until", "a scanner may only be off until a day: \"until: 2026-12-31\"");
    pause.until = date_in(yaml, node, "until").value_or(pause.until);
    return pause;
}

/// What stands in an entry comes from feeds and images, so every text is quoted: a double-quoted scalar of YAML (1.2,
/// §5.7), in which nothing is invisible. JSON's strings are none: they have two escapes for one character above U+FFFF.
std::string yaml_quoted(std::string_view text) {
    std::string scalar = "\"";
    while (!text.empty()) {
        const auto [first, length] = first_character(text);
        const std::uint32_t character = first;
        if (character == '"' || character == '\\') scalar += '\\';
        scalar += character >= ' ' && character <= '~' ? std::string(1, text.front())
                  : character <= 0xFFFF                ? fmt::format("\\u{:04X}", character)
                                                       : fmt::format("\\U{:08X}", character);
        text.remove_prefix(length);
    }
    return scalar + "\"";
}

std::string yaml_quoted_list(const std::vector<std::string>& texts) {
    std::vector<std::string> list;
    for (const std::string& text : texts) list.push_back(yaml_quoted(text));
    return "[" + joined(list, ", ") + "]";
}

/// The keys of `exceptions:` as parse_policy() reads them.
std::string render_entry(const Waiver& waiver) {
    std::string entry = "  - id: " + yaml_quoted(waiver.id) + "\n";
    if (!waiver.aliases.empty()) entry += "    aliases: " + yaml_quoted_list(waiver.aliases) + "\n";
    if (!waiver.package.empty()) entry += "    component: " + yaml_quoted(waiver.package) + "\n";
    if (!waiver.package_version.empty()) entry += "    version: " + yaml_quoted(waiver.package_version) + "\n";
    if (!waiver.paths.empty()) entry += "    paths: " + yaml_quoted_list(waiver.paths) + "\n";
    if (waiver.line > 0) entry += fmt::format("    line: {}\n", waiver.line);
    entry += "    reason: " + yaml_quoted(waiver.reason) + "\n";
    entry += fmt::format("    owner: {}\n", owner_placeholder);
    if (waiver.added) entry += fmt::format("    added: {}\n", render_date(*waiver.added));
    if (waiver.review_by) entry += fmt::format("    review_by: {}\n", render_date(*waiver.review_by));
    return entry;
}

}  // namespace

Policy parse_policy(std::string_view text, const std::string& file, Problems& warnings) {
    const YAML::Node root = parse_yaml(text, file);
    YamlFile yaml{file, {}};
    Policy policy;
    policy.file = file;
    if (root.IsNull()) {
        warnings.push_back(
            {{file, 0}, "is empty: the default gate holds, and nothing is accepted", "", Level::warning});
        return policy;
    }
    if (check_map(yaml, root, "the policy", {"gate", "scopes", "exceptions", "pauses"})) {
        const YAML::Node gate = value_at(root, "gate");
        if (gate.IsDefined() && !gate.IsNull()) policy.gate = read_gate(yaml, gate);
        for (const YAML::Node& node : items_in(yaml, root, "scopes"))
            policy.scopes.push_back(read_scope(yaml, node, policy.gate));
        for (const YAML::Node& node : items_in(yaml, root, "exceptions"))
            policy.waivers.push_back(read_exception(yaml, node));
        for (const YAML::Node& node : items_in(yaml, root, "pauses")) policy.pauses.push_back(read_pause(yaml, node));
    }
    finish(yaml, warnings);
    return policy;
}

std::string render_waiver(const Finding& finding, Date today) {
    Waiver waiver{.id = finding.id,
                  .aliases = finding.aliases,
                  .package = finding.package,
                  .line = finding.line,
                  .added = today,
                  .review_by = today + std::chrono::days(30)};
    if (!finding.path.empty()) waiver.paths = {finding.path};
    waiver.reason = finding.kind == FindingKind::secret ? "not a real secret: say what it is"
                    : finding.fix != FixState::fixed
                        ? "no fix yet: say why it does no harm here"
                        : "fixed in " + joined(finding.fixed_in, ", ") + ": say why it can wait";
    return render_entry(waiver);
}

std::string render_moved_waiver(Waiver waiver, Date today) {
    if (waiver.reason.empty()) waiver.reason = fmt::format("from {}: say why it is acceptable", waiver.at.file);
    if (!waiver.review_by) waiver.review_by = today + std::chrono::days(30);
    return render_entry(waiver);
}
