// Every call, made with a token without the permission for it.
#include <catch2/catch_test_macros.hpp>

#include "github/code_scanning.h"
#include "github/issues.h"
#include "github/releases.h"
#include "github/scripted_github.h"

using namespace github;

namespace {

const std::string commit = std::string(40, 'a');

void release(const World& world, Api& api) {
    world.files.write("notes", "notes");
    make_release(world, api,
                 {.tag = "1.1.0",
                  .title = "Python 1.1.0",
                  .notes = "notes",
                  .revision = commit,
                  .default_branch = "master",
                  .assets = {{"notes", "notes", 5, sha256("notes")}},
                  .at = {}});
}

void track(Api& api, TrackingAction action) {
    TrackingPlan plan;
    plan.action = action;
    plan.title = "title";
    plan.body = std::string(tracking_marker) + "\n" + render_tracking_state({});
    plan.comment = action == TrackingAction::update ? "news" : "";
    carry_out(api, plan, load_tracking_issues(api));
}

struct RefusedCall {
    std::string method;
    std::string path;
    std::string permission;
    std::function<void(const World&, Api&)> act;
};

const std::vector<RefusedCall>& refused_calls() {
    static const auto open_issue = [](const World&, Api& api) { track(api, TrackingAction::create); };
    static const auto update_issue = [](const World&, Api& api) {
        track(api, TrackingAction::create);
        track(api, TrackingAction::update);
    };
    static const std::vector<RefusedCall> calls = {
        {"GET", "releases?*", "contents: read", release},
        {"GET", "git/ref/tags/*", "contents: read", release},
        {"POST", "releases", "contents: write", release},
        {"POST", "releases/*/assets*", "contents: write", release},
        {"PATCH", "releases/*", "contents: write", release},
        {"GET", "issues?*", "issues: write", open_issue},
        {"POST", "labels", "issues: write", open_issue},
        {"POST", "issues", "issues: write", open_issue},
        {"POST", "issues/*/comments", "issues: write", update_issue},
        {"PATCH", "issues/*", "issues: write", update_issue},
        {"GET", "code-scanning/analyses*", "security-events: write",
         [](const World&, Api& api) { remove_analyses(api, "images/3.11/"); }},
        {"DELETE", "code-scanning/analyses/*", "security-events: write",
         [](const World&, Api& api) { remove_analyses(api, "images/3.11/"); }},
    };
    return calls;
}

}  // namespace

TEST_CASE("A missing permission is named for every call, and nothing is retried") {
    for (const RefusedCall& call : refused_calls()) {
        INFO(call.method << " " << call.path);
        ScriptedGitHub server;
        server.hub.head = std::string(40, 'b');
        server.hub.analyses.push_back({.id = 1, .sarif_id = "", .category = "images/3.11/production"});
        server.hub.faults = {{call.method,
                              call.path,
                              {403,
                               {{"X-Accepted-GitHub-Permissions", "something=write"}},
                               R"({"message":"Resource not accessible by integration"})"},
                              false,
                              -1}};
        Api api = server.api();
        const Error error = error_of([&] { call.act(server.world, api); });
        CHECK(error.exit == Exit::failed);
        CHECK(holds(error.problems.front().what, "403 Resource not accessible by integration"));
        CHECK(holds(error.problems.front().hint, "permissions: " + call.permission));
        CHECK(holds(error.problems.front().hint, "GitHub names: something=write"));
        CHECK(server.hub.count(call.method + " " + call.path) == 1);
    }
}
