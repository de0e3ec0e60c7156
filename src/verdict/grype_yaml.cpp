// The `ignore` rules of .grype.yaml, as Grype reads them (facts: scanners.md §2; grype grype/match/ignore.go).
#include <fmt/format.h>

#include <algorithm>

#include "verdict/name_rule.h"
#include "verdict/names.h"
#include "verdict/policy.h"
#include "verdict/yaml_file.h"

namespace {

void read_package(YamlFile& yaml, const YAML::Node& rule, Waiver& waiver) {
    const YAML::Node package = value_at(rule, "package");
    if (!package.IsDefined() || package.IsNull()) return;
    if (!check_map(yaml, package, "package", {"name", "version", "language", "type", "location", "upstream-name"}))
        return;
    waiver.package = text_in(yaml, package, "name");
    waiver.package_version = text_in(yaml, package, "version");
    waiver.language = text_in(yaml, package, "language");
    waiver.package_type = grype_package_type(text_in(yaml, package, "type"));
    waiver.upstream = text_in(yaml, package, "upstream-name");
    const std::string location = text_in(yaml, package, "location");
    if (!location.empty()) waiver.paths = {location};
    for (const std::string& name : {waiver.package, waiver.upstream}) {
        if (parse_name_rule(name)) continue;
        yaml.add(package, fmt::format("\"{}\" is not a regular expression that is understood here", name),
                 "the rule ignores nothing until it is one; write the name itself if you can", Level::warning);
    }
}

bool has_criteria(const Waiver& waiver) {
    const std::string* given[] = {&waiver.id,       &waiver.name_space,      &waiver.fix_state,
                                  &waiver.package,  &waiver.package_version, &waiver.language,
                                  &waiver.upstream, &waiver.match_type,      &waiver.package_type};
    return !waiver.paths.empty() ||
           std::any_of(std::begin(given), std::end(given), [](const auto* text) { return !text->empty(); });
}

Waiver read_rule(YamlFile& yaml, const YAML::Node& node) {
    Waiver waiver;
    waiver.at = yaml.at(node);
    waiver.only_for = Scanner::grype;
    waiver.kind = FindingKind::vulnerability;
    waiver.include_aliases = false;
    if (!check_map(yaml, node, "a rule",
                   {"vulnerability", "include-aliases", "reason", "namespace", "fix-state", "package", "match-type",
                    "vex-status", "vex-justification"})) {
        return waiver;
    }
    waiver.id = text_in(yaml, node, "vulnerability");
    waiver.include_aliases = flag_in(yaml, node, "include-aliases").value_or(false);
    waiver.reason = text_in(yaml, node, "reason");
    waiver.name_space = text_in(yaml, node, "namespace");
    waiver.fix_state = text_in(yaml, node, "fix-state");
    waiver.match_type = text_in(yaml, node, "match-type");
    read_package(yaml, node, waiver);
    return waiver;
}

/// The rest of .grype.yaml sets up Grype itself. What would hide findings there is said: it has no effect here.
void mention_what_hides(YamlFile& yaml, const YAML::Node& root) {
    for (const char* key :
         {"exclude", "only-fixed", "only-notfixed", "ignore-wontfix", "vex-documents", "fail-on-severity"}) {
        const YAML::Node value = value_at(root, key);
        if (!value.IsDefined() || value.IsNull() || (value.IsScalar() && value.Scalar() == "false")) continue;
        yaml.add(value, fmt::format("\"{}\" has no effect here: images are scanned whole", key),
                 "use gate, scopes or exceptions of vulnerability-policy.yml", Level::warning);
    }
}

}  // namespace

std::vector<Waiver> parse_grype_yaml(std::string_view text, const std::string& file, Problems& warnings) {
    const YAML::Node root = parse_yaml(text, file);
    YamlFile yaml{file, {}, Level::warning};
    std::vector<Waiver> waivers;
    if (root.IsNull()) return waivers;
    if (!root.IsMap()) yaml.add(root, "the file is not a map", "write it as KEY: VALUE lines");
    for (const YAML::Node& node : items_in(yaml, root, "ignore")) {
        Waiver waiver = read_rule(yaml, node);
        if (!text_in(yaml, node, "vex-status").empty()) {
            yaml.add(node, "a rule with a vex-status needs a VEX document, and none is given to grype here",
                     "write an exception in vulnerability-policy.yml instead", Level::warning);
        } else if (!has_criteria(waiver)) {
            yaml.add(node, "a rule without criteria ignores nothing", "name a vulnerability or a package",
                     Level::warning);
        } else {
            waivers.push_back(std::move(waiver));
        }
    }
    mention_what_hides(yaml, root);
    finish(yaml, warnings);
    return waivers;
}
