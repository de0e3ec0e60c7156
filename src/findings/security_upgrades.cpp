#include "findings/security_upgrades.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "base/text.h"

namespace {

/// github.com/GoogleContainerTools/distroless, cc/BUILD and base/BUILD, as of 2026-11.
bool is_of_distroless(const std::string& version, const std::string& package) {
    static const std::map<std::string, std::set<std::string>> packages = {
        {"cc-debian12",
         {"base-files", "ca-certificates", "gcc-12-base", "libc6", "libgcc-s1", "libgomp1", "libssl3", "libstdc++6",
          "media-types", "netbase", "tzdata"}},
        {"cc-debian13",
         {"base-files", "ca-certificates", "gcc-14-base", "libc6", "libgcc-s1", "libgomp1", "libssl3t64", "libstdc++6",
          "libzstd1", "media-types", "netbase", "tzdata", "tzdata-legacy", "zlib1g"}},
    };
    const auto found = packages.find(version);
    return found != packages.end() && found->second.contains(package);
}

}  // namespace

SecurityUpgrades parse_security_upgrades(std::string_view text, const std::string& file) {
    SecurityUpgrades upgrades;
    Problems problems;
    const std::vector<std::string> lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string name(trimmed(std::string_view(lines[i]).substr(0, lines[i].find('#'))));
        if (name.empty()) continue;
        const Place at{file, static_cast<int>(i) + 1};
        const auto [earlier, is_new] = upgrades.emplace(name, at);
        constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz0123456789";
        const bool is_package = name.size() >= 2 && first.find(name[0]) != std::string_view::npos &&
                                name.find_first_not_of(std::string(first) + "+-.") == std::string::npos;
        if (!is_package)
            add(problems, at, fmt::format("\"{}\" is not the name of a Debian package", name),
                "write one name on each line, such as libsqlite3-0");
        else if (!is_new)
            add(problems, at, fmt::format("\"{}\" is already given on line {}", name, earlier->second.line),
                "keep one of them");
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return upgrades;
}

Problems check_upgradable(const SecurityUpgrades& upgrades, const std::string& distroless_version) {
    Problems problems;
    for (const auto& [package, at] : upgrades) {
        if (!is_of_distroless(distroless_version, package)) continue;
        add(problems, at,
            fmt::format("{} cannot be upgraded in production: it belongs to the base {}", package, distroless_version),
            "development gets it; production gets it with a newer " + distroless_version, Level::warning);
    }
    return problems;
}

std::vector<SystemPackage> parse_system_packages(std::string_view trivy_report, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(trivy_report, source);
    std::vector<SystemPackage> packages;
    for (const Json& result : items_at(root, "Results")) {
        if (text_at(result, "Class") != "os-pkgs") continue;
        for (const Json& package : items_at(result, "Packages")) {
            packages.push_back({.name = text_at(package, "Name"),
                                .version = text_at(package, "Version"),
                                .diff_id = text_at(member(package, "Layer"), "DiffID")});
        }
    }
    return packages;
}

Problems check_upgrades_needed(const SecurityUpgrades& upgrades, const std::vector<UpgradedImage>& images) {
    Problems problems;
    for (const auto& [package, at] : upgrades) {
        bool is_known = false;   // of any image
        bool is_needed = false;  // in one of them the upgrade installed another version than the base has
        std::string version;     // that is installed somewhere
        for (const UpgradedImage& image : images) {
            if (image.layers.base_layers == 0 || image.packages.empty()) continue;
            is_known = true;
            for (const SystemPackage& installed : image.packages) {
                if (installed.name != package) continue;
                version = installed.version;
                // Neither is known of a layer that the report does not name: then it may be needed.
                is_needed = is_needed || find_origin(image.layers, installed.diff_id).owner != LayerOwner::base;
            }
        }
        if (!is_known || is_needed) continue;
        const std::string what =
            version.empty() ? fmt::format("no image has a package \"{}\"", package)
                            : fmt::format("upgrading {} is no longer needed: the base has {} itself", package, version);
        add(problems, at, what, "remove the line", Level::warning);
    }
    return problems;
}
