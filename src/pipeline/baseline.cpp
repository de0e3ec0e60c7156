#include "pipeline/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "base/text.h"
#include "pipeline/images.h"
#include "pipeline/registry_access.h"
#include "pipeline/scans.h"
#include "registry/fetch.h"
#include "registry/manifests.h"
#include "scan/scan.h"
#include "system/timings.h"
#include "verdict/verdict.h"

namespace {

namespace fs = std::filesystem;

/// True for a pull request: everything else is judged by itself.
bool wants_baseline(const Project& project) {
    return github::is_proposed_change(project.event);
}

fs::path scans_directory(const Settings& settings) {
    return settings.out / "scans" / "published";
}

/// A comparison that cannot be made is worth a line in the log: without it the gate is the stricter one.
bool succeeds(const World& world, const std::function<void()>& step) {
    const std::optional<Error> error = failure_of(step);
    if (error) world.log << render_problems(at_level(Level::notice, error->problems));
    return !error;
}

/// The first of the image's tags that is there, as a reference by digest; empty if none is.
std::string find_published(registry::Client& client, const std::string& host, const Image& image) {
    std::vector<std::string> tags = image.moving_tags;
    tags.push_back(image.version_tag);
    for (const std::string& tag : tags) {
        const auto digest = registry::ask_tag(client, host, image.repository, tag);
        if (digest) return render_reference({host, image.repository, tag, digest});
    }
    return "";
}

std::vector<Layout> fetch_published(const World& world, const Settings& settings, const Project& project,
                                    const std::vector<Layout>& layouts) {
    const std::string host = registry_of_credentials(settings);
    Problems known;  // reported by the publication, which has the same options
    registry::ClientSettings access = load_reading_access(world, settings, {host}, known);
    access.mirrors = settings.mirrors;
    registry::Client client(world, access);
    std::vector<Layout> published;
    for (const Layout& layout : layouts) {
        succeeds(world, [&] {
            const std::string reference = find_published(client, host, image_of(project.plan, layout.image));
            if (reference.empty()) return;
            const std::vector<registry::FetchRequest> requests = {{reference, layout.image, layout.platform}};
            for (registry::Fetched& one :
                 registry::fetch_images(world, client, requests, settings.out / "published" / "images", settings.jobs))
                published.push_back(std::move(one.layout));
        });
    }
    return published;
}

/// What a missing comparison means is worth a warning only where it makes the gate stricter.
Problem note_no_baseline(const Project& project, const std::string& name, const std::string& why) {
    const bool new_only = project.policy.gate.new_only;
    return {{},
            fmt::format("{}: there is nothing to compare it with ({}){}", name, why,
                        new_only ? ": all its findings count, not only new ones" : ""),
            "",
            new_only ? Level::warning : Level::notice};
}

/// What a failed scan does not see would read as fixed.
Problem note_no_comparison(const std::string& name) {
    return {{},
            name +
                ": not compared with the published image: the verdict on it is unknown, so what it lacks cannot be "
                "distinguished from what was not seen",
            "",
            Level::notice};
}

/// What the published image has may be below the threshold there: another version without a fix, a waiver for its path.
/// A change does not add it all the same.
Problem note_pre_existing(const Settings& settings, const std::string& name, std::size_t findings) {
    return {{},
            fmt::format("{}: {} that would block {} in the published image too, whether it blocks there or not: only "
                        "new findings count",
                        name, counted(findings, "finding"), findings == 1 ? "is" : "are"),
            "gate.pull_requests: new-only in " + settings.policy + " lets it",
            Level::notice};
}

Change make_change(const Verdict& published, const Verdict& now) {
    Comparison comparison = compare_verdicts(published, now);
    return {.published = published.manifest,
            .added = std::move(comparison.added),
            .gone = std::move(comparison.gone),
            .size_before = size_of(published),
            .size = size_of(now)};
}

/// Nothing unless the same scanners left an inventory of both images: what only one of the two was looked at with would
/// seem to come or to go.
std::optional<std::vector<PackageChange>> compare_inventories(const World& world, const Settings& settings,
                                                              const Verdict& published, const Verdict& now) {
    const auto before = load_inventories(world.files, scans_directory(settings), {now.name, published.manifest});
    const auto after = load_inventories(world.files, settings.out / "scans", {now.name, now.manifest});
    const bool alike =
        std::ranges::equal(before, after, [](const auto& a, const auto& b) { return a.first == b.first; });
    if (before.empty() || !alike) return std::nullopt;
    std::vector<Package> all_before;
    std::vector<Package> all_after;
    for (const auto& [scanner, packages] : before) {
        all_before.insert(all_before.end(), packages.begin(), packages.end());
        all_after.insert(all_after.end(), after.at(scanner).begin(), after.at(scanner).end());
    }
    return compare_packages(all_before, all_after);
}

/// The contract's results in the releases that were fetched, by the digest of the manifest that was tested: whatever
/// the release and the image were called, they are about these very bytes.
std::map<std::string, ContractReport> load_released_contracts(const World& world, const Settings& settings) {
    std::map<std::string, ContractReport> reports;
    const fs::path releases = settings.out / "releases";
    for (const std::string& release : world.files.names_in(releases)) {
        const fs::path tests = releases / release / "out/tests";
        for (const std::string& name : world.files.names_in(tests)) {
            succeeds(world, [&] {
                const fs::path file = tests / name;
                const ContractReport report = parse_contract_json(world.files.read(file), file.string());
                reports.insert_or_assign(report.manifest, report);
            });
        }
    }
    return reports;
}

}  // namespace

void scan_baseline(const World& world, const Settings& settings, const Project& project,
                   const std::vector<Layout>& layouts) {
    world.files.remove(scans_directory(settings));
    if (!wants_baseline(project)) return;
    Settings separate = settings;
    separate.out = settings.out / "published";
    world.files.remove(separate.out);
    TimedStep step(world, "baseline", "what is published in the place of " + counted(layouts.size(), "image"));
    std::vector<Layout> published;
    const bool scanned = succeeds(world, [&] {
        published = fetch_published(world, settings, project, layouts);
        scan_images(world, separate, project, published);
    });
    if (scanned && !published.empty()) {
        world.files.make_directory(settings.out / "scans");
        world.files.rename(separate.out / "scans", scans_directory(settings));
    }
    step.end(fmt::format("{} of {} to compare with", scanned ? published.size() : 0, layouts.size()));
}

void take_as_baseline(const World& world, const Settings& settings, const Project& project,
                      const std::vector<Layout>& layouts) {
    world.files.remove(scans_directory(settings));
    if (!wants_baseline(project)) return;
    for (const Layout& layout : layouts) {
        const fs::path scans = settings.out / "scans" / layout.name;
        world.files.make_directory(scans_directory(settings) / layout.name);
        for (const std::string& name : world.files.names_in(scans))
            world.files.link_or_copy(scans / name, scans_directory(settings) / layout.name / name);
    }
}

Baseline judge_baseline(const World& world, const Settings& settings, const Project& project,
                        const std::vector<Layout>& layouts) {
    Baseline baseline;
    if (!wants_baseline(project)) return baseline;
    for (const Layout& layout : layouts) {
        std::vector<ScanResult> scans = load_scans(world.files, scans_directory(settings), layout.name);
        if (scans.empty()) {
            baseline.missing[layout.name] = "nothing is published that it would replace";
            continue;
        }
        Subject subject = make_subject(layout.name, std::move(scans));
        subject.target = render_target(image_of(project.plan, layout.image).target);
        Verdict published =
            judge(std::move(subject), project.policy, decision_time(world, settings), settings.max_database_age);
        if (published.outcome == Outcome::unknown)
            baseline.missing[layout.name] = joined(published.unknown_because, "; ");
        else
            baseline.published.emplace(layout.name, std::move(published));
    }
    return baseline;
}

void add_changes(const World& world, const Settings& settings, const Project& project, const Baseline& baseline,
                 Run& run) {
    if (!wants_baseline(project)) return;
    const std::map<std::string, ContractReport> released = load_released_contracts(world, settings);
    for (ImageRun& image : run.images) {
        if (!image.verdict) continue;
        const Verdict& now = *image.verdict;
        if (now.outcome == Outcome::unknown) {
            run.warnings.push_back(note_no_comparison(image.name));
            continue;
        }
        if (const auto missing = baseline.missing.find(image.name); missing != baseline.missing.end()) {
            run.warnings.push_back(note_no_baseline(project, image.name, missing->second));
            continue;
        }
        const Verdict& published = baseline.published.at(image.name);
        image.change = make_change(published, now);
        succeeds(world, [&] { image.change->packages = compare_inventories(world, settings, published, now); });
        const auto contract = released.find(published.manifest.text());
        if (contract != released.end() && image.contract)
            image.change->contract = compare_contracts(contract->second, *image.contract);
        if (!now.pre_existing.empty())
            run.warnings.push_back(note_pre_existing(settings, image.name, now.pre_existing.size()));
    }
}
