// `release`: the GitHub release of DEFRA_VERSION, with everything that replays the decision.
#include "pipeline/release.h"

#include <ostream>

#include "commands/commands.h"
#include "pipeline/contract_tests.h"
#include "pipeline/images.h"
#include "pipeline/reports.h"
#include "pipeline/scans.h"

Result run_release(const World& world, const Settings& settings) {
    const Project project = load_project(world, settings);
    const github::Permission permission = ask_permission(settings, project);
    Result result{.exit = Exit::done, .problems = project.warnings, .outputs = {{"created", "false"}, {"release", ""}}};
    if (!permission.granted) {
        add(result.problems, {}, "no release: " + permission.reason, "", Level::notice);
        return result;
    }
    const std::vector<Layout> layouts = load_built_images(world, settings, project);
    Run run = gather_run(world, settings, project, layouts, load_contract_reports(world, settings, layouts),
                         load_verdicts(world, settings, layouts));
    run.command = "release";
    const github::MadeRelease made = release_images(world, settings, project, layouts, run);
    add_release(made, result);
    if (!made.url.empty()) world.out << made.url << "\n";
    return result;
}
