#include "github/event.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/json.h"
#include "github/runner.h"

namespace github {

namespace {

constexpr std::size_t max_payload = 25U << 20U;
constexpr std::string_view heads = "refs/heads/";
constexpr std::array publishing_events = {"push", "schedule", "workflow_dispatch"};

bool comes_from_fork(const Json& payload, const std::string& repository) {
    const Json& fork = member(member(payload, "repository"), "fork");
    if (fork.IsBool() && fork.GetBool()) return true;
    const auto is_foreign = [&](const Json& head) { return text_at(head, "full_name") != repository; };
    // A deleted fork leaves no head repository at all: nothing proves then that it was our own.
    const Json& pull_request = member(payload, "pull_request");
    if (pull_request.IsObject() && is_foreign(member(member(pull_request, "head"), "repo"))) return true;
    const Json& other_run = member(payload, "workflow_run");
    return other_run.IsObject() && is_foreign(member(other_run, "head_repository"));
}

[[noreturn]] void refuse_payload(const std::string& what) {
    throw Error{Exit::bad_input, what, "a workflow's runner writes it: this does not look like one"};
}

std::string load_payload(const World& world) {
    const std::string path = variable(world, "GITHUB_EVENT_PATH");
    if (path.empty()) refuse_payload("GITHUB_EVENT_PATH is not set");
    const std::optional<std::string> text = world.files.read_if_there(path);
    if (!text) refuse_payload("the event's payload is not there: " + path);
    if (text->size() > max_payload) refuse_payload("the event's payload is larger than 25 MiB");
    return *text;
}

}  // namespace

bool is_proposed_change(const Event& event) {
    return event.name.starts_with("pull_request") || event.ref.starts_with("refs/heads/gh-readonly-queue/");
}

Event load_event(const World& world) {
    Event event;
    if (!is_workflow(world.environment)) return event;
    const rapidjson::Document payload = parse_tool_json(load_payload(world), "the event's payload", Exit::bad_input);
    if (!payload.IsObject()) refuse_payload("the event's payload is not a JSON object");
    event.in_workflow = true;
    event.name = variable(world, "GITHUB_EVENT_NAME");
    event.ref = variable(world, "GITHUB_REF");
    event.repository = variable(world, "GITHUB_REPOSITORY");
    event.revision = variable(world, "GITHUB_SHA");
    event.server = variable(world, "GITHUB_SERVER_URL");
    event.event_repository = text_at(member(payload, "repository"), "full_name");
    event.default_branch = text_at(member(payload, "repository"), "default_branch");
    event.head_revision = text_at(member(member(payload, "pull_request"), "head"), "sha");
    event.from_fork = comes_from_fork(payload, event.repository);
    if (const std::string id = variable(world, "GITHUB_RUN_ID"); !id.empty()) {
        event.run_url = event.server + "/" + event.repository + "/actions/runs/" + id;
    }
    return event;
}

bool is_publish_branch(const Event& event, const std::vector<std::string>& branches) {
    if (!event.ref.starts_with(heads)) return false;
    const std::string branch = event.ref.substr(heads.size());
    return branch == event.default_branch || std::ranges::find(branches, branch) != branches.end();
}

Permission decide_permission(const Event& event, Mode publish, const std::vector<std::string>& branches) {
    if (publish == Mode::off) return {false, "publishing is switched off"};
    if (!event.in_workflow) return {true, "this is not a workflow: the person who runs it decides"};
    if (std::ranges::find(publishing_events, event.name) == publishing_events.end())
        return {false, "an event of the kind \"" + event.name + "\" never publishes"};
    if (event.from_fork) return {false, "a fork never publishes"};
    if (event.repository.empty() || event.repository != event.event_repository)
        return {false, "the event is about " + event.event_repository + ", the workflow runs in " + event.repository};
    if (!event.ref.starts_with(heads)) return {false, event.ref + " is not a branch"};
    const std::string branch = event.ref.substr(heads.size());
    if (!is_publish_branch(event, branches)) return {false, "the branch " + branch + " does not publish"};
    return {true, "the branch " + branch + " publishes"};
}

}  // namespace github
