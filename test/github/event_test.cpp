#include "github/event.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "github/scripted_github.h"
#include "places.h"

using namespace github;

namespace {

std::string read_payload(const std::string& fixture) {
    std::ifstream file(fixtures_dir() + "/github/" + fixture + ".json");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Event event_with(const std::string& payload, const std::string& name = "push",
                 const std::string& ref = "refs/heads/master", const std::string& repository = "defra/images") {
    FakeWorld fake;
    fake.environment = {{"GITHUB_ACTIONS", "true"},
                        {"GITHUB_EVENT_NAME", name},
                        {"GITHUB_EVENT_PATH", "/event.json"},
                        {"GITHUB_REF", ref},
                        {"GITHUB_REPOSITORY", repository},
                        {"GITHUB_SHA", "abc"},
                        {"GITHUB_SERVER_URL", "https://github.com"},
                        {"GITHUB_RUN_ID", "7"}};
    fake.files.texts["/event.json"] = payload;
    return load_event(fake.world());
}

Event push_to(const std::string& ref) {
    return {.in_workflow = true,
            .name = "push",
            .ref = ref,
            .repository = "defra/images",
            .event_repository = "defra/images",
            .default_branch = "main"};
}

Permission ask(const Event& event) {
    return decide_permission(event, Mode::automatic, {"master"});
}

}  // namespace

TEST_CASE("Outside a workflow there is no event") {
    FakeWorld fake;
    CHECK_FALSE(load_event(fake.world()).in_workflow);
}

TEST_CASE("A push has the repository, the default branch and the URL of the run") {
    const Event event =
        event_with(R"({"repository":{"full_name":"defra/images","default_branch":"main","fork":false}})");
    CHECK(event.in_workflow);
    CHECK(event.name == "push");
    CHECK(event.event_repository == "defra/images");
    CHECK(event.default_branch == "main");
    CHECK_FALSE(event.from_fork);
    CHECK(event.run_url == "https://github.com/defra/images/actions/runs/7");
}

TEST_CASE("A pull request whose fork was deleted still counts as one from a fork") {
    const std::string payload = R"({"repository":{"full_name":"defra/images"},"pull_request":{"head":{"repo":null}}})";
    CHECK(event_with(payload, "pull_request").from_fork);
}

TEST_CASE("Only a pull request has a head commit beside its merge commit") {
    for (const char* name : {"pull_request", "pull_request_fork", "dependabot", "push", "workflow_run_of_fork"}) {
        const std::string text = read_payload(name);
        REQUIRE_FALSE(text.empty());
        INFO(name);
        CHECK(event_with(text, name).head_revision.size() ==
              (text.find("\"pull_request\": {") == std::string::npos ? 0 : 40));
    }
}

TEST_CASE("An invalid or too large payload is an input error") {
    const std::string deep(200'000, '[');
    const std::string too_large = "{\"a\": \"" + std::string(25U << 20U, 'x') + "\"}";
    for (const std::string& payload : {std::string(), std::string("not json"), std::string("["), std::string("\"\""),
                                       std::string("null"), std::string("{\"a\": \xff}"), deep, too_large}) {
        INFO(payload.substr(0, 20));
        CHECK(error_of([&] { event_with(payload); }).exit == Exit::bad_input);
    }
}

TEST_CASE("Without a payload there is no event") {
    FakeWorld fake;
    fake.environment = {{"GITHUB_ACTIONS", "true"}};
    CHECK(error_of([&] { load_event(fake.world()); }).problems.front().what == "GITHUB_EVENT_PATH is not set");
    fake.environment["GITHUB_EVENT_PATH"] = "/nowhere";
    const Error error = error_of([&] { load_event(fake.world()); });
    CHECK(error.exit == Exit::bad_input);
    CHECK(error.problems.front().what == "the event's payload is not there: /nowhere");
}

TEST_CASE("For each kind of event it is known whether it comes from a fork and may publish") {
    struct Occurrence {
        std::string fixture;
        std::string name;
        std::string ref;
        std::string repository = "defra/images";
        bool from_fork = false;
        bool publishes = false;
    };
    const std::vector<Occurrence> occurrences = {
        {.fixture = "push", .name = "push", .ref = "refs/heads/master", .publishes = true},
        {.fixture = "push", .name = "push", .ref = "refs/tags/master"},
        {.fixture = "push", .name = "push", .ref = "refs/heads/topic"},
        {.fixture = "pull_request", .name = "pull_request", .ref = "refs/pull/41/merge"},
        {.fixture = "pull_request_fork", .name = "pull_request", .ref = "refs/pull/41/merge", .from_fork = true},
        {.fixture = "pull_request_fork", .name = "pull_request_target", .ref = "refs/heads/master", .from_fork = true},
        {.fixture = "dependabot", .name = "pull_request", .ref = "refs/pull/41/merge"},
        {.fixture = "schedule", .name = "schedule", .ref = "refs/heads/master", .publishes = true},
        {.fixture = "schedule_in_fork",
         .name = "schedule",
         .ref = "refs/heads/master",
         .repository = "eve/images",
         .from_fork = true},
        {.fixture = "merge_group",
         .name = "merge_group",
         .ref = "refs/heads/gh-readonly-queue/master/pr-41-029a0e7f6c6b1c7d2ffea6db159f6b6c47a24e77"},
        {.fixture = "workflow_run_of_fork", .name = "workflow_run", .ref = "refs/heads/master", .from_fork = true},
        {.fixture = "release", .name = "release", .ref = "refs/tags/1.1.0"},
        {.fixture = "workflow_dispatch", .name = "workflow_dispatch", .ref = "refs/heads/master", .publishes = true},
    };
    for (const Occurrence& occurrence : occurrences) {
        INFO(occurrence.fixture << " as " << occurrence.name << " on " << occurrence.ref);
        const Event event =
            event_with(read_payload(occurrence.fixture), occurrence.name, occurrence.ref, occurrence.repository);
        CHECK(event.from_fork == occurrence.from_fork);
        CHECK(event.default_branch == "master");
        const Permission permission = decide_permission(event, Mode::automatic, {"master"});
        CHECK(permission.granted == occurrence.publishes);
    }
}

TEST_CASE("A push to a publish branch publishes, and so does one to the default branch") {
    CHECK(ask(push_to("refs/heads/master")).granted);
    CHECK(ask(push_to("refs/heads/main")).granted);
}

TEST_CASE("Another branch does not publish, and the reason names it") {
    const Permission permission = ask(push_to("refs/heads/topic"));
    CHECK_FALSE(permission.granted);
    CHECK(permission.reason == "the branch topic does not publish");
}

TEST_CASE("Events that run other people's code never publish, whatever the branch") {
    for (const char* name : {"pull_request", "pull_request_target", "merge_group", "workflow_run", "issue_comment",
                             "repository_dispatch", "release", ""}) {
        Event event = push_to("refs/heads/master");
        event.name = name;
        INFO(name);
        CHECK_FALSE(ask(event).granted);
    }
}

TEST_CASE("The branch of a merge queue does not publish, although each push to it runs the workflow") {
    CHECK_FALSE(ask(push_to("refs/heads/gh-readonly-queue/main/pr-41-029a0e7f")).granted);
}

TEST_CASE("An event of another repository does not publish, nor one that names none") {
    Event event = push_to("refs/heads/master");
    event.event_repository = "eve/images";
    CHECK_FALSE(ask(event).granted);
    event.event_repository = event.repository = "";
    CHECK_FALSE(ask(event).granted);
}

TEST_CASE("publish: off holds everywhere, and on a laptop the person who runs it decides") {
    CHECK_FALSE(decide_permission(push_to("refs/heads/master"), Mode::off, {"master"}).granted);
    CHECK(decide_permission({}, Mode::automatic, {}).granted);
}
