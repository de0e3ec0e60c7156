#include "github/issues.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/encoding.h"

namespace github {

namespace {

const Purpose& purpose() {
    static const Purpose tracking{"the tracking issue could not be kept", "issues: write"};
    return tracking;
}

/// Whose issues are ours. A workflow's own token may not ask who it is; it writes as a bot.
std::string load_own_name(Api& api, const std::string& user_url) {
    const Response response = api.send({.path = user_url});
    return response.status == 200 ? text_at(parse_tool_json(response.body, "GitHub's response"), "login") : "";
}

bool is_ours(const Json& issue, const std::string& own_name) {
    if (!member(issue, "pull_request").IsNull()) return false;  // the list holds pull requests too
    const Json& author = member(issue, "user");
    return own_name.empty() ? text_at(author, "type") == "Bot" : text_at(author, "login") == own_name;
}

TrackingIssue parse_issue(const Json& issue, TrackingState state) {
    return {number_at(issue, "number"), text_at(issue, "state") == "open", text_at(issue, "html_url"),
            std::move(state)};
}

std::vector<TrackingIssue> load_own_issues(Api& api) {
    const rapidjson::Document all = api.load_list(
        fmt::format("issues?labels={}&state=all&sort=updated&direction=desc&per_page=100", tracking_label), purpose());
    std::vector<TrackingIssue> own;
    if (all.Empty()) return own;
    const std::string own_name = load_own_name(api, api.base() + "/user");
    for (const Json& issue : items_of(all)) {
        const auto state = parse_tracking_state(text_at(issue, "body"));
        if (state && is_ours(issue, own_name)) own.push_back(parse_issue(issue, *state));
    }
    return own;
}

/// The open ones, oldest first.
std::vector<TrackingIssue> open_ones(std::vector<TrackingIssue> issues) {
    std::erase_if(issues, [](const TrackingIssue& i) { return !i.open; });
    std::ranges::sort(issues, {}, &TrackingIssue::number);
    return issues;
}

void make_label(Api& api) {
    const Response there = api.send({.path = std::string("labels/") + tracking_label});
    if (there.status == 200) return;
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

/// The comment is GitHub's own form for a duplicate: who follows the one finds the other.
void close_duplicate(Api& api, std::int64_t number, std::int64_t kept) {
    api.send({.method = "POST",
              .path = fmt::format("issues/{}/comments", number),
              .body = fmt::format(R"({{"body":"Duplicate of #{}"}})", kept),
              .purpose = purpose(),
              .creates = true,
              .notifies = true});
    api.require({.method = "PATCH",
                 .path = fmt::format("issues/{}", number),
                 .body = R"({"state":"closed","state_reason":"not_planned"})",
                 .purpose = purpose(),
                 .notifies = true});
}

TrackingIssues sort_issues(const std::vector<TrackingIssue>& own) {
    TrackingIssues issues;
    for (const TrackingIssue& issue : open_ones(own)) {
        if (issues.open) {
            issues.duplicates.push_back(issue.number);
        } else {
            issues.open = issue;
        }
    }
    const auto closed = std::ranges::find_if(own, [](const TrackingIssue& i) { return !i.open; });
    if (closed != own.end()) issues.closed = *closed;
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
    const Response response = api.send({.method = "POST",
                                        .path = "issues",
                                        .body = render_issue(plan, true),
                                        .purpose = purpose(),
                                        .creates = true,
                                        .notifies = true});
    if (response.status == 201)
        return keep_one(api, text_at(parse_tool_json(response.body, "GitHub's response"), "html_url"));
    if (!is_worth_a_retry(response.status)) throw make_refusal(purpose(), response);
    const std::string there = keep_one(api, "");  // it may have happened all the same
    if (there.empty()) throw make_refusal(purpose(), response);
    return there;
}

std::string update(Api& api, const TrackingPlan& plan, const TrackingIssue& issue) {
    // The comment first: if it fails, the issue still remembers less than was reported, and it is reported again.
    if (!plan.comment.empty()) {
        JsonWriter json;
        json.object({{"body", plan.comment}});
        const Response response = api.send({.method = "POST",
                                            .path = fmt::format("issues/{}/comments", issue.number),
                                            .body = json.one_line(),
                                            .purpose = purpose(),
                                            .creates = true,
                                            .notifies = true});
        const bool locked = response.status == 403 && says(response, "lock");
        if (response.status != 201 && !locked && !is_worth_a_retry(response.status))
            throw make_refusal(purpose(), response);
    }
    api.require({.method = "PATCH",
                 .path = fmt::format("issues/{}", issue.number),
                 .body = render_issue(plan, false),
                 .purpose = purpose(),
                 .notifies = plan.action == TrackingAction::close});
    return issue.url;
}

}  // namespace

TrackingIssues load_tracking_issues(Api& api) {
    return sort_issues(load_own_issues(api));
}

std::optional<Time> load_last_good(Api& api, const std::string& ref) {
    std::optional<Time> last;
    const auto take = [&](std::optional<Time> time) {
        if (time && (!last || *last < *time)) last = time;
    };
    const Response issues = api.send(
        {.path = fmt::format("issues?labels={}&state=all&sort=updated&direction=desc&per_page=20", tracking_label)});
    if (issues.status == 200) {
        const rapidjson::Document found = parse_tool_json(issues.body, "GitHub's response");
        for (const Json& issue : items_of(found)) {
            if (!is_ours(issue, "")) continue;
            if (const auto state = parse_tracking_state(text_at(issue, "body"))) take(state->last_good);
        }
    }
    const Response analyses = api.send(
        {.path = fmt::format(
             "code-scanning/analyses?ref={}&tool_name=python-image-action&sort=created&direction=desc&per_page=1",
             percent_encoded(ref))});
    if (analyses.status == 200) {
        const rapidjson::Document newest = parse_tool_json(analyses.body, "GitHub's response");
        for (const Json& analysis : items_of(newest)) take(parse_time(text_at(analysis, "created_at")));
    }
    return last;
}

std::string carry_out(Api& api, const TrackingPlan& plan, const TrackingIssues& issues) {
    for (const std::int64_t number : issues.duplicates) close_duplicate(api, number, issues.open->number);
    switch (plan.action) {
        case TrackingAction::leave_alone:
            return "";
        case TrackingAction::create:
            return create(api, plan);
        case TrackingAction::update:
            return update(api, plan, *issues.open);
        case TrackingAction::close:
            update(api, plan, *issues.open);
            return "";
    }
    return "";
}

}  // namespace github
