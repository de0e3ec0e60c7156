#include "pipeline/github.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "github/code_scanning.h"
#include "github/issues.h"
#include "pipeline/registry_access.h"
#include "system/timings.h"

namespace {

Secret find_token(const World& world, const Settings& settings) {
    return settings.token.empty() ? Secret(variable(world, "GITHUB_TOKEN")) : settings.token;
}

/// The alerts of a branch that publishes are about what is published. Of these images nothing is, whatever the reason:
/// `publish: off`, a dry run, a refusal, or a place that is thrown away with the job. An earlier attempt may have
/// published them.
bool describes_nothing_published(const Settings& settings, const Project& project, const Run& run) {
    using Ending = PublicationState::Result;
    if (run.command == "nightly" || !run.not_built.empty()) return false;
    if (!is_publish_branch(project.event, settings.publish_branches)) return false;
    if (settings.to.empty() || !run.publication) return true;
    const bool is_there = run.publication->result == Ending::already_there && run.publication->as_built;
    return run.publication->result != Ending::published && !is_there;
}

/// The event as code scanning takes it: ref and commit have to be the two of the merge of a pull request, or the two of
/// its head.
github::Event event_of_commit(const Project& project) {
    github::Event event = project.event;
    if (event.head_revision.empty() || project.revision != event.head_revision) return event;
    event.revision = event.head_revision;
    event.ref = event.ref.substr(0, event.ref.rfind('/')) + "/head";
    return event;
}

}  // namespace

bool has_github(const World& world, const Settings& settings) {
    return !find_token(world, settings).empty() && !variable(world, "GITHUB_REPOSITORY").empty();
}

github::Api connect_github(const World& world, const Settings& settings) {
    if (!has_github(world, settings)) {
        throw Error{Exit::bad_input, "there is no token for GitHub, or nothing says which repository",
                    "in a workflow leave the input `token` at its default; elsewhere set GITHUB_TOKEN and "
                    "GITHUB_REPOSITORY"};
    }
    std::vector<Secret> others = {find_docker_token(world, settings)};
    for (const auto& [host, login] : settings.registry_auths) others.push_back(login.password);
    return {world,
            {.base = variable(world, "GITHUB_API_URL", "https://api.github.com"),
             .repository = variable(world, "GITHUB_REPOSITORY"),
             .token = find_token(world, settings),
             .others = std::move(others)}};
}

void upload_findings(const World& world, const Settings& settings, const Project& project, const Run& run,
                     Result& result, const std::string& reason_against) {
    const bool required = settings.sarif_upload == github::Mode::required;
    std::set<Scanner> paused;
    for (const ScannerPause& pause : pauses_of(run)) paused.insert(pause.scanner);
    github::Permission decision = github::decide_upload(project.event, settings.sarif_upload, outcome_of(run), paused,
                                                        has_github(world, settings));
    if (decision.granted && describes_nothing_published(settings, project, run))
        decision = {false, "alerts describe what is published, and these images are not"};
    if (decision.granted && is_other_commit(project))
        decision = {false, "the commit that is checked out is not the event's (GITHUB_SHA)"};
    if (decision.granted && !reason_against.empty()) decision = {false, reason_against};
    if (!decision.granted) {
        if (required) {
            result.exit = std::max(result.exit, Exit::failed);
            add(result.problems, {}, "no findings in code scanning, and they are required: " + decision.reason,
                "sarif-upload: auto would let it pass");
        } else if (project.event.in_workflow && settings.sarif_upload != github::Mode::off) {
            add(result.problems, {}, "no findings in code scanning: " + decision.reason, "", Level::notice);
        }
        return;
    }
    TimedStep step(world, "sarif", counted(run.images.size(), "file") + " into code scanning");
    github::UploadReport report;
    const std::optional<Error> error = failure_of([&] {
        github::Api api = connect_github(world, settings);
        report = github::upload_sarif(world, api, event_of_commit(project),
                                      github::make_sarif_uploads(run, settings.sarif_severity));
    });
    step.end(counted(report.accepted, "file") + " accepted");
    if (error) {  // what was judged and published is so all the same: outputs and reports have to say so
        result.exit = std::max(result.exit, error->exit);
        append(result.problems, error->problems);
    }
    const bool fails = required && report.result != github::UploadReport::Result::done;
    if (fails) result.exit = std::max(result.exit, Exit::failed);
    for (Problem& problem : report.problems) {
        if (fails || problem.level == Level::error) problem.level = fails ? Level::error : Level::warning;
    }
    append(result.problems, report.problems);
}

void warn_of_old_scan(const World& world, const Settings& settings, const Project& project, Result& result) {
    if (project.event.name != "push" || project.event.from_fork || !has_github(world, settings)) return;
    github::Api api = connect_github(world, settings);
    const std::optional<Time> last_good = github::load_last_good(api, project.event.default_branch);
    if (const auto warning = check_last_good(last_good, world.clock.now())) result.problems.push_back(*warning);
}
