// `scan`: both scanners on the very bytes of every built image, then the verdict.
#include "pipeline/scans.h"

#include "commands/commands.h"
#include "pipeline/baseline.h"
#include "pipeline/given_images.h"
#include "pipeline/images.h"
#include "pipeline/reports.h"

namespace {

/// The images of --reference and --layout.
Result scan_given(const World& world, const Settings& settings) {
    const Project project = load_policy_project(world, settings);
    Problems warnings;
    const std::vector<GivenImage> images = load_given_images(world, settings, warnings);
    Run run = gather_given_run(world, settings, project, scan_given_images(world, settings, project, images));
    run.command = "scan";
    append(run.warnings, warnings);
    for (std::size_t i = 0; i < images.size(); ++i) {
        run.images[i].image = images[i].layout.image;
        run.images[i].platform = images[i].layout.platform;
        run.images[i].reference = images[i].reference;
    }
    return report_run(world, settings, run);
}

}  // namespace

Result run_scan(const World& world, const Settings& settings) {
    if (names_images(settings)) return scan_given(world, for_other_images(world, settings));
    forget_reports(world, settings);
    const Project project = load_project(world, settings);
    const std::vector<Layout> layouts = load_built_images(world, settings, project);
    scan_images(world, settings, project, layouts);
    scan_baseline(world, settings, project, layouts);
    return report_verdicts(world, settings, project, layouts).result;
}
