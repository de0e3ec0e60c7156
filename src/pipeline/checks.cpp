// What image/security-upgrades.txt asks for, held against the bases and against what was built and scanned.
#include <algorithm>
#include <set>

#include "pipeline/road.h"
#include "verdict/security_upgrades.h"

namespace {

constexpr const char* upgrades_file = "image/security-upgrades.txt";

std::vector<SecurityUpgrade> load_upgrades(const World& world) {
    const std::optional<std::string> text = world.files.read_if_there(upgrades_file);
    return text ? parse_security_upgrades(*text, upgrades_file) : std::vector<SecurityUpgrade>{};
}

}  // namespace

Problems check_upgrades(const World& world, const Project& project) {
    const std::vector<SecurityUpgrade> upgrades = load_upgrades(world);
    std::set<std::string> distroless;
    for (const Row& row : project.plan.matrix.rows) distroless.insert(row.distroless_version);
    Problems problems;
    for (const std::string& version : distroless) {
        for (const Problem& problem : check_upgradable(upgrades, version)) problems.push_back(problem);
    }
    return problems;
}

Problems check_upgrades_built(const World& world, const Settings& settings, const Project& project,
                              const std::vector<Layout>& layouts) {
    const std::vector<SecurityUpgrade> upgrades = load_upgrades(world);
    if (upgrades.empty()) return {};
    const std::vector<Base> bases = load_bases(world, settings);
    std::vector<UpgradedImage> images;
    for (const Layout& layout : layouts) {
        const auto report = settings.out / "scans" / layout.name / "trivy.json";
        const std::optional<std::string> text = world.files.read_if_there(report);
        if (image_of(project.plan, layout).target != Target::development || !text) continue;
        images.push_back({.name = layout.name,
                          .layers = load_layers(world, settings, project, layout, bases),
                          .packages = parse_system_packages(*text, report.string())});
    }
    return check_upgrades_needed(upgrades, images);
}
