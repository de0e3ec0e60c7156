#include "pipeline/reports.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "github/runner.h"
#include "pipeline/baseline.h"
#include "pipeline/checks.h"
#include "pipeline/contract_tests.h"
#include "pipeline/images.h"
#include "pipeline/scans.h"
#include "report/annotations.h"
#include "report/exports.h"
#include "report/heading.h"
#include "report/page.h"
#include "report/sarif.h"
#include "report/summary.h"
#include "report/terminal.h"
#include "system/parallel.h"
#include "verdict/advice.h"

namespace {

/// Where a maintainer begins to look. Code scanning knows an alert by its file, so this depends on what introduced the
/// package and on nothing that changes while the finding is there: its dismissal would be lost.
Place find_place(const Settings& settings, const Project& project, const Image& image, IntroducedBy origin) {
    const Row& row = project.plan.row_of(image);
    if (origin == IntroducedBy::ours)
        return {settings.dockerfile, line_of_stage(project.dockerfile, render_target(image.target)).value_or(1)};
    return {settings.image_matrix, origin == IntroducedBy::python ? row.python_line : row.line};
}

std::unordered_map<std::string, Remedy> make_remedies(const Settings& settings, const Project& project,
                                                      const Image& image, const ImageEvidence& evidence,
                                                      const FixPlan& plan, const Verdict& verdict, Date today) {
    std::unordered_map<std::string, Remedy> remedies;
    const auto add = [&](const Finding& finding, const Advice& advice, const std::string& waiver) {
        remedies[finding.key()] = {
            .kind = render_action(advice.action),
            .text = advice.text,
            .at = find_place(settings, project, image, find_introduced_by(finding, evidence.layers)),
            .waiver = waiver};
    };
    for (const Finding& finding : verdict.reported) add(finding, advise(finding, evidence, plan), "");
    for (const WaivedFinding& waived : verdict.waived) add(waived.finding, {Action::accepted, ""}, "");
    for (const Finding& finding : verdict.blocking)
        add(finding, advise(finding, evidence, plan), render_waiver(finding, today));
    return remedies;
}

/// Of an image that no matrix lists: the Dockerfile that it was built from is not here, so where to change something is
/// not known.
std::unordered_map<std::string, Remedy> make_remedies(const Verdict& verdict, Date today) {
    FixPlan plan;
    for (const Finding& finding : verdict.blocking) plan.add(finding, {});
    std::unordered_map<std::string, Remedy> remedies;
    const auto add = [&](const Finding& finding, const std::string& waiver) {
        const Advice advice = advise(finding, {}, plan);
        remedies[finding.key()] = {
            .kind = advice.action == Action::ours ? "change the image" : render_action(advice.action),
            .text = advice.text,
            .waiver = waiver};
    };
    for (const Finding& finding : verdict.reported) add(finding, "");
    for (const Finding& finding : verdict.blocking) add(finding, render_waiver(finding, today));
    return remedies;
}

ImageEvidence load_evidence(const World& world, const Project& project, const Layout& layout,
                            const std::vector<Base>& bases) {
    ImageEvidence evidence;
    evidence.python_version = image_of(project.plan, layout.image).python_version;
    evidence.layers = load_layers(world, project, layout, bases);
    if (const auto base = find_base(project, layout, bases)) {
        evidence.base = base->reference;
        evidence.base_rebuilt = is_rebuilt(*base);
    }
    return evidence;
}

/// An interrupted run leaves its images.
bool has_own_reports(const World& world, const std::filesystem::path& out) {
    const std::optional<std::string> verdict = world.files.read_if_there(out / "verdict.json");
    return verdict ? verdict->find("\"other_images\": true") == std::string::npos
                   : world.files.is_directory(out / "images");
}

}  // namespace

Run begin_run(const World& world, const Settings& settings, const Project& project) {
    Run run;
    run.program_version = PROGRAM_VERSION;
    run.repository = project.event.repository;
    run.revision = project.revision;
    run.address = project.event.run_url;
    run.finished = world.clock.now();
    run.policy = project.policy;
    run.policy_revision = project.policy_revision;
    run.warnings = project.policy_warnings;
    run.directory = github::directory_in_repository(world.environment, settings.directory);
    run.out = settings.out.string();
    return run;
}

Run gather_run(const World& world, const Settings& settings, const Project& project, const std::vector<Layout>& layouts,
               const std::vector<ContractReport>& contracts, const std::vector<Verdict>& verdicts) {
    const Date today = day_of(decision_time(world, settings));
    const std::vector<Base> bases = load_bases(world, settings);
    Run run = begin_run(world, settings, project);
    run.plan = project.plan;
    for (const Base& base : bases)
        run.bases.push_back({base.reference, base.digest, base.created, base.digest_now, base.stand_in});
    FixPlan plan;  // over all images: one step is asked for once
    std::map<std::string, ImageEvidence> evidence;
    for (const Layout& layout : layouts) {
        ImageRun image = make_image_run(settings, project.plan, layout.image, layout.platform);
        const auto verdict = std::ranges::find_if(
            verdicts, [&](const Verdict& v) { return v.manifest == layout.manifest && v.name == layout.name; });
        const auto contract = std::ranges::find(contracts, layout.name, &ContractReport::name);
        if (contract != contracts.end()) image.contract = *contract;
        if (verdict != verdicts.end()) {
            image.verdict = *verdict;
            evidence[layout.name] = load_evidence(world, project, layout, bases);
            for (const Finding& finding : verdict->blocking) plan.add(finding, evidence[layout.name]);
        }
        run.images.push_back(std::move(image));
    }
    for (ImageRun& image : run.images) {
        if (!image.verdict) continue;
        image.remedies = make_remedies(settings, project, image_of(project.plan, image.image), evidence[image.name],
                                       plan, *image.verdict, today);
    }
    const Judged judged = settings.only.empty() ? Judged::all_images : Judged::some_images;
    append(run.warnings, check_waivers(project.policy, verdicts, today, judged));
    append(run.warnings, project.warnings);
    append(run.warnings, check_categories(project.plan));
    append(run.warnings, check_upgrades(world, settings, project, layouts));
    append(run.warnings, check_contract_file(world, settings, contracts));
    return run;
}

Run gather_given_run(const World& world, const Settings& settings, const Project& project,
                     std::vector<Verdict> verdicts) {
    const Date today = day_of(decision_time(world, settings));
    Run run = begin_run(world, settings, project);
    append(run.warnings, check_waivers(project.policy, verdicts, today, Judged::unknown_targets));
    run.other_images = true;
    for (Verdict& verdict : verdicts) {
        ImageRun image;
        image.name = verdict.name;
        image.image = verdict.name;
        image.category = "images/" + verdict.name + "/";
        image.remedies = make_remedies(verdict, today);
        image.verdict = std::move(verdict);
        run.images.push_back(std::move(image));
    }
    return run;
}

void forget_reports(const World& world, const Settings& settings) {
    for (const char* made : {"sarif", "verdicts", "summary.md", "report.html", "findings.csv", "verdict.json"})
        world.files.remove(settings.out / made);  // what says what a run was about last
}

Settings for_other_images(const World& world, Settings settings) {
    if (has_own_reports(world, settings.out)) settings.out /= "other";
    forget_reports(world, settings);
    return settings;
}

std::string save_reports(const World& world, const Settings& settings, const Run& run) {
    world.files.remove(settings.out / "sarif");
    std::string summary;
    const auto write = [&](const std::string& name, const std::string& text) {
        world.files.write(settings.out / name, text);
    };
    std::vector<std::function<void()>> files;  // the longest first
    files.emplace_back([&] { write("report.html", render_page(run)); });
    for (const ImageRun& image : run.images) {
        files.emplace_back([&] {
            const auto sarif =
                render_sarif(image, run.program_version, {.from = settings.sarif_severity, .directory = run.directory});
            if (sarif) write("sarif/" + image.name + ".sarif", sarif->text);
        });
        if (image.verdict)
            files.emplace_back([&] { write("verdicts/" + image.name + ".json", render_verdict_json(*image.verdict)); });
    }
    files.emplace_back([&] { write("summary.md", summary = render_summary(run)); });
    files.emplace_back([&] { write("findings.csv", render_findings_csv(run)); });
    files.emplace_back([&] { write("verdict.json", render_verdict_summary_json(run)); });
    in_parallel(settings.jobs, files);
    return summary;
}

Result make_result(const Settings& settings, const Run& run, std::string summary) {
    Result result;
    const Outcome outcome = outcome_of(run);
    if (outcome == Outcome::vulnerable || is_contract_broken(run)) result.exit = Exit::refused;
    if (outcome == Outcome::unknown) result.exit = Exit::failed;
    result.problems = make_annotations(run);
    result.outputs["verdict"] = render_outcome(outcome);
    result.outputs["findings"] = std::to_string(count_findings(run).all());
    // Uploaded, files that lack what a scanner would have seen close its alerts.
    const bool complete = outcome != Outcome::unknown && pauses_of(run).empty();
    result.outputs["sarif"] = complete ? (settings.out / "sarif").string() : "";
    result.summary = std::move(summary);
    return result;
}

Result report_run(const World& world, const Settings& settings, const Run& run) {
    std::string summary = save_reports(world, settings, run);
    world.out << render_table(run, wants_colour(world));
    return make_result(settings, run, std::move(summary));
}

Reported report_verdicts(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts) {
    const Baseline baseline = judge_baseline(world, settings, project, layouts);
    const std::vector<Verdict> verdicts = judge_images(world, settings, project, layouts, baseline.published);
    Run run = gather_run(world, settings, project, layouts, load_contract_reports(world, settings, layouts), verdicts);
    add_changes(world, settings, project, baseline, run);
    Result result = report_run(world, settings, run);
    return {std::move(run), std::move(result)};
}

bool wants_colour(const World& world) {
    return isatty(STDOUT_FILENO) == 1 && variable(world, "NO_COLOR").empty() && variable(world, "TERM") != "dumb" &&
           variable(world, "GITHUB_ACTIONS").empty();
}
