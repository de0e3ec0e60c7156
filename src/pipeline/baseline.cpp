#include "pipeline/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "base/text.h"
#include "pipeline/contract_tests.h"
#include "pipeline/images.h"
#include "pipeline/registry_access.h"
#include "pipeline/scans.h"
#include "registry/fetch.h"
#include "registry/manifests.h"
#include "scan/scan.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

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
    registry::ClientSettings access = load_reading_access(world, settings, {host});
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

/// Nothing unless the same scanners left an inventory of both images: else the packages that only one scanner finds
/// would seem added or removed.
std::optional<std::vector<PackageChange>> compare_inventories(const World& world, const Settings& settings,
                                                              const fs::path& scans, const Verdict& published,
                                                              const Verdict& now) {
    const auto before = load_inventories(world.files, scans, now.name, published.manifest);
    const auto after = load_inventories(world.files, settings.out / "scans", now.name, now.manifest);
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
                if (const auto report = load_contract_report(world.files, tests / name))
                    reports.insert_or_assign(report->manifest, *report);
            });
        }
    }
    return reports;
}

}  // namespace

void scan_baseline(const World& world, const Settings& settings, const Project& project,
                   const std::vector<Layout>& layouts) {
    world.files.remove(scans_directory(settings));
    if (!github::is_proposed_change(project.event)) return;
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

Baseline judge_baseline(const World& world, const Settings& settings, const Project& project,
                        const std::vector<Layout>& layouts, bool are_published) {
    Baseline baseline{.scans = are_published ? settings.out / "scans" : scans_directory(settings)};
    if (!github::is_proposed_change(project.event)) return baseline;
    for (const Layout& layout : layouts) {
        std::vector<ScanResult> scans = load_scans(world.files, baseline.scans, layout.name);
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
    if (!github::is_proposed_change(project.event)) return;
    const std::map<std::string, ContractReport> released = load_released_contracts(world, settings);
    for (ImageRun& image : run.images) {
        if (!image.verdict) continue;
        const Verdict& now = *image.verdict;
        if (now.outcome == Outcome::unknown) {  // what a failed scan does not see would read as fixed
            add(run.warnings, {},
                image.name +
                    ": not compared with the published image: the verdict on it is unknown, so what it lacks cannot be "
                    "distinguished from what was not seen",
                "", Level::notice);
            continue;
        }
        if (const auto missing = baseline.missing.find(image.name); missing != baseline.missing.end()) {
            const bool stricter = project.policy.gate.new_only;  // only then is it worth a warning
            add(run.warnings, {},
                fmt::format("{}: there is nothing to compare it with ({}){}", image.name, missing->second,
                            stricter ? ": all its findings count, not only new ones" : ""),
                "", stricter ? Level::warning : Level::notice);
            continue;
        }
        const Verdict& published = baseline.published.at(image.name);
        image.change = Change{.published = published.manifest,
                              .added = missing_from(published, now),
                              .gone = missing_from(now, published),
                              .size_before = size_of(published),
                              .size = size_of(now)};
        succeeds(world, [&] {
            image.change->packages = compare_inventories(world, settings, baseline.scans, published, now);
        });
        const auto contract = released.find(published.manifest.text());
        if (contract != released.end() && image.contract)
            image.change->contract = compare_contracts(contract->second, *image.contract);
        const std::size_t known = now.pre_existing.size();
        if (known == 0) continue;
        // They may be below the threshold there: another version without a fix, a waiver for its path.
        add(run.warnings, {},
            fmt::format("{}: {} that would block {} in the published image too, whether it blocks there or not: only "
                        "new findings count",
                        image.name, counted(known, "finding"), known == 1 ? "is" : "are"),
            "gate.pull_requests: new-only in " + settings.policy + " lets it", Level::notice);
    }
}
