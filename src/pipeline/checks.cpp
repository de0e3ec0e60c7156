#include "pipeline/checks.h"

#include <set>

#include "bake/bases.h"
#include "base/text.h"
#include "contract/certificates.h"
#include "findings/security_upgrades.h"
#include "pipeline/contract_tests.h"
#include "pipeline/images.h"
#include "pipeline/release_comparison.h"
#include "plan/drift.h"

namespace {

constexpr const char* own_matrix = "image-matrix.json";
constexpr const char* upgrades_file = "image/security-upgrades.txt";

std::vector<SecurityUpgrade> load_upgrades(const World& world) {
    const std::optional<std::string> text = world.files.read_if_there(upgrades_file);
    return text ? parse_security_upgrades(*text, upgrades_file) : std::vector<SecurityUpgrade>{};
}

/// In the action's own repository: what its container is made from. A branch that publishes does not run what nobody
/// has pinned; elsewhere it is a remark.
Problems check_action(const World& world, const Settings& settings, const Project& project) {
    const Permission permission =
        decide_permission(make_event_context(project.event), settings.publish, settings.publish_branches);
    const Level level = project.event.in_workflow && permission.granted ? Level::error : Level::warning;
    Problems problems;
    for (const char* file : {"action.yml", "action.Dockerfile"}) {
        if (const std::optional<std::string> text = world.files.read_if_there(file))
            append(problems, check_pins(*text, file, level));
    }
    return problems;
}

/// What a build would find out about the Dockerfile's stages, without an engine.
Problems check_bases(const Dockerfile& dockerfile, const Plan& plan) {
    Problems problems;
    if (!dockerfile.syntax.empty() && dockerfile.syntax.find('@') == std::string::npos) {
        problems.push_back(
            {{dockerfile.file, dockerfile.syntax_line},
             "no digest names the frontend " + shown(dockerfile.syntax) + ", which decides how this file is built",
             "remove the line, or write NAME@sha256:…; every build records what it used",
             Level::warning});
    }
    try {
        list_bases(dockerfile, plan);
    } catch (const Error& error) {  // a checklist reports them beside what else it finds
        append(problems, error.problems);
    }
    return problems;
}

}  // namespace

Problems check_project(const World& world, const Settings& settings, const Project& project) {
    const Date today = day_of(decision_time(world, settings));
    Problems problems = project.warnings;
    append(problems, project.history_warnings);
    append(problems, check_certificates(load_certificates(world), today));
    append(problems, compare_with_release(world, settings, project));
    append(problems, check_upgrades(world, project));
    append(problems, check_action(world, settings, project));
    append(problems, check_bases(project.dockerfile, project.plan));
    if (settings.image_matrix != own_matrix)
        return problems;  // README and Dockerfile repeat the repository's own matrix only
    append(problems, check_dockerfile(project.dockerfile, project.plan.matrix, project.plan.job));
    if (const std::string readme = find_readme(world); !readme.empty())
        append(problems, check_readme(world.files.read(readme), readme, project.plan));
    return problems;
}

std::string find_readme(const World& world) {
    const std::vector<std::string> names = world.files.names_in(".");
    const auto found = std::find_if(names.begin(), names.end(),
                                    [](const std::string& name) { return lower_case(name) == "readme.md"; });
    return found == names.end() ? "" : *found;
}

Problems check_upgrades(const World& world, const Project& project) {
    const std::vector<SecurityUpgrade> upgrades = load_upgrades(world);
    std::set<std::string> distroless;
    for (const Row& row : project.plan.matrix.rows) distroless.insert(row.distroless_version);
    Problems problems;
    for (const std::string& version : distroless) {
        append(problems, check_upgradable(upgrades, version));
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
        if (image_of(project.plan, layout.image).target != Target::development || !text) continue;
        images.push_back({.name = layout.name,
                          .layers = load_layers(world, project, layout, bases),
                          .packages = parse_system_packages(*text, report.string())});
    }
    return check_upgrades_needed(upgrades, images);
}
