#include "findings/inventory.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "findings/names.h"
#include "findings/report_parts.h"

namespace {

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

/// The instruction as a person wrote it: without BuildKit's mark, and without the shell and the arguments before a
/// RUN's command ("RUN |1 BASE_VERSION=3.13 /bin/sh -c apt-get …").
std::string instruction_of(const std::string& created_by) {
    std::string_view text = trimmed(created_by);
    if (text.ends_with("# buildkit")) text = trimmed(text.substr(0, text.size() - 10));
    constexpr std::string_view shell = "/bin/sh -c ";
    const std::size_t command = text.find(shell);
    if (command == std::string_view::npos || (command > 0 && !text.starts_with("RUN "))) return std::string(text);
    const std::string_view rest = trimmed(text.substr(command + shell.size()));
    constexpr std::string_view no_command = "#(nop)";
    if (rest.starts_with(no_command)) return std::string(trimmed(rest.substr(no_command.size())));
    return "RUN " + std::string(rest);
}

}  // namespace

std::vector<Package> parse_inventory(std::string_view cyclonedx, const std::string& source) {
    const rapidjson::Document sbom = parse_tool_json(cyclonedx, source);
    if (text_at(sbom, "bomFormat") != "CycloneDX")
        throw Error{Exit::failed, {source}, "this is no CycloneDX SBOM", "scan the image again"};
    std::vector<Package> packages;
    for (const Json& component : items_at(sbom, "components")) {
        // Files, operating systems and lock files are components too.
        const std::string_view type = view_at(component, "type");
        if (type == "library" || (type == "application" && !view_at(component, "version").empty()))
            packages.push_back(read_package(component));
    }
    return packages;
}

std::vector<PackageChange> compare_packages(const std::vector<Package>& before, const std::vector<Package>& now) {
    using Versions = std::set<std::string>;
    std::map<std::pair<std::string, std::string>, std::pair<Versions, Versions>>
        all;  // before and now, by type and name
    const auto version_of = [](const Package& package) {
        return package.version.empty() ? "no version" : package.version;
    };
    for (const Package& package : before) all[{package.type, package.name}].first.insert(version_of(package));
    for (const Package& package : now) all[{package.type, package.name}].second.insert(version_of(package));
    std::vector<PackageChange> changes;
    for (const auto& [package, versions] : all) {
        const auto& [old, current] = versions;
        if (old != current)
            changes.push_back({package.first, package.second, joined({old.begin(), old.end()}, ", "),
                               joined({current.begin(), current.end()}, ", ")});
    }
    return changes;
}

ImageLayers parse_image_layers(std::string_view config, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(config, source);
    if (!member(member(root, "rootfs"), "diff_ids").IsArray())
        ReportSource{source}.refuse("is not an image configuration: it lists no layers", "");
    ImageLayers layers;
    layers.diff_ids = texts_at(member(root, "rootfs"), "diff_ids");
    for (const Json& step : items_at(root, "history")) {
        if (member(step, "empty_layer").IsTrue()) continue;
        layers.created_by.push_back(instruction_of(text_at(step, "created_by")));
    }
    // A history that does not list every layer cannot be walked in step with them.
    const bool in_step = layers.created_by.size() == layers.diff_ids.size();
    if (!in_step) layers.created_by.assign(layers.diff_ids.size(), "");
    return layers;
}

LayerOrigin find_origin(const ImageLayers& layers, const std::string& diff_id) {
    const auto found = std::ranges::find(layers.diff_ids, diff_id);
    if (diff_id.empty() || found == layers.diff_ids.end()) return {};
    const auto place = static_cast<std::size_t>(found - layers.diff_ids.begin());
    LayerOrigin origin;
    if (place < layers.created_by.size()) origin.instruction = layers.created_by[place];
    if (layers.base_layers > 0) origin.owner = place < layers.base_layers ? LayerOwner::base : LayerOwner::ours;
    return origin;
}
