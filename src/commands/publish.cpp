// `publish`: exactly the images that were built, scanned and judged clean; every tag after everything it names.
// `publish --rollback-to VERSION`: the moving tags go back to a published version. Nothing is built, stored or judged.
#include "pipeline/publish.h"

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "commands/commands.h"
#include "pipeline/contract_tests.h"
#include "pipeline/github.h"
#include "pipeline/images.h"
#include "pipeline/reports.h"
#include "pipeline/scans.h"
#include "report/summary.h"
#include "system/timings.h"

namespace {

/// Needs --to and --reason; only allowed where this run may publish. out/publication.json records the reason.
Result roll_back(const World& world, const Settings& settings) {
    if (settings.to.empty())
        throw Error{Exit::bad_input, "--rollback-to needs --to", "name the registry whose tags go back"};
    const Project project = load_project(world, settings);
    const github::Permission permission = ask_permission(settings, project);
    if (!permission.granted) {
        return {.exit = Exit::failed,
                .problems = {{{},
                              "Nothing visible changed. Tags go back only where this run may publish, but " +
                                  permission.reason,
                              "start it by hand on a publish branch (workflow_dispatch)"}},
                .outputs = {{"published", "false"}, {"reason", permission.reason}}};
    }
    Destination destination(world, settings);
    TimedStep step(world, "rollback", destination.name() + " to " + settings.rollback_to);
    Publication publication;
    before_anything_is_visible([&] {
        publication = plan_rollback(project.plan, destination.load_existing(project.plan, settings.rollback_to),
                                    settings.rollback_to, settings.reason);
    });
    Published published = execute_publication(world, settings, publication, {}, destination, step);
    if (published.state.result == PublicationState::Result::published) {
        add(published.result.problems, {project.plan.job.file, project.plan.job.defra_version_line},
            "the tags are back at " + settings.rollback_to + "; the next run of this branch moves them forwards again",
            "revert what was wrong and raise DEFRA_VERSION before anything else is merged", Level::warning);
    }
    world.out << published.result.outputs["tags"] << "\n";
    return published.result;
}

/// Only the reports in out/tests tell whether an earlier step tested the images.
void report_untested(const std::vector<Layout>& layouts, const std::vector<ContractReport>& contracts, Result& result) {
    std::vector<std::string> untested;
    for (const Layout& layout : layouts) {
        if (std::ranges::find(contracts, layout.name, &ContractReport::name) == contracts.end())
            untested.push_back(layout.name);
    }
    if (untested.empty()) return;
    add(result.problems, {}, "published without a test of the contract: " + joined(untested, ", "),
        "run `test` before `publish`, unless the contract is off on purpose", Level::notice);
}

}  // namespace

Result run_publish(const World& world, const Settings& settings) {
    if (!settings.rollback_to.empty()) return roll_back(world, settings);
    const Project project = load_project(world, settings);
    const std::vector<Layout> layouts = load_built_images(world, settings, project);
    const std::vector<Verdict> verdicts = judge_images(world, settings, project, layouts);
    const std::vector<ContractReport> contracts = load_contract_reports(world, settings, layouts);
    Published published = publish_images(world, settings, project, layouts, verdicts, contracts);
    if (published.state.result == PublicationState::Result::published)
        report_untested(layouts, contracts, published.result);
    if (project.event.in_workflow) {
        Run run = gather_run(world, settings, project, layouts, contracts, verdicts);
        run.publication = published.state;
        published.result.summary = render_publication_summary(run);
        upload_findings(world, settings, project, run, published.result);
    }
    world.out << published.result.outputs["tags"] << "\n";
    return published.result;
}
