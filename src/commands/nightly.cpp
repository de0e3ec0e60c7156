// `nightly`: what is published, scanned again with today's databases; one tracking issue is kept up to date.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "base/encoding.h"
#include "base/text.h"
#include "commands/commands.h"
#include "github/code_scanning.h"
#include "github/issues.h"
#include "pipeline/github.h"
#include "pipeline/images.h"
#include "pipeline/published_images.h"
#include "pipeline/registry_access.h"
#include "pipeline/reports.h"
#include "pipeline/scans.h"
#include "report/terminal.h"
#include "system/timings.h"

namespace {

registry::Client make_client(const World& world, const Settings& settings, Problems& warnings) {
    registry::ClientSettings access = load_registry_access(world, settings, {registry_of_credentials(settings)});
    append(warnings, access.unused_credentials);
    access.mirrors = settings.mirrors;
    return {world, access};
}

/// What can be scanned again from what the release keeps need not be pulled.
std::vector<Layout> scan_published(const World& world, registry::Client& client, const Settings& settings,
                                   const NightlyTargets& published) {
    const std::vector<std::string> again = rescan_images(world, settings, published.project, published.kept);
    const auto is_scanned = [&](const std::string& name) { return std::ranges::find(again, name) != again.end(); };
    std::vector<Layout> layouts = published.kept;
    std::erase_if(layouts, [&](const Layout& layout) { return !is_scanned(layout.name); });
    std::vector<registry::FetchRequest> others = published.requests;
    std::erase_if(others, [&](const registry::FetchRequest& request) { return is_scanned(name_of(request)); });
    if (others.empty()) return layouts;
    const std::string by = published.released ? "the release " + published.project.plan.job.defra_version
                                              : "the version tags of " + settings.image_matrix;
    TimedStep step(world, "fetch", counted(others.size(), "image") + ", published by " + by);
    std::vector<Layout> pulled;
    for (registry::Fetched& fetched :
         registry::fetch_images(world, client, others, settings.out / "images", settings.jobs))
        pulled.push_back(std::move(fetched.layout));
    step.end(counted(pulled.size(), "image"));
    scan_images(world, settings, published.project, pulled);
    layouts.insert(layouts.end(), pulled.begin(), pulled.end());
    return layouts;
}

Run scan_and_judge(const World& world, const Settings& settings, NightlyTargets& published) {
    registry::Client client = make_client(world, settings, published.project.warnings);
    set_missing_apart(client, settings, published);
    const std::vector<Layout> layouts = scan_published(world, client, settings, published);
    renew_bases(world, client, settings, published.project.warnings);
    const std::vector<Verdict> verdicts = judge_images(world, settings, published.project, layouts);
    return gather_run(world, settings, published.project, layouts, {}, verdicts);
}

// When it fails ----------------------------------------------------------------------------------------------------
//
// The result of a nightly run that did not finish is unknown, and the issue has to say so: here, and only here, what
// was thrown becomes a problem of a run that ends in an orderly way.

/// A release that cannot be fetched or understood does not say what is published.
NightlyTargets find_or_explain(const World& world, const Settings& settings, github::Api& api) {
    try {
        // It reads moving tags, so it uses no mirror: one may show for hours what a tag named before. The scan reports
        // credentials that cannot be used.
        std::optional<registry::Client> client;
        failure_of(
            [&] { client.emplace(world, load_registry_access(world, settings, {registry_of_credentials(settings)})); });
        return find_published(world, settings, api, client);
    } catch (const Error& error) {
        if (error.exit != Exit::failed) throw;
        NightlyTargets published{.project = load_policy_project(world, settings), .released = true};
        append(published.project.warnings, error.problems);
        return published;
    }
}

Run scan_or_explain(const World& world, const Settings& settings, NightlyTargets& published) {
    Run run;
    const std::optional<Error> error = failure_of([&] { run = scan_and_judge(world, settings, published); });
    if (!error) return run;
    run = gather_run(world, settings, published.project, {}, {}, {});
    append(run.warnings, error->problems);
    for (const registry::FetchRequest& request : published.requests)
        run.images.push_back(make_image_run(settings, published.project.plan, request.image, request.platform));
    return run;
}

// The tracking issue -----------------------------------------------------------------------------------------------

/// Its URL becomes the output `issue`. Returns whether there are new findings: without an issue that lists the known
/// ones, all are new. A repository without issues, or a token that may not write them, is a warning and no failure.
bool keep_issue(const Settings& settings, github::Api& api, const Run& run, bool only_reports, Result& result) {
    bool news = true;
    std::string url;
    const std::optional<Error> error = failure_of([&] {
        const github::TrackingIssues issues = github::load_tracking_issues(api);
        const auto state_of = [](const std::optional<github::TrackingIssue>& issue) {
            return issue ? std::optional(issue->state) : std::nullopt;
        };
        const TrackingPlan plan = plan_tracking(run, state_of(issues.open), state_of(issues.closed), settings.notify);
        news = !plan.news.empty();
        if (!only_reports) url = github::carry_out(api, plan, issues);
    });
    if (error) append(result.problems, at_level(Level::warning, error->problems));
    result.outputs["issue"] = url;
    return news;
}

/// GitHub switches a schedule off after 60 days without a commit; to enable the workflow again starts them again.
void keep_schedule_alive(const World& world, github::Api& api, const github::Event& event) {
    const std::string reference = variable(world, "GITHUB_WORKFLOW_REF");  // OWNER/NAME/.github/workflows/FILE@REF
    if (event.name != "schedule" || reference.empty()) return;
    const std::string path = reference.substr(0, reference.find('@'));
    const std::string file = path.substr(path.rfind('/') + 1);
    const Response response =
        api.send({.method = "PUT", .path = "actions/workflows/" + percent_encoded(file) + "/enable"});
    world.log
        << (response.status == 204
                ? "schedule " + file + " stays switched on for another 60 days\n"
                : "schedule GitHub switches " + file +
                      " off after 60 days without a commit; with `permissions: actions: write` this keeps it on\n");
}

/// Alerts of a version that is no longer in the matrix stay open for ever unless their analyses go.
void retire(const World& world, const Settings& settings, github::Api& api) {
    if (settings.retire.empty()) return;
    const Project project = load_project(world, settings);
    for (const Row& row : project.plan.matrix.rows) {
        if (!row.python_version.starts_with(settings.retire + ".")) continue;
        throw Error{Exit::bad_input, Place{settings.image_matrix, row.line},
                    "--retire " + settings.retire + ": Python " + row.python_version + " is still in the matrix",
                    "take it out first"};
    }
    const std::size_t removed = github::remove_analyses(api, "images/" + settings.retire + "/") +
                                github::remove_analyses(api, "images/" + settings.retire + ".");
    world.log << fmt::format("retire   {} of Python {} removed from code scanning\n",
                             counted(removed, "analysis", "analyses"), settings.retire);
}

/// The tracking issue, the alerts and the schedule belong to what is published. Only a nightly run of the default
/// branch may change them: neither another branch's policy nor an event that strangers can cause. Empty: this run may.
std::string why_only_report(const github::Event& event) {
    if (!event.in_workflow) return "";
    if (event.name != "schedule" && event.name != "workflow_dispatch")
        return "the event is \"" + event.name + "\", not a schedule or a dispatch";
    if (event.repository != event.event_repository)
        return "the event is about " + event.event_repository + ", the workflow runs in " + event.repository;
    if (event.ref != "refs/heads/" + event.default_branch)
        return event.ref + " is not the default branch " + event.default_branch;
    return "";
}

/// True before the first publication: there is no release, nothing in the registry, and no earlier scan. After a
/// scan with a result, images that are gone make an unknown verdict.
bool is_before_first_publication(const World& world, const Settings& settings, github::Api& api,
                                 const github::Event& event, NightlyTargets& published) {
    if (published.released || published.requests.empty()) return false;
    if (github::load_last_good(api, event.default_branch)) return false;
    Problems warnings;
    registry::Client client = make_client(world, settings, warnings);
    bool nothing = false;
    failure_of(
        [&] { nothing = is_nothing_published(client, published); });  // the scan meets the same error and reports it
    if (nothing) append(published.project.warnings, warnings);
    return nothing;
}

/// The verdict is unknown, because nothing was scanned; that is no reason for a red run or an issue.
Result report_nothing_published(const NightlyTargets& published) {
    const std::string what = "nothing is published yet, so nothing was scanned: the registry shows no " +
                             published.requests.front().reference;
    Result result{.exit = Exit::done,
                  .problems = published.project.warnings,
                  .outputs = {{"verdict", "unknown"}, {"issue", ""}},
                  .summary =
                      "## Nightly scan: nothing is published yet\n\nThe nightly scan begins with the first "
                      "publication. Until then there is no tracking issue.\n"};
    add(result.problems, {}, what,
        "if images were published there, check docker-username and docker-token: they must be able to read them",
        Level::notice);
    return result;
}

}  // namespace

Result run_nightly(const World& world, const Settings& settings) {
    const github::Event event = github::load_event(world);
    if (event.from_fork) {
        return {.problems = {{{},
                              "no nightly scan: this is a fork, or comes from one; the repository it comes from looks "
                              "after its images",
                              "",
                              Level::notice}},
                .outputs = {{"verdict", "unknown"}, {"issue", ""}}};
    }
    const Time started = world.clock.now();
    forget_reports(world, settings);
    github::Api api = connect_github(world, settings);
    const std::string only_reports = why_only_report(event);
    if (only_reports.empty()) keep_schedule_alive(world, api, event);

    NightlyTargets published = find_or_explain(world, settings, api);
    if (only_reports.empty()) retire(world, settings, api);
    if (is_before_first_publication(world, settings, api, event, published)) return report_nothing_published(published);
    Run run = scan_or_explain(world, settings, published);
    run.command = "nightly";
    run.started = started;
    run.images.insert(run.images.end(), published.missing.begin(), published.missing.end());
    if (outcome_of(run) == Outcome::unknown)  // else it is this one
        run.last_good = github::load_last_good(api, event.default_branch);

    Result result = make_result(settings, run, save_reports(world, settings, run));
    if (!only_reports.empty()) {
        add(result.problems, {},
            "this run only reports, and changes neither the tracking issue nor alerts: " + only_reports, "",
            Level::notice);
    }
    upload_findings(world, settings, published.project, run, result, only_reports);
    const bool news = keep_issue(settings, api, run, !only_reports.empty(), result);
    const bool fails =
        settings.nightly_fail == NightlyFail::any || (settings.nightly_fail == NightlyFail::news && news);
    if (result.exit == Exit::refused && !fails) result.exit = Exit::done;
    world.out << render_table(run, wants_colour(world));
    if (const std::string& url = result.outputs["issue"]; !url.empty()) world.out << url << "\n";
    return result;
}
