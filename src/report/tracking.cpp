#include "report/tracking.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <unordered_set>

#include "base/json.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/rows.h"
#include "report/summary.h"
#include "report/words.h"

namespace {

using namespace std::chrono_literals;

constexpr const char* state_begins = "<!-- state: ";
constexpr const char* state_ends = " -->";
constexpr std::size_t max_body = 65'000;  // GitHub's limit is 65,536 characters
constexpr std::size_t max_comment_rows = 25;
constexpr std::size_t max_known = 4000;  // 8 characters each
constexpr std::size_t key_digits = 8;
constexpr int night_to_report = 3;
constexpr std::chrono::days old_enough_to_warn{7};

std::string brief_key(const Finding& finding) {
    return std::string(sha256(finding.key()).hex().substr(0, key_digits));
}

/// Adds to what is remembered as many as an issue can hold, the first ones first. Never more: the state alone would be
/// longer than GitHub takes an issue.
void remember(const std::vector<Finding>& findings, std::vector<std::string>& known) {
    known.resize(std::min(known.size(), max_known));
    for (std::size_t i = 0; i < findings.size() && known.size() < max_known; ++i)
        known.push_back(brief_key(findings[i]));
    std::ranges::sort(known);
}

std::vector<Finding> news_among(const std::vector<Finding>& findings, const std::vector<std::string>& known) {
    std::vector<Finding> news;
    for (const Finding& finding : findings) {
        if (!std::ranges::binary_search(known, brief_key(finding))) news.push_back(finding);
    }
    return news;
}

/// "@defra/platform @octocat": the only place where a mention is meant to come alive.
std::string render_mentions(const std::vector<std::string>& notify) {
    std::vector<std::string> names;
    for (const std::string& name : notify) names.push_back(name.starts_with('@') ? name : "@" + name);
    return joined(names, " ");
}

std::string render_title(const Run& run) {
    const std::string subject = "Nightly scan of " + render_subject(run) + ": ";
    const Outcome outcome = outcome_of(run);
    if (outcome == Outcome::clean) return subject + "clean";
    if (outcome == Outcome::unknown) return subject + "result unknown";
    const std::size_t blocking = gather_findings(run, FindingState::blocking).size();
    return subject + counted(blocking, "finding") + (blocking == 1 ? " blocks" : " block");
}

std::string render_last_good(const Run& run, const TrackingState& state) {
    if (!state.last_good) return "No scan has had a result yet.";
    if (*state.last_good >= run.finished) return "This scan is the last good one.";
    return fmt::format("The last good scan was {} ago, on {}.", render_age(run.finished - *state.last_good),
                       render_moment(*state.last_good));
}

std::string render_body(const Run& run, const TrackingState& state, std::size_t forgotten,
                        const std::vector<std::string>& notify) {
    std::string text = tracking_marker;
    text += "\n" + render_mentions(notify) + (notify.empty() ? "" : "\n") +
            "\nWhat is published was scanned again with today's vulnerability databases. This issue is brought up to "
            "date every night, and closes by itself when everything is clean. " +
            render_last_good(run, state) + "\n\n";
    if (forgotten > 0)
        text += fmt::format(
            "The issue remembers {} findings; what blocks besides ({} more) is reported as new every night.\n\n",
            state.known.size(), forgotten);
    if (!run.address.empty()) text += "[The run with its report](" + run.address + ")\n\n";
    const std::string end = "\n" + render_tracking_state(state) + "\n";
    const std::size_t room = max_body - text.size() - end.size();  // the state takes half of it at most
    std::string summary = render_summary(run, room);
    if (summary.size() > room) {  // its table of images is never cut, and may be longer than an issue by itself
        const std::string note = "\n_Cut: GitHub takes no longer issue. The run's summary has all._\n";
        summary.resize(summary.rfind('\n', room - note.size()));
        summary += note;
    }
    return text + summary + end;
}

std::string render_news(const std::vector<Finding>& news) {
    std::string text = fmt::format("{} {} new:\n\n", counted(news.size(), "finding"), news.size() == 1 ? "is" : "are");
    for (const Finding& finding : std::span(news).first(std::min(news.size(), max_comment_rows)))
        text += fmt::format("- **{}** {}, fixed in: {}\n", render_severity(finding.severity),
                            escape_markdown(render_finding_name(finding)), escape_markdown(render_fix(finding)));
    if (news.size() > max_comment_rows) text += fmt::format("- {} more, see above\n", news.size() - max_comment_rows);
    return text;
}

/// A scan that did not come to its end may report new findings, but never that old ones are gone.
TrackingState next_state(const Run& run, const TrackingState& before, const std::vector<Finding>& blocking) {
    TrackingState state = before;
    if (outcome_of(run) == Outcome::unknown) {
        ++state.unknown_nights;
        remember(news_among(blocking, before.known), state.known);
        return state;
    }
    state.unknown_nights = 0;
    state.last_good = run.finished;
    state.known.clear();
    remember(blocking, state.known);
    return state;
}

}  // namespace

std::string render_tracking_state(const TrackingState& state) {
    JsonWriter json;
    json.open_object();
    json.field("known", joined(state.known, ""));
    json.field("unknown_nights", state.unknown_nights);
    if (state.last_good) json.field("last_good", render_time(*state.last_good));
    return state_begins + json.one_line() + state_ends;
}

std::optional<TrackingState> parse_tracking_state(const std::string& body) {
    if (body.find(tracking_marker) == std::string::npos) return std::nullopt;
    TrackingState state;
    const std::size_t begin = body.rfind(state_begins);
    const std::size_t end = body.find(state_ends, begin);
    if (begin == std::string::npos || end == std::string::npos) return state;
    const std::size_t from = begin + std::string_view(state_begins).size();
    const rapidjson::Document json = parse_json_or_null(std::string_view(body).substr(from, end - from));
    const std::string known = text_at(json, "known");
    for (std::size_t at = 0; at + key_digits <= known.size(); at += key_digits)
        state.known.push_back(known.substr(at, key_digits));
    std::ranges::sort(state.known);
    state.unknown_nights = static_cast<int>(std::clamp<std::int64_t>(number_at(json, "unknown_nights"), 0, 100'000));
    state.last_good = parse_time(text_at(json, "last_good"));
    return state;
}

TrackingPlan plan_tracking(const Run& run, const std::optional<TrackingState>& open,
                           const std::optional<TrackingState>& remembered, const std::vector<std::string>& notify) {
    TrackingState before = open.value_or(TrackingState{});
    if (!open && remembered) before.last_good = remembered->last_good;
    if (!before.last_good) before.last_good = run.last_good;
    std::vector<Finding> blocking;  // each finding once however many images have it; most severe first
    std::unordered_set<std::string> keys;
    for (const FindingRow& row : gather_findings(run, FindingState::blocking)) {
        if (keys.insert(row.finding->key()).second) blocking.push_back(*row.finding);
    }
    const Outcome outcome = outcome_of(run);

    TrackingPlan plan;
    plan.state = next_state(run, before, blocking);
    plan.news = news_among(blocking, before.known);
    if (outcome == Outcome::clean) {
        plan.action = open && pauses_of(run).empty() ? TrackingAction::close : TrackingAction::leave_alone;
    } else {
        plan.action = open ? TrackingAction::update : TrackingAction::create;
    }
    plan.title = render_title(run);
    plan.body = render_body(run, plan.state, news_among(blocking, plan.state.known).size(), notify);
    const bool is_new = plan.action == TrackingAction::create;  // which notifies people by itself
    if (!is_new && !plan.news.empty()) plan.comment = render_news(plan.news);
    if (outcome == Outcome::unknown && plan.state.unknown_nights == night_to_report)
        plan.comment += fmt::format(
            "For {} nights it has been unknown whether what is published is safe: the scan did not finish. {}\n",
            plan.state.unknown_nights, render_last_good(run, plan.state));
    if (plan.comment.empty()) return plan;
    if (!run.address.empty()) plan.comment += "\n[The run with its report](" + run.address + ")\n";
    if (!notify.empty()) plan.comment += "\n" + render_mentions(notify) + "\n";
    return plan;
}

std::optional<Problem> check_last_good(std::optional<Time> last_good, Time now) {
    if (!last_good || now - *last_good <= old_enough_to_warn) return std::nullopt;
    return Problem{{},
                   fmt::format("what is published was last scanned {} ago, on {}", render_age(now - *last_good),
                               render_moment(*last_good)),
                   "see whether the nightly workflow still runs: GitHub switches schedules off after 60 quiet days",
                   Level::warning};
}
