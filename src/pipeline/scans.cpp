#include "pipeline/scans.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/json.h"
#include "base/text.h"
#include "pipeline/images.h"
#include "scan/scan.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

/// The set-up's stand-ins carry this label, and so does whatever is built on them: they cannot pass for real bases by
/// being served from a registry.
bool has_stand_in_base(const World& world, const Layout& layout) {
    const rapidjson::Document config = parse_tool_json(load_config(world.files, layout), layout.name);
    return !member(member(member(config, "config"), "Labels"), "io.github.defra.python-image-action.stand-in").IsNull();
}

/// Where the databases are kept between runs, unless a directory was given.
fs::path cached_databases(const World& world) {
    const fs::path directory = cache_directory(world, "databases");
    if (!directory.empty()) return directory;
    throw Error{Exit::bad_input, "neither HOME nor XDG_CACHE_HOME is set",
                "use --databases to name the directory of the vulnerability databases"};
}

fs::path prepare_databases(const World& world, const Settings& settings) {
    if (!settings.databases.empty()) return settings.databases;
    const fs::path directory = cached_databases(world);
    TimedStep step(world, "database", "updating the databases of both scanners");
    const Problems problems = update_databases(world, directory);
    world.log << render_problems(problems);
    step.end(problems.empty() ? "both are up to date" : "not both could be renewed; their age decides");
    return directory;
}

ScanSettings make_scan_settings(const World& world, const Settings& settings, const Project& project) {
    ScanSettings scan{.databases = prepare_databases(world, settings),
                      .scans = settings.out / "scans",
                      .cache = cache_directory(world, "scans"),
                      .run = name_of_run(world, project.event),
                      .jobs = settings.jobs};
    for (const ScannerPause& pause : project.policy.pauses) {
        if (day_of(decision_time(world, settings)) <= pause.until) scan.paused.push_back(pause.scanner);
    }
    return scan;
}

/// Grype finds an interpreter that no package owns by the version that its build left in the file, if it did; the
/// report does not tell what was not found (scanners-run.md §8).
bool lists_no_python(const World& world, const Settings& settings, const Layout& layout) {
    const auto inventories = load_inventories(world.files, settings.out / "scans", layout.name, layout.manifest);
    const auto of_grype = inventories.find(Scanner::grype);
    return of_grype != inventories.end() &&
           std::ranges::none_of(of_grype->second, [](const Package& package) { return package.name == "python"; });
}

}  // namespace

void fetch_databases_early(const World& world, const Settings& settings) {
    if (settings.databases.empty()) update_databases(world, cached_databases(world));
}

void scan_images(const World& world, const Settings& settings, const Project& project,
                 const std::vector<Layout>& layouts) {
    if (layouts.empty()) return;
    const ScanSettings scan = make_scan_settings(world, settings, project);
    TimedStep step(world, "scan", counted(layouts.size(), "image") + " with Trivy and Grype");
    const std::vector<Receipt> receipts = run_scans(world, layouts, scan);
    const auto failed = std::ranges::count_if(receipts, [](const Receipt& r) { return !r.failure.empty(); });
    step.end(failed == 0 ? counted(receipts.size(), "report")
                         : fmt::format("{} of {} scans failed", failed, receipts.size()));
}

std::vector<std::string> rescan_images(const World& world, const Settings& settings, const Project& project,
                                       const std::vector<Layout>& layouts) {
    if (layouts.empty()) return {};
    const ScanSettings scan = make_scan_settings(world, settings, project);
    TimedStep step(world, "scan", "the archived inventories of " + counted(layouts.size(), "image"));
    std::vector<std::string> names = rescan_from_sboms(world, layouts, scan);
    step.end(fmt::format("{} of {} scanned again, nothing pulled", names.size(), layouts.size()));
    return names;
}

Subject make_subject(const World& world, const Settings& settings, const Layout& layout) {
    return {.name = layout.name,
            .manifest = layout.manifest,
            .config = layout.config,
            .architecture = architecture_of(layout.platform),
            .scans = load_scans(world.files, settings.out / "scans", layout.name),
            .stand_in_bases = has_stand_in_base(world, layout)};
}

Subject make_subject(const std::string& name, std::vector<ScanResult> scans) {
    const Receipt receipt = scans.front().receipt;
    return {.name = name,
            .manifest = receipt.manifest,
            .config = receipt.config,
            .architecture = receipt.architecture,
            .scans = std::move(scans)};
}

std::vector<Verdict> judge_images(const World& world, const Settings& settings, const Project& project,
                                  const std::vector<Layout>& layouts, const std::map<std::string, Verdict>& published) {
    const std::vector<Base> bases = load_bases(world, settings);
    world.files.remove(settings.out / "verdicts");
    std::vector<Verdict> verdicts;
    const bool stand_ins = std::ranges::any_of(bases, &Base::stand_in);
    for (const Layout& layout : layouts) {
        const std::optional<Base> base = find_base(project, layout, bases);
        Subject subject = make_subject(world, settings, layout);
        subject.target = render_target(image_of(project.plan, layout.image).target);
        subject.stand_in_bases = subject.stand_in_bases || stand_ins;
        subject.python_unseen = lists_no_python(world, settings, layout);
        subject.base_rebuilt = base && is_rebuilt(*base);
        if (base) subject.base_created = base->created;
        if (const auto replaced = published.find(layout.name); replaced != published.end())
            subject.published = finding_keys(replaced->second);
        verdicts.push_back(
            judge(std::move(subject), project.policy, decision_time(world, settings), settings.max_database_age));
        world.files.write(settings.out / "verdicts" / (layout.name + ".json"), render_verdict_json(verdicts.back()));
    }
    return verdicts;
}

std::vector<Verdict> load_verdicts(const World& world, const Settings& settings, const std::vector<Layout>& layouts) {
    std::vector<Verdict> verdicts;
    for (const Layout& layout : layouts) {
        const std::filesystem::path file = settings.out / "verdicts" / (layout.name + ".json");
        verdicts.push_back(parse_verdict_json(world.files.read(file), file.string()));
    }
    return verdicts;
}
