#include "pipeline/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "base/version.h"
#include "pipeline/evidence.h"
#include "pipeline/github.h"
#include "report/release_notes.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

/// What the release before this one published and found.
std::optional<LastRelease> load_last_release(const World& world, const Settings& settings, github::Api& api,
                                             const std::string& version) {
    std::vector<github::Release> releases = github::load_releases(api);
    std::erase_if(releases, [&](const github::Release& r) { return parse_version(r.tag) >= parse_version(version); });
    const github::Release* last = github::find_last_release(releases);
    if (last == nullptr) return std::nullopt;
    const std::optional<FetchedRelease> fetched = fetch_release(world, settings, api, *last);
    LastRelease result{.version = last->tag};
    if (!fetched) return result;
    for (const PublishedImage& image : fetched->record.images) result.images.push_back(image.name);
    result.findings.emplace();
    for (const EvidenceImage& image : fetched->evidence.images) {
        const fs::path file = fetched->directory / "out/verdicts" / (image.name + ".json");
        const Verdict verdict = parse_verdict_json(world.files.read(file), file.string());
        for (const Finding* finding : gated_findings(verdict)) result.findings->push_back(*finding);
    }
    return result;
}

/// Throws unless everything that the release would describe is published.
PublicationRecord load_complete_publication(const World& world, const Settings& settings, const Plan& plan) {
    const fs::path file = settings.out / "publication.json";
    const std::optional<std::string> text = world.files.read_if_there(file);
    if (!text) {
        throw Error{Exit::bad_input, Place{file.string()}, "nothing was published by this run",
                    "publish first: a release comes last"};
    }
    PublicationRecord record = parse_publication_json(*text, file.string());
    if (record.destination == "oci:" + (settings.out / "registry").string()) {
        throw Error{Exit::refused, Place{file.string()},
                    "the images were published only to " + record.destination + ", so there is no release",
                    "name a registry with `to` where they are published"};
    }
    if (!record.complete || record.images.empty()) {
        throw Error{Exit::refused, Place{file.string()}, "the publication is not complete, so there is no release",
                    "press Re-run failed jobs: it goes on where it stopped"};
    }
    for (const Image& image : plan.images) {
        const auto is_it = [&](const PublishedImage& one) {
            return one.repository == image.repository && one.version_tag == image.version_tag;
        };
        if (std::ranges::any_of(record.images, is_it)) continue;
        throw Error{Exit::refused, Place{file.string()},
                    fmt::format("{}:{} was not published by this run, so there is no release", image.repository,
                                image.version_tag),
                    "publish it first: a release comes last"};
    }
    return record;
}

}  // namespace

github::MadeRelease release_images(const World& world, const Settings& settings, const Project& project,
                                   const std::vector<Layout>& layouts, const Run& run) {
    if (!settings.only.empty()) {
        throw Error{Exit::refused, "--only chooses some images, but a release covers all",
                    "release without --only when all are published"};
    }
    const PublicationRecord record = load_complete_publication(world, settings, project.plan);
    github::Api api = connect_github(world, settings);
    const bool is_trial = has_stand_in_bases(run) || has_sample_data(run);
    if (is_trial && !api.is_on_this_machine()) {  // others could take them for real
        throw Error{Exit::refused,
                    "these images stand on stand-in bases or were judged with sample data: they are not released",
                    "such images are only for trying out"};
    }
    TimedStep step(world, "release", project.plan.job.defra_version);
    std::string notes =
        render_release_notes(run, record, load_last_release(world, settings, api, project.plan.job.defra_version));
    const Job& job = project.plan.job;
    const github::WantedRelease wanted = {.tag = job.defra_version,
                                          .title = "Python " + job.defra_version,
                                          .notes = std::move(notes),
                                          .revision = project.revision,
                                          .default_branch = project.event.default_branch,
                                          .assets = pack_evidence(world, settings, project, layouts, run),
                                          .at = {job.file, job.defra_version_line}};
    if (settings.dry_run) {
        world.out << fmt::format("{} as {}, on {}\n", wanted.title, wanted.tag, wanted.revision);
        for (const github::AssetFile& asset : wanted.assets)
            world.out << fmt::format("  {} ({} bytes)\n", asset.name, asset.size);
        world.out << "\n" << wanted.notes;
        step.end("not made: a dry run");
        return {};
    }
    github::MadeRelease made = github::make_release(world, api, wanted);
    step.end(made.created ? made.url : "is published already: " + made.url);
    return made;
}

void add_release(const github::MadeRelease& made, Result& result) {
    result.outputs["created"] = made.created ? "true" : "false";
    result.outputs["release"] = made.url;
    if (made.lacking.empty()) return;
    add(result.problems, {},
        "the release " + made.url + " was not made by this action: it has no " + joined(made.lacking, ", "),
        "its verdict cannot be replayed, and the nightly scan goes by the version tags: delete "
        "it and run this job again, or raise DEFRA_VERSION",
        Level::warning);
}
