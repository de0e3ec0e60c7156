#include "verdict/matching.h"

#include <algorithm>

#include "verdict/names.h"

namespace {

bool holds(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool fits_one(const std::vector<Glob>& globs, const std::string& path) {
    return std::any_of(globs.begin(), globs.end(), [&](const Glob& glob) { return matches(glob, path); });
}

bool fits_path_of(const std::vector<Glob>& globs, const Finding& finding) {
    return std::any_of(finding.paths.begin(), finding.paths.end(),
                       [&](const auto& path) { return fits_one(globs, path); }) ||
           (!finding.path.empty() && fits_one(globs, finding.path));
}

/// The files that dpkg keeps about a package lie where other things do: what the system's packages bring has no path.
bool fits_place_of(const std::vector<Glob>& globs, const Finding& finding) {
    return !is_system_package(finding.package_type) && fits_path_of(globs, finding);
}

/// The package itself, or the source package that it is built from: "glibc" covers libc6 and libc-bin.
bool is_component(const Finding& finding, const std::string& name) {
    if (package_name(name, finding.package_type) == finding.package) return true;
    return std::any_of(finding.seen_by.begin(), finding.seen_by.end(),
                       [&](const Sighting& sighting) { return holds(sighting.upstreams, name); });
}

bool goes_by(const Finding& finding, const std::string& id) {
    return id == finding.id || holds(finding.aliases, id);
}

/// Two CVEs are two vulnerabilities, also where one advisory names both: who accepted one of them by its own name has
/// not accepted the other.
bool names_finding(const Waiver& waiver, const Finding& finding) {
    std::vector<std::string> names = waiver.aliases;
    names.push_back(waiver.id);
    if (std::none_of(names.begin(), names.end(), [&](const auto& name) { return goes_by(finding, name); }))
        return false;
    if (std::none_of(names.begin(), names.end(), is_cve)) return true;
    const auto is_accepted = [&](const std::string& id) { return !is_cve(id) || holds(names, id); };
    return is_accepted(finding.id) && std::all_of(finding.aliases.begin(), finding.aliases.end(), is_accepted);
}

/// No scanner may see another version beside the one that was accepted.
bool fits_version(const std::string& asked, const Finding& finding) {
    if (asked.empty()) return true;
    const auto version_of = [&](const Sighting& sighting) {
        return sighting.version.empty() ? finding.version : sighting.version;
    };
    bool met = finding.seen_by.empty() && asked == finding.version;
    for (const Sighting& sighting : finding.seen_by) {
        if (version_of(sighting) != asked) continue;
        met = true;
        const bool several = std::any_of(finding.seen_by.begin(), finding.seen_by.end(), [&](const Sighting& other) {
            return other.scanner == sighting.scanner && version_of(other) != asked;
        });
        if (several) return false;
    }
    return met;
}

bool fits_target(const std::vector<std::string>& targets, const std::string& target) {
    return targets.empty() || holds(targets, target);
}

std::string grype_fix_word(FixState fix) {
    switch (fix) {
        case FixState::fixed:
            return "fixed";
        case FixState::none:
            return "not-fixed";
        case FixState::wont_fix:
            return "wont-fix";
        case FixState::unknown:
            return "unknown";
    }
    return "unknown";
}

/// Trivy compares paths with the result's target and with the package's path; a package without a URL fits any URL.
bool trivy_would_ignore(const PreparedWaiver& rule, const Sighting& sighting) {
    if (sighting.id != rule.waiver.id) return false;
    if (!rule.paths.empty() && !fits_one(rule.paths, sighting.target) && !fits_one(rule.paths, sighting.path))
        return false;
    if (rule.purls.empty()) return true;
    const std::optional<PackageUrl> url = parse_purl(sighting.purl);
    return !url ||
           std::any_of(rule.purls.begin(), rule.purls.end(), [&](const auto& purl) { return covers(purl, *url); });
}

bool names_sighting(const Waiver& waiver, const Finding& finding, const Sighting& sighting) {
    if (waiver.id.empty() || waiver.id == sighting.id) return true;
    return waiver.include_aliases && goes_by(finding, waiver.id);
}

bool fits_upstream(const PreparedWaiver& rule, const Sighting& sighting) {
    if (rule.waiver.upstream.empty()) return true;
    return rule.upstream && std::any_of(sighting.upstreams.begin(), sighting.upstreams.end(),
                                        [&](const std::string& name) { return (*rule.upstream)(name); });
}

bool grype_would_ignore(const PreparedWaiver& rule, const Finding& finding, const Sighting& sighting) {
    const Waiver& waiver = rule.waiver;
    const std::string& type = sighting.package_type.empty() ? finding.package_type : sighting.package_type;
    const auto fits = [](const std::string& asked, const std::string& found) {
        return asked.empty() || asked == found;
    };
    return names_sighting(waiver, finding, sighting) && fits(waiver.name_space, sighting.name_space) &&
           fits(waiver.package_version, sighting.version.empty() ? finding.version : sighting.version) &&
           fits(waiver.package_type, type) && fits(waiver.language, grype_language(type)) &&
           fits(waiver.fix_state, grype_fix_word(sighting.fix)) &&
           (waiver.package.empty() || (rule.package && (*rule.package)(sighting.package))) &&
           (waiver.match_type.empty() || holds(sighting.match_types, waiver.match_type)) &&
           (waiver.paths.empty() || fits_path_of(rule.paths, finding)) && fits_upstream(rule, sighting);
}

PreparedWaiver prepare(const Waiver& waiver) {
    PreparedWaiver prepared{waiver, {}, {}, parse_name_rule(waiver.package), parse_name_rule(waiver.upstream)};
    for (const std::string& path : waiver.paths) {
        const std::optional<Glob> glob = waiver.only_for ? parse_doublestar(path) : parse_policy_glob(path);
        prepared.paths.push_back(glob.value_or(Glob{}));  // what is no pattern fits no path
    }
    for (const std::string& purl : waiver.purls) {
        if (const std::optional<PackageUrl> url = parse_purl(purl)) prepared.purls.push_back(*url);
    }
    return prepared;
}

}  // namespace

WaiverIndex prepare_waivers(const std::vector<Waiver>& waivers) {
    WaiverIndex index;
    for (const Waiver& waiver : waivers) {
        const std::size_t place = index.waivers.size();
        index.waivers.push_back(prepare(waiver));
        if (waiver.id.empty()) index.without_id.push_back(place);
        for (const std::string& alias : waiver.aliases) index.by_id[alias].push_back(place);
        if (!waiver.id.empty()) index.by_id[waiver.id].push_back(place);
    }
    return index;
}

std::vector<const PreparedWaiver*> WaiverIndex::candidates(const Finding& finding) const {
    std::vector<std::size_t> places = without_id;
    const auto add = [&](const std::string& id) {
        const auto found = by_id.find(id);
        if (found != by_id.end()) places.insert(places.end(), found->second.begin(), found->second.end());
    };
    add(finding.id);
    for (const std::string& alias : finding.aliases) add(alias);
    for (const std::string& advisory : finding.advisories) add(advisory);
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    std::vector<const PreparedWaiver*> found;
    for (const std::size_t place : places) found.push_back(&waivers[place]);
    return found;
}

bool covers_finding(const PreparedWaiver& rule, const Finding& finding, const std::string& target) {
    const Waiver& waiver = rule.waiver;
    return !waiver.only_for && names_finding(waiver, finding) && fits_target(waiver.targets, target) &&
           (!waiver.kind || *waiver.kind == finding.kind) &&
           (waiver.package.empty() || is_component(finding, waiver.package)) &&
           fits_version(waiver.package_version, finding) &&
           (waiver.paths.empty() || fits_place_of(rule.paths, finding));
}

bool covers_sighting(const PreparedWaiver& rule, const Finding& finding, const Sighting& sighting) {
    const Waiver& waiver = rule.waiver;
    if (waiver.only_for != sighting.scanner || (waiver.kind && *waiver.kind != finding.kind)) return false;
    return sighting.scanner == Scanner::trivy ? trivy_would_ignore(rule, sighting)
                                              : grype_would_ignore(rule, finding, sighting);
}

bool covers_anything(const PreparedWaiver& rule, const Finding& finding, const std::string& target) {
    return covers_finding(rule, finding, target) ||
           std::any_of(finding.seen_by.begin(), finding.seen_by.end(),
                       [&](const Sighting& sighting) { return covers_sighting(rule, finding, sighting); });
}

bool is_ended_by_base(const Waiver& waiver, bool base_rebuilt, const std::optional<Time>& base_created) {
    if (!waiver.until_base_rebuilt) return false;
    return base_rebuilt || (waiver.added && base_created && day_of(*base_created) > *waiver.added);
}

std::vector<PreparedScope> prepare_scopes(const std::vector<Scope>& scopes) {
    std::vector<PreparedScope> prepared;
    for (const Scope& scope : scopes) {
        PreparedScope one{scope, {}};
        for (const std::string& path : scope.paths) one.paths.push_back(parse_policy_glob(path));
        prepared.push_back(std::move(one));
    }
    return prepared;
}

bool covers_place(const PreparedScope& prepared, const Finding& finding, const std::string& target) {
    const Scope& scope = prepared.scope;
    const bool package_fits =
        scope.packages.empty() || std::any_of(scope.packages.begin(), scope.packages.end(),
                                              [&](const std::string& name) { return is_component(finding, name); });
    return package_fits && fits_target(scope.targets, target) &&
           (scope.paths.empty() || fits_place_of(prepared.paths, finding));
}
