// `scan`: both scanners on the very bytes of every built image, then the verdict.
#include "scan/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "pipeline/baseline.h"
#include "pipeline/external_images.h"
#include "pipeline/step.h"
#include "report/terminal.h"

namespace {

namespace fs = std::filesystem;

/// Where the databases are kept between runs, unless a folder was given.
fs::path cached_databases(const World& world) {
    const std::string cache = variable(world, "XDG_CACHE_HOME");
    const std::string home = variable(world, "HOME");
    if (cache.empty() && home.empty()) {
        throw Error{Exit::bad_input,
                    {{{},
                      "neither HOME nor XDG_CACHE_HOME is set",
                      "say with --databases where the vulnerability databases are"}}};
    }
    return (cache.empty() ? fs::path(home) / ".cache" : fs::path(cache)) / "python-image-action" / "databases";
}

std::vector<Scanner> paused_scanners(const Policy& policy, Date today) {
    std::vector<Scanner> paused;
    for (const ScannerPause& pause : policy.pauses) {
        if (today <= pause.until) paused.push_back(pause.scanner);
    }
    return paused;
}

fs::path prepare_databases(const World& world, const Settings& settings) {
    if (!settings.databases.empty()) return settings.databases;
    const fs::path folder = cached_databases(world);
    TimedStep step(world, "database", "bringing both scanners' databases up to date");
    const Problems problems = update_databases(world, {.databases = folder});
    world.log << render_problems(problems);
    step.end(problems.empty() ? "both are up to date" : "not both could be renewed; their age decides");
    return folder;
}

ScanSettings make_scan_settings(const World& world, const Settings& settings, const Project& project) {
    return {.databases = prepare_databases(world, settings),
            .scans = settings.out / "scans",
            .jobs = settings.jobs,
            .paused = paused_scanners(project.policy, day_of(decision_time(world, settings)))};
}

Result scan_given(const World& world, const Settings& settings) {
    const Project project = load_policy_project(world, settings);
    Problems warnings;
    const std::vector<GivenImage> images = load_given_images(world, settings, warnings);
    Run run = gather_given_run(world, settings, project, scan_given_images(world, settings, project, images));
    run.command = "scan";
    run.other_warnings = warnings;
    for (std::size_t i = 0; i < images.size(); ++i) {
        run.images[i].image = images[i].layout.image;
        run.images[i].platform = images[i].layout.platform;
        run.images[i].reference = images[i].reference;
    }
    std::string summary = save_reports(world, settings, run);
    world.out << render_table(run, wants_colour(world));
    return make_result(settings, run, std::move(summary));
}

}  // namespace

void fetch_databases_early(const World& world, const Settings& settings) {
    if (settings.databases.empty()) update_databases(world, {.databases = cached_databases(world)});
}

void scan_images(const World& world, const Settings& settings, const Project& project,
                 const std::vector<Layout>& layouts) {
    if (layouts.empty()) return;
    const ScanSettings scan = make_scan_settings(world, settings, project);
    TimedStep step(world, "scan", counted(layouts.size(), "image") + " with Trivy and Grype");
    const std::vector<Receipt> receipts = run_scans(world, layouts, scan);
    const auto failed =
        std::count_if(receipts.begin(), receipts.end(), [](const Receipt& r) { return !r.failure.empty(); });
    step.end(failed == 0 ? counted(receipts.size(), "report")
                         : fmt::format("{} of {} scans failed", failed, receipts.size()));
}

std::vector<std::string> rescan_images(const World& world, const Settings& settings, const Project& project,
                                       const std::vector<Layout>& layouts) {
    if (layouts.empty()) return {};
    const ScanSettings scan = make_scan_settings(world, settings, project);
    TimedStep step(world, "scan", "the kept inventories of " + counted(layouts.size(), "image"));
    std::vector<KeptImage> images;
    for (const Layout& layout : layouts) images.push_back({layout.name, layout.manifest});
    std::vector<std::string> names = rescan_from_sboms(world, images, scan);
    step.end(fmt::format("{} of {} scanned again, nothing pulled", names.size(), layouts.size()));
    return names;
}

Result run_scan(const World& world, const Settings& settings) {
    if (names_images(settings)) return scan_given(world, for_other_images(world, settings));
    forget_reports(world, settings);
    const Project project = load_project(world, settings);
    const std::vector<Layout> layouts = load_built_images(world, settings, project);
    scan_images(world, settings, project, layouts);
    scan_baseline(world, settings, project, layouts);
    return report_verdicts(world, settings, project, layouts).result;
}
