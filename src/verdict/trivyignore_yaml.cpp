// .trivyignore.yaml, as Trivy reads it (facts: scanners.md §1; trivy pkg/result/ignore.go).
#include <fmt/format.h>

#include "verdict/globs.h"
#include "verdict/policy.h"
#include "verdict/purl.h"
#include "verdict/yaml_file.h"

namespace {

/// Trivy's `expired_at` is the moment from which on the entry is dead; a day means its first second, UTC. Of a moment
/// within a day only the full days before it are kept.
std::optional<Date> last_full_day_in(YamlFile& yaml, const YAML::Node& entry) {
    const std::string text = text_in(yaml, entry, "expired_at");
    if (text.empty()) return std::nullopt;
    if (const std::optional<Date> date = parse_date(text)) return *date - std::chrono::days(1);
    const std::optional<Time> time = parse_time(text);
    if (!time) {
        yaml.add(value_at(entry, "expired_at"), fmt::format("\"expired_at\": \"{}\" is not a day", text),
                 "write it as 2026-12-31; trivy refuses the whole file otherwise");
        return std::nullopt;
    }
    return day_of(*time) - std::chrono::days(1);
}

Waiver read_entry(YamlFile& yaml, const YAML::Node& node, FindingKind kind) {
    Waiver waiver;
    waiver.at = yaml.at(node);
    waiver.kind = kind;
    waiver.include_aliases = false;
    waiver.only_for = Scanner::trivy;
    if (!check_map(yaml, node, "an entry", {"id", "paths", "purls", "expired_at", "statement"})) return waiver;
    waiver.id = text_in(yaml, node, "id");
    waiver.paths = texts_in(yaml, node, "paths");
    waiver.purls = texts_in(yaml, node, "purls");
    waiver.reason = text_in(yaml, node, "statement");
    waiver.review_by = last_full_day_in(yaml, node);
    for (const std::string& path : waiver.paths) {
        if (parse_doublestar(path)) continue;
        yaml.add(value_at(node, "paths"), fmt::format("\"{}\" is not a path pattern", path),
                 "close its brackets and braces; trivy refuses the whole file otherwise");
    }
    for (const std::string& purl : waiver.purls) {
        if (parse_purl(purl)) continue;
        yaml.add(value_at(node, "purls"), fmt::format("\"{}\" is not a package URL", purl),
                 "write it as pkg:TYPE/NAME; trivy refuses the whole file otherwise");
    }
    return waiver;
}

void read_section(YamlFile& yaml, const YAML::Node& root, const std::string& section, FindingKind kind,
                  std::vector<Waiver>& waivers) {
    for (const YAML::Node& node : items_in(yaml, root, section)) {
        Waiver waiver = read_entry(yaml, node, kind);
        if (waiver.id.empty()) {
            yaml.add(node, "an entry without an id ignores nothing", "add \"id\", or remove the entry", Level::warning);
        } else {
            waivers.push_back(std::move(waiver));
        }
    }
}

}  // namespace

std::vector<Waiver> parse_trivyignore_yaml(std::string_view text, const std::string& file, Problems& warnings) {
    const YAML::Node root = parse_yaml(text, file);
    YamlFile yaml{file, {}, Level::warning};
    std::vector<Waiver> waivers;
    if (root.IsNull()) return waivers;
    if (check_map(yaml, root, "the file", {"vulnerabilities", "misconfigurations", "secrets", "licenses"})) {
        read_section(yaml, root, "vulnerabilities", FindingKind::vulnerability, waivers);
        read_section(yaml, root, "secrets", FindingKind::secret, waivers);
    }
    finish(yaml, warnings);
    return waivers;
}
