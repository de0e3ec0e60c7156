// `release`: the GitHub release of DEFRA_VERSION, with everything that replays the decision. And `judge --release`,
// which replays it.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "base/version.h"
#include "pipeline/evidence.h"
#include "pipeline/road.h"
#include "pipeline/step.h"
#include "report/release_notes.h"
#include "report/terminal.h"
#include "scan/scan.h"

namespace {

namespace fs = std::filesystem;

/// What the release before this one published and found.
std::optional<LastRelease> load_last_release(const World& world, const Settings& settings, github::Api& api,
                                             const std::string& version) {
    std::vector<github::Release> releases = github::load_releases(api);
    std::erase_if(releases, [&](const github::Release& r) {
        const auto theirs = parse_version(r.tag);
        return !theirs || *theirs >= *parse_version(version);
    });
    const github::Release* last = github::find_last_release(releases);
    if (last == nullptr) return std::nullopt;
    LastRelease result{.version = last->tag, .images = {}, .findings = std::nullopt};
    if (const auto record = fetch_publication(world, settings, api, *last)) {
        for (const PublishedImage& image : record->images) result.images.push_back(image.name);
    }
    const auto fetched = fetch_evidence(world, settings, api, *last, Scans::left_out);
    if (!fetched) return result;
    result.findings.emplace();
    for (const EvidenceImage& image : fetched->evidence.images) {
        const fs::path file = fetched->folder / "out/verdicts" / (image.name + ".json");
        const Verdict verdict = parse_verdict_json(world.files.read(file), file.string());
        for (const auto* findings : {&verdict.blocking, &verdict.reported})
            result.findings->insert(result.findings->end(), findings->begin(), findings->end());
        for (const WaivedFinding& waived : verdict.waived) result.findings->push_back(waived.finding);
    }
    return result;
}

/// Throws unless all that the release would tell of is out.
PublicationRecord load_complete_publication(const World& world, const Settings& settings) {
    const fs::path file = settings.out / "publication.json";
    const std::optional<std::string> text = world.files.read_if_there(file);
    if (!text) {
        throw Error{Exit::bad_input,
                    {{{file.string(), 0}, "nothing was published by this run", "publish first: a release comes last"}}};
    }
    PublicationRecord record = parse_publication_json(*text, file.string());
    if (record.complete && !record.images.empty()) return record;
    throw Error{Exit::refused,
                {{{file.string(), 0},
                  "the publication is not complete, so there is no release",
                  "press Re-run failed jobs: it goes on where it stopped"}}};
}

/// Images that are only for trying out are never released where others could take them for real.
void refuse_trial(const Run& run, const github::Api& api) {
    if (api.is_on_this_machine() || (!has_stand_in_bases(run) && !has_sample_data(run))) return;
    throw Error{Exit::refused,
                {{{},
                  "these images stand on stand-in bases or were judged with sample data: they are not released",
                  "such images are only for trying out"}}};
}

std::string render_plan(const github::WantedRelease& wanted) {
    std::string text = fmt::format("{} as {}, on {}\n", wanted.title, wanted.tag, wanted.revision);
    for (const github::AssetFile& asset : wanted.assets)
        text += fmt::format("  {} ({} bytes)\n", asset.name, asset.size);
    return text + "\n" + wanted.notes;
}

github::WantedRelease make_wanted(const Project& project, std::string notes, std::vector<github::AssetFile> assets) {
    const Job& job = project.plan.job;
    return {.tag = job.defra_version,
            .title = "Python " + job.defra_version,
            .notes = std::move(notes),
            .revision = project.revision,
            .default_branch = project.event.default_branch,
            .assets = std::move(assets),
            .at = {job.file, job.defra_version_line}};
}

std::vector<Verdict> load_verdicts(const World& world, const Settings& settings, const std::vector<Layout>& layouts) {
    std::vector<Verdict> verdicts;
    for (const Layout& layout : layouts) {
        const fs::path file = settings.out / "verdicts" / (layout.name + ".json");
        verdicts.push_back(parse_verdict_json(world.files.read(file), file.string()));
    }
    return verdicts;
}

// judge --release --------------------------------------------------------------------------------------------------

FetchedEvidence fetch_named_evidence(const World& world, const Settings& settings) {
    github::Api api = connect_github(world, settings);
    const std::vector<github::Release> releases = github::load_releases(api);
    const github::Release* release = github::find_published(releases, settings.release);
    if (release == nullptr)
        throw Error{Exit::bad_input,
                    {{{}, "there is no release " + settings.release, "see the repository's releases"}}};
    auto fetched = fetch_evidence(world, settings, api, *release, Scans::fetched);
    if (fetched) return std::move(*fetched);
    throw Error{Exit::failed,
                {{{},
                  "the release " + settings.release + " has no evidence: it was made before this action",
                  "what its images hold is found out by scanning them again"}}};
}

Subject make_subject(const World& world, const FetchedEvidence& fetched, const EvidenceImage& image) {
    return {.name = image.name,
            .target = image.target,
            .manifest = image.manifest,
            .config = image.config,
            .architecture = architecture_of(image.platform),
            .scans = load_scans(world.files, fetched.folder / "out/scans", image.name),
            .stand_in_bases = image.stand_in_bases,
            .base_rebuilt = image.base_rebuilt,
            .base_created = image.base_created};
}

ImageRun make_image_run(const EvidenceImage& image, Verdict verdict) {
    ImageRun run;
    run.name = image.name;
    run.image = image.image;
    run.platform = image.platform;
    run.category = "images/" + image.name + "/";
    run.at = {"image-matrix.json", 0};
    run.verdict = std::move(verdict);
    return run;
}

}  // namespace

github::MadeRelease release_images(const World& world, const Settings& settings, const Project& project,
                                   const std::vector<Layout>& layouts, const Run& run) {
    const PublicationRecord record = load_complete_publication(world, settings);
    github::Api api = connect_github(world, settings);
    refuse_trial(run, api);
    TimedStep step(world, "release", project.plan.job.defra_version);
    std::string notes =
        render_release_notes(run, record, load_last_release(world, settings, api, project.plan.job.defra_version));
    const github::WantedRelease wanted =
        make_wanted(project, std::move(notes), pack_evidence(world, settings, project, layouts, run));
    if (settings.dry_run) {
        world.out << render_plan(wanted);
        step.end("not made: a dry run");
        return {};
    }
    github::MadeRelease made = github::make_release(world, api, wanted);
    step.end(made.created ? made.address : "is out already: " + made.address);
    return made;
}

Result run_release(const World& world, const Settings& settings) {
    const Project project = load_project(world, settings);
    const Permission permission =
        decide_permission(make_occasion(project.event), settings.publish, settings.publish_branches);
    Result result{.exit = Exit::done,
                  .problems = project.warnings,
                  .outputs = {{"created", "false"}, {"release", ""}},
                  .summary = ""};
    if (!permission.granted) {
        if (settings.publish == PublishWish::required)
            throw Error{Exit::failed, {{{}, "no release: " + permission.reason, "publish: auto would let it pass"}}};
        result.problems.push_back({{}, "no release: " + permission.reason, "", Level::notice});
        return result;
    }
    const std::vector<Layout> layouts = load_built_images(world, settings, project);
    Run run = gather_run(world, settings, project, layouts, load_contract_reports(world, settings, layouts),
                         load_verdicts(world, settings, layouts));
    run.command = "release";
    const github::MadeRelease made = release_images(world, settings, project, layouts, run);
    result.outputs["created"] = made.created ? "true" : "false";
    result.outputs["release"] = made.address;
    if (!made.address.empty()) world.out << made.address << "\n";
    return result;
}

Result judge_release(const World& world, const Settings& settings) {
    const FetchedEvidence fetched = fetch_named_evidence(world, settings);
    const Evidence& evidence = fetched.evidence;
    Settings then = settings;
    then.policy = usual_policy;
    if (!then.severity) then.severity = evidence.severity;
    Run run;
    run.program_version = PROGRAM_VERSION;
    run.command = "judge";
    run.other_images = true;
    run.revision = evidence.revision;
    run.plan.job.defra_version = evidence.version;
    LoadedPolicy loaded = load_policy(world, then, fetched.folder);
    run.policy = std::move(loaded.policy);
    run.policy_revision = std::move(loaded.revision);
    run.policy_warnings = std::move(loaded.warnings);
    run.out = settings.out.string();

    std::vector<std::string> differing;
    for (const EvidenceImage& image : evidence.images) {
        const Time day = settings.today ? Time(*settings.today) : image.decided;
        run.finished = std::max(run.finished, day);
        Verdict verdict = judge(make_subject(world, fetched, image), run.policy, day, evidence.max_database_age);
        if (verdict.outcome != image.outcome) {
            differing.push_back(fmt::format("{} was {} then and is {} now", image.name, render_outcome(image.outcome),
                                            render_outcome(verdict.outcome)));
        }
        run.images.push_back(make_image_run(image, std::move(verdict)));
    }
    std::string summary = save_reports(world, settings, run);
    world.out << render_table(run, wants_colour(world));
    Result result = make_result(settings, run, std::move(summary));
    if (differing.empty()) {
        world.log << "judge    the verdicts are those of " << render_time(run.finished) << "\n";
    }
    for (const std::string& one : differing) {
        result.problems.push_back(
            {{}, one, "then it was decided by python-image-action " + evidence.program, Level::warning});
    }
    return result;
}
