#include "github/event.h"

#include <catch2/catch_test_macros.hpp>

#include "fakes/fake_world.h"

using namespace github;

namespace {

Event event_with(const std::string& payload, const std::string& name = "push") {
    FakeWorld fake;
    fake.environment = {{"GITHUB_ACTIONS", "true"},
                        {"GITHUB_EVENT_NAME", name},
                        {"GITHUB_EVENT_PATH", "/event.json"},
                        {"GITHUB_REF", "refs/heads/master"},
                        {"GITHUB_REPOSITORY", "defra/images"},
                        {"GITHUB_SHA", "abc"},
                        {"GITHUB_SERVER_URL", "https://github.com"},
                        {"GITHUB_RUN_ID", "7"}};
    fake.files.texts["/event.json"] = payload;
    return load_event(fake.world());
}

}  // namespace

TEST_CASE("Outside a workflow there is no event") {
    FakeWorld fake;
    CHECK_FALSE(load_event(fake.world()).in_workflow);
}

TEST_CASE("A push tells repository, default branch and the run's address") {
    const Event event =
        event_with(R"({"repository":{"full_name":"defra/images","default_branch":"main","fork":false}})");
    CHECK(event.in_workflow);
    CHECK(event.name == "push");
    CHECK(event.event_repository == "defra/images");
    CHECK(event.default_branch == "main");
    CHECK_FALSE(event.from_fork);
    CHECK(event.run_url == "https://github.com/defra/images/actions/runs/7");
}

TEST_CASE("A pull request from another repository comes from a fork") {
    const std::string payload =
        R"({"repository":{"full_name":"defra/images"},"pull_request":{"head":{"repo":{"full_name":"eve/images"}}}})";
    CHECK(event_with(payload, "pull_request").from_fork);
}

TEST_CASE("A pull request whose fork was deleted still counts as one from a fork") {
    const std::string payload = R"({"repository":{"full_name":"defra/images"},"pull_request":{"head":{"repo":null}}})";
    CHECK(event_with(payload, "pull_request").from_fork);
}

TEST_CASE("A pull request inside the repository does not come from a fork") {
    const std::string payload =
        R"({"repository":{"full_name":"defra/images"},"pull_request":{"head":{"repo":{"full_name":"defra/images"}}}})";
    CHECK_FALSE(event_with(payload, "pull_request").from_fork);
}

TEST_CASE("A payload that is not JSON is an input error") {
    try {
        event_with("not json");
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.exit == Exit::bad_input);
    }
}
