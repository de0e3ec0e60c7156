#include "publication/permission.h"

#include <catch2/catch_test_macros.hpp>

namespace {

EventContext push_to(const std::string& ref) {
    return {.in_workflow = true,
            .event = "push",
            .ref = ref,
            .repository = "defra/images",
            .event_repository = "defra/images",
            .default_branch = "main",
            .from_fork = false};
}

Permission ask(const EventContext& event_context) {
    return decide_permission(event_context, PublishMode::automatic, {"master"});
}

}  // namespace

TEST_CASE("A push to a publish branch publishes, and so does one to the default branch") {
    CHECK(ask(push_to("refs/heads/master")).granted);
    CHECK(ask(push_to("refs/heads/main")).granted);
}

TEST_CASE("Another branch does not publish, and the reason names it") {
    const Permission permission = ask(push_to("refs/heads/topic"));
    CHECK_FALSE(permission.granted);
    CHECK(permission.reason == "the branch topic does not publish");
}

TEST_CASE("A tag named like the publish branch does not publish") {
    CHECK_FALSE(ask(push_to("refs/tags/master")).granted);
}

TEST_CASE("Events that run other people's code never publish, whatever the branch") {
    for (const char* event : {"pull_request", "pull_request_target", "merge_group", "workflow_run", "issue_comment",
                              "repository_dispatch", "release", ""}) {
        EventContext event_context = push_to("refs/heads/master");
        event_context.event = event;
        INFO(event);
        CHECK_FALSE(ask(event_context).granted);
    }
}

TEST_CASE("The branch of a merge queue does not publish, although each push to it runs the workflow") {
    CHECK_FALSE(ask(push_to("refs/heads/gh-readonly-queue/main/pr-41-029a0e7f")).granted);
}

TEST_CASE("A fork never publishes") {
    EventContext event_context = push_to("refs/heads/master");
    event_context.from_fork = true;
    CHECK_FALSE(ask(event_context).granted);
}

TEST_CASE("An event of another repository does not publish, nor one that names none") {
    EventContext event_context = push_to("refs/heads/master");
    event_context.event_repository = "eve/images";
    CHECK_FALSE(ask(event_context).granted);
    event_context.event_repository = event_context.repository = "";
    CHECK_FALSE(ask(event_context).granted);
}

TEST_CASE("publish: off holds everywhere, and on a laptop whoever runs it decides") {
    CHECK_FALSE(decide_permission(push_to("refs/heads/master"), PublishMode::off, {"master"}).granted);
    CHECK(decide_permission({}, PublishMode::automatic, {}).granted);
}
