// `run`: the whole pipeline, from image-matrix.json to published images.
#include <algorithm>
#include <ostream>
#include <sstream>

#include "commands/commands.h"
#include "pipeline/baseline.h"
#include "pipeline/build_images.h"
#include "pipeline/checks.h"
#include "pipeline/contract_tests.h"
#include "pipeline/github.h"
#include "pipeline/images.h"
#include "pipeline/project.h"
#include "pipeline/publish.h"
#include "pipeline/release.h"
#include "pipeline/reports.h"
#include "pipeline/scans.h"
#include "pipeline/unchanged.h"
#include "report/terminal.h"
#include "system/parallel.h"
#include "system/timings.h"

namespace {

/// With gate.publish: no-worse a vulnerable run is tried too: what is published may be no better.
bool may_be_published(const Project& project, const Run& run, const Result& result) {
    return result.exit == Exit::done ||
           (project.policy.gate.publish_no_worse && outcome_of(run) == Outcome::vulnerable && !is_contract_broken(run));
}

/// Only a clean run publishes. What happened there is part of every report.
void publish_if_clean(const World& world, const Settings& settings, const Project& project,
                      const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                      const std::vector<ContractReport>& contracts, Run& run, Result& result) {
    if (!may_be_published(project, run, result)) {
        const std::string reason = outcome_of(run) == Outcome::clean
                                       ? "an image fails its contract"
                                       : "the verdict is " + render_outcome(outcome_of(run));
        run.publication = PublicationState{.result = PublicationState::Result::refused, .reason = reason};
        result.outputs["published"] = "false";
        result.outputs["reason"] = reason;
        return;
    }
    const Published published = publish_images(world, settings, project, layouts, verdicts, contracts);
    run.publication = published.state;
    for (const auto& [name, value] : published.result.outputs) result.outputs[name] = value;
    append(result.problems, published.result.problems);
    if (ask_permission(settings, project).granted) result.exit = published.result.exit;
}

/// Where images were published to a place that was named, the version gets its release.
void release_if_published(const World& world, const Settings& settings, const Project& project,
                          const std::vector<Layout>& layouts, Run& run, Result& result) {
    const bool out = run.publication && (run.publication->result == PublicationState::Result::published ||
                                         run.publication->result == PublicationState::Result::already_there);
    if (!out || settings.to.empty() || settings.dry_run || !project.event.in_workflow) return;
    const std::string reason = !settings.only.empty()        ? "--only chooses some images"
                               : !has_github(world, settings) ? "there is no token for GitHub"
                                                              : "";
    if (!reason.empty()) {
        add(result.problems, {}, "no release: " + reason, "", Level::notice);
        return;
    }
    const std::optional<Error> error = failure_of([&] {
        const github::MadeRelease made = release_images(world, settings, project, layouts, run);
        run.publication->release = made.url;
        add_release(made, result);
    });
    if (!error) return;
    // The images are published all the same: outputs and reports have to say so.
    result.exit = std::max(result.exit, error->exit);
    append(result.problems, error->problems);
    result.outputs["created"] = "false";
}

/// What check found is part of the reports, each warning once.
void add_warnings(Run& run, const Problems& problems) {
    for (const Problem& problem : problems) {
        if (std::ranges::find(run.warnings, problem) == run.warnings.end()) run.warnings.push_back(problem);
    }
}

/// Contract tests mostly wait for containers, and scans take the processor. What the scans log follows in one piece.
std::vector<ContractReport> test_meanwhile_scan(const World& world, const Settings& settings, const Project& project,
                                                const std::vector<Layout>& layouts) {
    std::vector<ContractReport> contracts;
    std::ostringstream log;
    const World scanning{world.processes, world.http,        world.files, world.clock,
                         world.timings,   world.environment, world.out,   log};
    try {
        in_parallel(2, {[&] { contracts = test_images(world, settings, project, layouts); },
                        [&] { scan_images(scanning, settings, project, layouts); }});
    } catch (const Error&) {  // what was scanned is shown also if the tests could not be run
        world.log << log.str();
        throw;
    }
    world.log << log.str();
    return contracts;
}

ScannedImages prepare_images(const World& world, const Settings& settings, const Project& project) {
    if (std::optional<ScannedImages> published = rescan_unchanged(world, settings, project))
        return std::move(*published);
    Built built;  // building takes the processor and the databases take the network, both for minutes
    in_parallel(
        2, {[&] { built = build_images(world, settings, project); }, [&] { fetch_databases_early(world, settings); }});
    std::vector<ContractReport> contracts = test_meanwhile_scan(world, settings, project, built.layouts);
    scan_baseline(world, settings, project, built.layouts);
    return {std::move(built.layouts), std::move(contracts), std::move(built.notices), std::nullopt};
}

/// Nothing is left to publish or to release. With gate.publish: no-worse a run that may publish passes: what is
/// published is no worse than itself.
void conclude_unchanged(const Settings& settings, const Project& project, const FetchedRelease& unchanged, Run& run,
                        Result& result) {
    const bool publishes = ask_permission(settings, project).granted;
    if (result.exit != Exit::done && publishes && may_be_published(project, run, result)) {
        result.exit = Exit::done;
        add(result.problems, {}, "what is published is vulnerable, and this run passes because it is no worse",
            "gate.publish: no-worse in the policy lets it", Level::warning);
    }
    run.publication = PublicationState{.result = PublicationState::Result::already_there,
                                       .to = unchanged.record.destination,
                                       .reason = run.not_built,
                                       .tags = {},
                                       .release = unchanged.release.url};
    result.outputs["published"] = "false";
    result.outputs["created"] = "false";
    result.outputs["release"] = unchanged.release.url;
    result.outputs["reason"] = run.not_built;
    result.outputs["digests"] = render_digests(unchanged.record.images);
}

}  // namespace

Result run_all(const World& world, const Settings& settings) {
    const Time started = world.clock.now();
    forget_reports(world, settings);
    TimedStep step(world, "check", "image-matrix.json, JOB.env, the Dockerfile and the policy");
    const Project project = load_project(world, settings);
    const Problems problems = check_project(world, settings, project);
    if (has_errors(problems)) throw Error{Exit::bad_input, problems};
    step.end(std::to_string(project.plan.images.size()) + " images planned");

    try_publication(world, settings, project);

    const ScannedImages images = prepare_images(world, settings, project);
    const std::vector<Layout>& layouts = images.layouts;
    const Baseline baseline = judge_baseline(world, settings, project, layouts, images.release.has_value());
    const std::vector<Verdict> verdicts = judge_images(world, settings, project, layouts, baseline.published);

    Run run = gather_run(world, settings, project, layouts, images.contracts, verdicts);
    run.command = "run";
    if (images.release) run.not_built = render_not_built(*images.release);
    run.started = started;
    add_warnings(run, problems);
    add_warnings(run, images.notices);
    add_changes(world, settings, project, baseline, run);
    Result result = make_result(settings, run, save_reports(world, settings, run));
    result.outputs["problems"] = std::to_string(problems.size());
    result.outputs["tested"] = settings.contract == "off" ? "off" : is_contract_broken(run) ? "false" : "true";
    result.outputs["digests"] = render_digests(layouts);
    result.outputs["build"] = run.not_built.empty() ? "true" : "false";
    warn_of_old_scan(world, settings, project, result);
    if (images.release) {
        conclude_unchanged(settings, project, *images.release, run, result);
    } else {
        publish_if_clean(world, settings, project, layouts, verdicts, images.contracts, run, result);
    }
    save_reports(world, settings, run);
    upload_findings(world, settings, project, run, result);
    if (!images.release) release_if_published(world, settings, project, layouts, run, result);
    result.summary = save_reports(world, settings, run);
    world.out << render_ending(run, wants_colour(world));
    return result;
}
