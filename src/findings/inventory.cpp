#include "findings/inventory.h"

#include <map>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "findings/names.h"
#include "findings/purl.h"

namespace {

/// Files, operating systems and lock files are components too.
bool is_package(const Json& component) {
    const std::string_view type = view_at(component, "type");
    return type == "library" || (type == "application" && !view_at(component, "version").empty());
}

Package read_package(const Json& component) {
    const std::optional<PackageUrl> url = parse_purl(view_at(component, "purl"));
    Package package{
        .type = url ? url->type : "", .name = text_at(component, "name"), .version = text_at(component, "version")};
    if (package.type == "pypi") package.name = pep503_name(package.name);
    const std::string group = text_at(component, "group");
    // For a distribution's packages that would be the distribution itself.
    if (!group.empty() && !is_system_package(package.type)) package.name = group + "/" + package.name;
    return package;
}

using Versions = std::map<std::pair<std::string, std::string>, std::set<std::string>>;  ///< by type and name

Versions versions_of(const std::vector<Package>& packages) {
    Versions versions;
    for (const Package& package : packages)
        versions[{package.type, package.name}].insert(package.version.empty() ? "no version" : package.version);
    return versions;
}

std::string listed(const Versions& versions, const Versions::key_type& package) {
    const auto found = versions.find(package);
    return found == versions.end() ? "" : joined({found->second.begin(), found->second.end()}, ", ");
}

}  // namespace

std::vector<Package> parse_inventory(std::string_view cyclonedx, const std::string& source) {
    const rapidjson::Document sbom = parse_tool_json(cyclonedx, source);
    if (text_at(sbom, "bomFormat") != "CycloneDX")
        throw Error{Exit::failed, {source}, "this is no CycloneDX SBOM", "scan the image again"};
    std::vector<Package> packages;
    for (const Json& component : items_at(sbom, "components")) {
        if (is_package(component)) packages.push_back(read_package(component));
    }
    return packages;
}

std::vector<PackageChange> compare_packages(const std::vector<Package>& before, const std::vector<Package>& now) {
    const Versions old = versions_of(before);
    const Versions fresh = versions_of(now);
    std::set<Versions::key_type> all;
    for (const Versions* versions : {&old, &fresh}) {
        for (const auto& [package, numbers] : *versions) all.insert(package);
    }
    std::vector<PackageChange> changes;
    for (const auto& package : all) {
        PackageChange change{.type = package.first,
                             .name = package.second,
                             .before = listed(old, package),
                             .now = listed(fresh, package)};
        if (change.before != change.now) changes.push_back(std::move(change));
    }
    return changes;
}
