#include "report/tracking.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "report/samples.h"

namespace {

Run nightly(Run run) {
    run.command = "nightly";
    run.publication.reset();
    return run;
}

const std::vector<std::string> no_mentions;

TrackingState state_after(const Run& run, const std::optional<TrackingState>& before = std::nullopt) {
    return plan_tracking(run, before, std::nullopt, no_mentions).state;
}

/// The text without its code blocks, which are not rendered.
std::string without_code(std::string text) {
    const std::string fence = "\n````";
    for (std::size_t at = text.find(fence + "yaml\n"); at != std::string::npos; at = text.find(fence + "yaml\n"))
        text.erase(at, text.find(fence + "\n", at + 1) - at);
    return text;
}

}  // namespace

TEST_CASE("A clean nightly run without an open issue changes nothing") {
    const TrackingPlan plan = plan_tracking(nightly(clean_run()), std::nullopt, std::nullopt, no_mentions);
    CHECK(plan.action == TrackingAction::leave_alone);
}

TEST_CASE("Findings open the issue with mentions and without a comment") {
    const TrackingPlan plan =
        plan_tracking(nightly(vulnerable_run()), std::nullopt, std::nullopt, {"defra/platform", "@octocat"});
    CHECK(plan.action == TrackingAction::create);
    CHECK(plan.comment.empty());
    CHECK(has(plan.body, "\n@defra/platform @octocat\n"));
    CHECK(has(plan.body, tracking_marker));
    CHECK(has(plan.body, "This scan is the last good one."));
    CHECK(plan.title == "Nightly scan of Python 1.0.0: 2 findings block");
    CHECK(plan.news.size() == 2);
    CHECK(plan.state.known.size() == 2);
    CHECK(parse_tracking_state(plan.body) == plan.state);
}

TEST_CASE("The same findings the next night bring the issue up to date without a comment") {
    const Run run = nightly(vulnerable_run());
    const TrackingPlan plan = plan_tracking(run, state_after(run), std::nullopt, no_mentions);
    CHECK(plan.action == TrackingAction::update);
    CHECK(plan.comment.empty());
    CHECK(plan.news.empty());
}

TEST_CASE("A new finding gets a comment that names it, and only it") {
    const Run run = nightly(vulnerable_run());
    TrackingState known = state_after(run);
    known.known.erase(known.known.begin());
    const TrackingPlan plan = plan_tracking(run, known, std::nullopt, {"octocat"});
    CHECK(plan.news.size() == 1);
    CHECK(plan.comment.starts_with("1 finding is new:\n\n- **"));
    CHECK(has(plan.comment, plan.news.front().id));
    CHECK(has(plan.comment, "@octocat"));
}

TEST_CASE("A finding that disappears and comes back is new again") {
    const Run red = nightly(vulnerable_run());
    const TrackingState then_clean = state_after(nightly(clean_run()), state_after(red));
    CHECK(then_clean.known.empty());
    CHECK(plan_tracking(red, then_clean, std::nullopt, no_mentions).news.size() == 2);
}

TEST_CASE("Only a clean verdict closes the issue, without a comment") {
    const TrackingPlan plan =
        plan_tracking(nightly(clean_run()), state_after(nightly(vulnerable_run())), std::nullopt, no_mentions);
    CHECK(plan.action == TrackingAction::close);
    CHECK(plan.comment.empty());
}

TEST_CASE("A clean run with a paused scanner does not close the issue") {
    Run run = nightly(clean_run());
    run.images.front().verdict->paused = {{Scanner::grype, "down", "me", *parse_date("2099-01-01"), {}}};
    CHECK(plan_tracking(run, TrackingState{}, std::nullopt, no_mentions).action == TrackingAction::leave_alone);
}

TEST_CASE("An unknown night keeps what was known, closes nothing, and is reported once, in the third night") {
    const TrackingState red = state_after(nightly(vulnerable_run()));
    TrackingState state = red;
    for (int run = 1; run <= 5; ++run) {
        const TrackingPlan plan = plan_tracking(nightly(unknown_run()), state, std::nullopt, no_mentions);
        INFO(run);
        CHECK(plan.action == TrackingAction::update);
        CHECK(plan.state.unknown_nights == run);
        CHECK(plan.state.last_good == red.last_good);
        CHECK(has(plan.comment, "For 3 nights it has been unknown") == (run == 3));
        for (const std::string& key : red.known)
            CHECK(std::find(plan.state.known.begin(), plan.state.known.end(), key) != plan.state.known.end());
        state = plan.state;
    }
    CHECK(state_after(nightly(vulnerable_run()), state).unknown_nights == 0);
}

TEST_CASE("An unknown run opens an issue too, which takes the last good scan from the previous issue") {
    TrackingState before;
    before.last_good = parse_time("2026-11-20T03:00:00Z");
    const TrackingPlan plan = plan_tracking(nightly(unknown_run()), std::nullopt, before, no_mentions);
    CHECK(plan.action == TrackingAction::create);
    CHECK(plan.state.last_good == before.last_good);
    CHECK(has(plan.body, "The last good scan was"));
    CHECK(plan.title == "Nightly scan of Python 1.0.0: result unknown");
}

TEST_CASE("The state can be read back from the body, and foreign text is ignored") {
    TrackingState state{{"0badcafe", "deadbeef"}, 2, parse_time("2026-11-20T03:00:00Z")};
    CHECK(parse_tracking_state(std::string(tracking_marker) + "\n" + render_tracking_state(state)) == state);
    CHECK_FALSE(parse_tracking_state(render_tracking_state(state)));
    CHECK(parse_tracking_state(std::string(tracking_marker) + " <!-- state: {invalid -->") == TrackingState{});
    CHECK(parse_tracking_state(tracking_marker) == TrackingState{});
}

TEST_CASE("Foreign text is escaped in an issue or a comment") {
    const TrackingPlan plan = plan_tracking(nightly(hostile_run()), TrackingState{}, std::nullopt, no_mentions);
    for (const std::string& text : {without_code(plan.body), plan.comment}) {
        CHECK_FALSE(has(text, "<script"));
        CHECK_FALSE(has(text, " @octocat"));
        CHECK_FALSE(has(text, "[a](javascript:"));
        CHECK(has(text, "\\](javascript:"));
    }
    CHECK(parse_tracking_state(plan.body) == plan.state);
}

TEST_CASE("An issue stays below GitHub's limit, whatever the number of findings") {
    const TrackingPlan plan = plan_tracking(nightly(large_run(6000)), TrackingState{}, std::nullopt, no_mentions);
    CHECK(plan.body.size() <= 65'536);
    CHECK(plan.comment.size() <= 65'536);
    CHECK(parse_tracking_state(plan.body) == plan.state);
}

TEST_CASE("An unknown run stores only as many findings as fit into an issue, and reports the others") {
    Run run = nightly(large_run(6'000));  // 600 of them block
    run.images[0].verdict->outcome = Outcome::unknown;
    TrackingState before;
    for (int i = 0; i < 6'000; ++i) before.known.push_back(std::to_string(10'000'000 + i));
    const TrackingPlan plan = plan_tracking(run, before, std::nullopt, no_mentions);
    CHECK(plan.state.known.size() == 4'000);
    CHECK(plan.body.size() <= 65'536);
    CHECK(parse_tracking_state(plan.body) == plan.state);
    CHECK(has(plan.body,
              "The issue remembers 4000 findings; what blocks besides (600 more) is reported as new every night."));
}

TEST_CASE("Known findings take precedence over those that an unknown run adds") {
    Run run = nightly(large_run(300));
    run.images[0].verdict->outcome = Outcome::unknown;
    TrackingState before;
    for (int i = 0; i < 3'990; ++i) before.known.push_back(std::to_string(10'000'000 + i));
    const TrackingPlan plan = plan_tracking(run, before, std::nullopt, no_mentions);
    CHECK(plan.state.known.size() == 4'000);
    CHECK(std::includes(plan.state.known.begin(), plan.state.known.end(), before.known.begin(), before.known.end()));
    CHECK(has(plan.body,
              "The issue remembers 4000 findings; what blocks besides (20 more) is reported as new every night."));
    CHECK_FALSE(
        has(plan_tracking(nightly(vulnerable_run()), before, std::nullopt, no_mentions).body, "The issue remembers"));
}

TEST_CASE("A push warns when the last good scan is more than a week old") {
    const Time now = *parse_time("2026-11-23T12:00:00Z");
    CHECK_FALSE(check_last_good(std::nullopt, now));
    CHECK_FALSE(check_last_good(now - std::chrono::days(7), now));
    const auto warning = check_last_good(now - std::chrono::days(45), now);
    REQUIRE(warning);
    CHECK(warning->level == Level::warning);
    CHECK(warning->what == "what is published was last scanned 45 days ago, on 2026-10-09 12:00 UTC");
}
