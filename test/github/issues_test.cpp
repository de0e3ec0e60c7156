#include "github/issues.h"

#include <catch2/catch_test_macros.hpp>

#include "github/scripted_github.h"

using namespace github;

namespace {

TrackingPlan plan_of(TrackingAction action, const std::string& comment = "") {
    TrackingPlan plan;
    plan.action = action;
    plan.title = "title";
    plan.body = std::string(tracking_marker) + "\n" + render_tracking_state({});
    plan.comment = comment;
    return plan;
}

struct Tracking {
    ScriptedGitHub server;

    std::string run(const TrackingPlan& plan) {
        Api api = server.api();
        return carry_out(api, plan, load_tracking_issues(api));
    }
    TrackingIssues load() {
        Api api = server.api();
        return load_tracking_issues(api);
    }
    FakeGitHub& hub() { return server.hub; }
    FakeGitHub::FakeIssue& add(const std::string& body, std::vector<std::string> labels = {tracking_label}) {
        FakeGitHub::FakeIssue issue;
        issue.number = static_cast<std::int64_t>(hub().issues.size()) + 1;
        issue.body = body;
        issue.labels = std::move(labels);
        hub().issues.push_back(issue);
        return hub().issues.back();
    }
};

const std::string ours = std::string(tracking_marker) + R"(<!-- state: {"known":"","unknown_nights":2} -->)";

}  // namespace

TEST_CASE("The issue is opened with its label, which is created if missing") {
    Tracking tracking;
    CHECK(tracking.run(plan_of(TrackingAction::create)) == "https://github.example/defra/images/issues/1");
    CHECK(tracking.hub().labels.contains(tracking_label));
    CHECK(tracking.hub().issues.at(0).labels == std::vector<std::string>{tracking_label});
    CHECK(tracking.load().open->number == 1);
}

TEST_CASE("An update writes the comment and the body; closing gives the reason") {
    Tracking tracking;
    tracking.add(ours);
    tracking.run(plan_of(TrackingAction::update, "news"));
    CHECK(tracking.hub().issues.front().comments == std::vector<std::string>{"news"});
    CHECK(tracking.hub().issues.front().title == "title");
    tracking.run(plan_of(TrackingAction::close));
    CHECK(tracking.hub().issues.front().state == "closed");
    CHECK(tracking.hub().issues.front().state_reason == "completed");
    CHECK(tracking.load().closed->number == 1);
}

TEST_CASE("Our issue is found among 300 issues and pull requests with our label, and no other is changed") {
    Tracking tracking;
    for (int i = 0; i < 300; ++i) tracking.add("something else", {"bug"});
    tracking.add(ours).author_type = "User";  // a user copied the body of our issue
    tracking.hub().issues.back().author = "eve";
    tracking.add("no marker");
    tracking.add(ours).pull_request = true;
    tracking.add(ours).state = "closed";
    tracking.add(ours);
    CHECK(tracking.load().open->number == 305);
    CHECK(tracking.load().open->state.unknown_nights == 2);
    tracking.run(plan_of(TrackingAction::update, "news"));
    for (const FakeGitHub::FakeIssue& issue : tracking.hub().issues)
        CHECK(issue.comments.size() == (issue.number == 305 ? 1U : 0U));
    CHECK(tracking.hub().count("PATCH *") == 1);
}

TEST_CASE("Our issue is found on any page of issues with our label") {
    Tracking tracking;
    tracking.hub().page_size = 10;
    for (int i = 0; i < 35; ++i) tracking.add("someone else's");
    tracking.add(ours);
    CHECK(tracking.load().open->number == 36);
}

TEST_CASE("After a lost response to a new issue, it is looked up, and exactly one exists") {
    Tracking tracking;
    tracking.hub().faults = {{"POST", "issues", {502, {}, ""}, true, 1}};
    CHECK(tracking.run(plan_of(TrackingAction::create)) == "https://github.example/defra/images/issues/1");
    CHECK(tracking.hub().issues.size() == 1);
}

TEST_CASE("A new issue that was not created is an error") {
    Tracking tracking;
    tracking.hub().faults = {{"POST", "issues", {503, {}, ""}, false, 1}};
    CHECK_THROWS_AS(tracking.run(plan_of(TrackingAction::create)), Error);
}

TEST_CASE("Two concurrent runs leave one open issue, the older") {
    Tracking tracking;
    Api api = tracking.server.api();
    const TrackingIssues nothing_yet = load_tracking_issues(api);
    carry_out(api, plan_of(TrackingAction::create), nothing_yet);
    CHECK(carry_out(api, plan_of(TrackingAction::create), nothing_yet).ends_with("/issues/1"));
    CHECK(tracking.hub().open_issues() == 1);
    CHECK(tracking.hub().issues.at(1).state_reason == "not_planned");
}

TEST_CASE("Of two open issues the older one stays, whatever the nightly run does with it") {
    for (const TrackingAction action : {TrackingAction::update, TrackingAction::close, TrackingAction::leave_alone}) {
        Tracking tracking;
        tracking.add(ours);
        tracking.add(ours);
        tracking.add("no marker");
        tracking.run(plan_of(action));
        const auto& issues = tracking.hub().issues;
        CHECK(issues.at(0).state == (action == TrackingAction::close ? "closed" : "open"));
        CHECK(issues.at(1).state == "closed");
        CHECK(issues.at(1).state_reason == "not_planned");
        CHECK(issues.at(1).comments == std::vector<std::string>{"Duplicate of #1"});
        CHECK(issues.at(2).state == "open");
    }
}

TEST_CASE("A locked issue is updated without a comment") {
    Tracking tracking;
    tracking.add(ours);
    tracking.hub().faults = {{"POST",
                              "issues/1/comments",
                              {403, {}, R"({"message":"Unable to create comment because issue is locked."})"},
                              false,
                              -1}};
    tracking.run(plan_of(TrackingAction::update, "news"));
    CHECK(tracking.hub().issues.front().title == "title");
}

TEST_CASE("A comment that may not have been written is written again by the next run") {
    Tracking tracking;
    tracking.add(ours);
    tracking.hub().faults = {{"POST", "issues/1/comments", {502, {}, ""}, false, 1}};
    CHECK_THROWS_AS(tracking.run(plan_of(TrackingAction::update, "news")), Error);
    CHECK(tracking.hub().issues.front().title != "title");
    tracking.run(plan_of(TrackingAction::update, "news"));
    CHECK(tracking.hub().issues.front().comments == std::vector<std::string>{"news"});
}

TEST_CASE("Disabled issues are an error that says so") {
    Tracking tracking;
    tracking.hub().issues_on = false;
    const Error error = error_of([&] { tracking.load(); });
    CHECK(error.problems.front().what ==
          "the tracking issue could not be kept: 410 Issues has been disabled in this repository.");
}
