#include "github/issues.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"

namespace github {

namespace {

Purpose purpose() {
    return {"the tracking issue could not be kept", "issues: write"};
}

bool is_ours(const Json& issue, const std::string& own_name) {
    if (!member(issue, "pull_request").IsNull()) return false;  // the list holds pull requests too
    const Json& author = member(issue, "user");
    return own_name.empty() ? text_at(author, "type") == "Bot" : text_at(author, "login") == own_name;
}

std::vector<TrackingIssue> load_own_issues(Api& api) {
    const rapidjson::Document all = api.load_list(
        fmt::format("issues?labels={}&state=all&sort=updated&direction=desc&per_page=100", tracking_label), purpose());
    std::vector<TrackingIssue> own;
    if (all.Empty()) return own;
    // Whose issues are ours: a workflow's own token may not ask who it is, it writes as a bot.
    const Response user = api.send({.path = api.base() + "/user"});
    const std::string own_name = user.status == 200 ? text_at(body_of(user), "login") : "";
    for (const Json& issue : items_of(all)) {
        const auto state = parse_tracking_state(text_at(issue, "body"));
        if (!state || !is_ours(issue, own_name)) continue;
        own.push_back(
            {number_at(issue, "number"), text_at(issue, "state") == "open", text_at(issue, "html_url"), *state});
    }
    return own;
}

void make_label(Api& api) {
    JsonWriter json;
    json.object({{"name", tracking_label}, {"color", "b60205"}, {"description", "Kept by the nightly scan"}});
    const Response response = api.send({.method = "POST", .path = "labels", .body = json.one_line(), .creates = true});
    const bool there_now = has_error(response, "already_exists") || is_worth_a_retry(response.status);
    if (response.status != 201 && !there_now) throw make_refusal(purpose(), response);
}

std::string render_issue(const TrackingPlan& plan, bool is_new) {
    JsonWriter json;
    json.open_object();
    json.field("title", plan.title);
    json.field("body", plan.body);
    if (is_new) json.list("labels", {tracking_label});
    if (plan.action == TrackingAction::close) {
        json.field("state", "closed");
        json.field("state_reason", "completed");
    }
    return json.one_line();
}

Response comment(Api& api, std::int64_t number, const std::string& text) {
    JsonWriter json;
    json.object({{"body", text}});
    return api.send({.method = "POST",
                     .path = fmt::format("issues/{}/comments", number),
                     .body = json.one_line(),
                     .creates = true,
                     .notifies = true});
}

/// The comment is GitHub's own form for a duplicate: who follows the one finds the other.
void close_duplicate(Api& api, std::int64_t number, std::int64_t kept) {
    comment(api, number, fmt::format("Duplicate of #{}", kept));
    api.require({.method = "PATCH",
                 .path = fmt::format("issues/{}", number),
                 .body = R"({"state":"closed","state_reason":"not_planned"})",
                 .notifies = true},
                purpose());
}

/// `own`: the one that changed last first.
TrackingIssues sort_issues(std::vector<TrackingIssue> own) {
    TrackingIssues issues;
    const auto closed = std::ranges::find(own, false, &TrackingIssue::open);
    if (closed != own.end()) issues.closed = *closed;
    std::erase_if(own, [](const TrackingIssue& issue) { return !issue.open; });
    std::ranges::sort(own, {}, &TrackingIssue::number);
    for (const TrackingIssue& issue : own) {
        if (issues.open)
            issues.duplicates.push_back(issue.number);
        else
            issues.open = issue;
    }
    return issues;
}

/// The oldest open issue stays. Returns its URL; `made` if there is none.
std::string keep_one(Api& api, const std::string& made) {
    const TrackingIssues issues = sort_issues(load_own_issues(api));
    for (const std::int64_t number : issues.duplicates) close_duplicate(api, number, issues.open->number);
    return issues.open ? issues.open->url : made;
}

std::string create(Api& api, const TrackingPlan& plan) {
    make_label(api);
    const Response response = api.send(
        {.method = "POST", .path = "issues", .body = render_issue(plan, true), .creates = true, .notifies = true});
    if (response.status == 201) return keep_one(api, text_at(body_of(response), "html_url"));
    if (!is_worth_a_retry(response.status)) throw make_refusal(purpose(), response);
    const std::string there = keep_one(api, "");  // it may have happened all the same
    if (there.empty()) throw make_refusal(purpose(), response);
    return there;
}

std::string update(Api& api, const TrackingPlan& plan, const TrackingIssue& issue) {
    // The comment first: if it fails, the issue still remembers less than was reported, and it is reported again.
    if (!plan.comment.empty()) {
        const Response response = comment(api, issue.number, plan.comment);
        const bool locked = response.status == 403 && says(response, "lock");
        if (response.status != 201 && !locked) throw make_refusal(purpose(), response);
    }
    api.require({.method = "PATCH",
                 .path = fmt::format("issues/{}", issue.number),
                 .body = render_issue(plan, false),
                 .notifies = plan.action == TrackingAction::close},
                purpose());
    return issue.url;
}

}  // namespace

TrackingIssues load_tracking_issues(Api& api) {
    return sort_issues(load_own_issues(api));
}

std::optional<Time> load_last_good(Api& api, const std::string& branch) {
    std::optional<Time> last;
    const auto take = [&](std::optional<Time> time) {
        if (time && (!last || *last < *time)) last = time;
    };
    failure_of([&] {
        for (const TrackingIssue& issue : load_own_issues(api)) take(issue.state.last_good);
    });
    failure_of([&] {
        const Response analyses = api.send(
            {.path = fmt::format(
                 "code-scanning/analyses?ref={}&tool_name=python-image-action&sort=created&direction=desc&per_page=1",
                 percent_encoded("refs/heads/" + branch))});
        if (analyses.status != 200) return;
        const rapidjson::Document newest = body_of(analyses);
        for (const Json& analysis : items_of(newest)) take(parse_time(text_at(analysis, "created_at")));
    });
    return last;
}

std::string carry_out(Api& api, const TrackingPlan& plan, const TrackingIssues& issues) {
    for (const std::int64_t number : issues.duplicates) close_duplicate(api, number, issues.open->number);
    if (plan.action == TrackingAction::leave_alone) return "";
    if (plan.action == TrackingAction::create) return create(api, plan);
    const std::string url = update(api, plan, *issues.open);
    return plan.action == TrackingAction::close ? "" : url;
}

}  // namespace github
