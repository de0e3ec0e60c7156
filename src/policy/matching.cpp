// Which findings an exception or a scope covers.
#include <algorithm>
#include <map>
#include <set>

#include "findings/names.h"
#include "policy/policy.h"

namespace {

bool holds(const std::vector<std::string>& texts, const std::string& text) {
    return std::ranges::find(texts, text) != texts.end();
}

bool fits_one(const std::vector<std::string>& globs, const std::string& path) {
    return std::ranges::any_of(globs, [&](const std::string& glob) { return matches_glob(glob, path); });
}

/// The files that dpkg keeps about a package lie where other things do: findings of the system's packages have no path.
bool fits_place_of(const std::vector<std::string>& globs, const Finding& finding) {
    if (is_system_package(finding.package_type)) return false;
    return std::ranges::any_of(finding.paths, [&](const auto& path) { return fits_one(globs, path); }) ||
           (!finding.path.empty() && fits_one(globs, finding.path));
}

/// The package itself, or the source package that it is built from: "glibc" covers libc6 and libc-bin.
bool is_component(const Finding& finding, const std::string& name) {
    if (package_name(name, finding.package_type) == finding.package) return true;
    return std::ranges::any_of(finding.reported_by,
                               [&](const Detection& detection) { return holds(detection.upstreams, name); });
}

/// Two CVEs are two vulnerabilities, also where one advisory names both: who accepted one of them by its own name has
/// not accepted the other.
bool names_finding(const Waiver& waiver, const Finding& finding) {
    const auto is_named = [&](const std::string& id) { return id == waiver.id || holds(waiver.aliases, id); };
    if (!is_named(finding.id) && std::ranges::none_of(finding.aliases, is_named)) return false;
    if (!is_cve(waiver.id) && std::ranges::none_of(waiver.aliases, is_cve)) return true;
    const auto is_accepted = [&](const std::string& id) { return !is_cve(id) || is_named(id); };
    return is_accepted(finding.id) && std::ranges::all_of(finding.aliases, is_accepted);
}

/// No scanner may see another version beside the one that was accepted.
bool fits_version(const std::string& asked, const Finding& finding) {
    if (asked.empty()) return true;
    if (finding.reported_by.empty()) return asked == finding.version;
    std::map<Scanner, std::set<std::string>> seen;
    for (const Detection& detection : finding.reported_by)
        seen[detection.scanner].insert(detection.version.empty() ? finding.version : detection.version);
    std::erase_if(seen, [&](const auto& versions) { return !versions.second.contains(asked); });
    return !seen.empty() && std::ranges::all_of(seen, [](const auto& versions) { return versions.second.size() == 1; });
}

bool fits_target(const std::vector<std::string>& targets, const std::string& target) {
    return targets.empty() || holds(targets, target);
}

}  // namespace

bool covers_finding(const Waiver& waiver, const Finding& finding, const std::string& target) {
    return names_finding(waiver, finding) && fits_target(waiver.targets, target) &&
           (waiver.package.empty() || is_component(finding, waiver.package)) &&
           fits_version(waiver.package_version, finding) &&
           (waiver.paths.empty() || fits_place_of(waiver.paths, finding)) &&
           (waiver.line == 0 || waiver.line == finding.line);
}

bool has_ended(const std::optional<Date>& last_day, Date today) {
    return last_day && *last_day < today;
}

bool is_ended_by_base(const Waiver& waiver, bool base_rebuilt, const std::optional<Time>& base_created) {
    if (!waiver.until_base_rebuilt) return false;
    return base_rebuilt || (waiver.added && base_created && day_of(*base_created) > *waiver.added);
}

bool covers_place(const Scope& scope, const Finding& finding, const std::string& target) {
    const bool package_fits =
        scope.packages.empty() ||
        std::ranges::any_of(scope.packages, [&](const std::string& name) { return is_component(finding, name); });
    return package_fits && fits_target(scope.targets, target) &&
           (scope.paths.empty() || fits_place_of(scope.paths, finding));
}

bool matches_glob(std::string_view glob, std::string_view path) {
    // For each length: whether so much of the path is matched by the glob's tokens so far.
    std::vector<char> matched(path.size() + 1, 0);
    matched[0] = 1;
    for (std::size_t at = 0; at < glob.size();) {
        const bool starts_segment = at == 0 || glob[at - 1] == '/';
        const std::string_view token = starts_segment && glob.substr(at, 3) == "**/" ? "**/"
                                       : glob.substr(at, 2) == "**"                  ? "**"
                                                                                     : glob.substr(at, 1);
        std::vector<char> next(matched.size(), 0);
        bool reached = false;  // somewhere before here, which "**/" goes on from after each slash
        for (std::size_t i = 0; i <= path.size(); ++i) {
            const char before = i > 0 ? path[i - 1] : '\0';
            if (token == "**/") {
                next[i] = matched[i] != 0 || (reached && before == '/');
            } else if (token == "**" || token == "*") {
                next[i] = matched[i] != 0 || (i > 0 && next[i - 1] != 0 && (token == "**" || before != '/'));
            } else {
                next[i] = i > 0 && matched[i - 1] != 0 && (token[0] == before || (token == "?" && before != '/'));
            }
            reached = reached || matched[i] != 0;
        }
        matched = std::move(next);
        at += token.size();
    }
    return matched.back() != 0;
}
