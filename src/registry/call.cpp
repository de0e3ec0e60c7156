#include "registry/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "system/relay.h"

namespace registry {
namespace {

using namespace std::chrono_literals;

std::string render_pull_limit(const Response& response) {
    std::string text = "; this is the pull limit, which ends by itself in a few hours";
    for (const char* name : {"ratelimit-limit", "ratelimit-remaining", "docker-ratelimit-source"}) {
        if (const auto value = response.header(name)) text += fmt::format(", {}: {}", name, plain_line(*value));
    }
    return text;
}

/// The beginning of a body that is not JSON: one line, plain characters only.
std::string excerpt(const std::string& body) {
    std::string text;
    for (const char c : body.substr(0, 200)) text += (c >= ' ' && c <= '~') ? c : ' ';
    return std::string(trimmed(text));
}

/// A text as it is, an object as JSON: some registries say only there that their disk is full. Lists are of scopes.
std::string render_detail(const Json& detail) {
    if (!detail.IsObject()) return text_of(detail);
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    detail.Accept(writer);
    return excerpt(buffer.GetString());
}

}  // namespace

bool is_denied(const Response& response) {
    return response.status == 401 || response.status == 403;
}

bool is_pull_limit(const Response& response) {
    return response.status == 429 && response.body.find("pull rate limit") != std::string::npos;
}

bool has_error_code(const Response& response, const std::string& code) {
    const rapidjson::Document body = parse_json_or_null(response.body);
    const Json::ConstArray errors = items_at(body, "errors");
    return std::ranges::any_of(errors, [&](const Json& error) { return text_at(error, "code") == code; });
}

std::string render_refusal(const Call& call, const Response& response) {
    const std::string where = call.location.empty() ? call.path.substr(0, call.path.find('?')) : "blobs/uploads";
    const std::string what = fmt::format("{} {}/{}/{}", call.request.method, call.host, call.repository, where);
    if (response.status == 0) return response.body.empty() ? what + ": no response" : response.body;

    std::string reason;
    const rapidjson::Document body = parse_json_or_null(response.body);
    if (!body.IsNull()) {
        for (const Json& error : items_at(body, "errors")) {
            reason += ": " + text_at(error, "code") + " " + text_at(error, "message");
            if (const std::string detail = render_detail(member(error, "detail")); !detail.empty())
                reason += " (" + detail + ")";
        }
    } else if (const std::string beginning = excerpt(response.body); !beginning.empty()) {
        reason = ": " + beginning;
    }
    if (const auto location = response.header("Location"); location && response.status / 100 == 3)
        reason = " to " + location->substr(0, location->find('?')) + reason;
    return fmt::format("{}: {}{}{}", what, response.status, one_line(reason),
                       is_pull_limit(response) ? render_pull_limit(response) : "");
}

std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& value, Time now) {
    if (const auto seconds = parse_number(value))
        return std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 1, 60));
    const std::optional<Time> date = parse_http_date(value);
    if (!date || *date <= now) return std::nullopt;
    return std::clamp<std::chrono::milliseconds>(*date - now, 1s, 60s);
}

std::chrono::milliseconds plan_wait(int attempt, std::optional<std::chrono::milliseconds> asked_for, double random) {
    if (asked_for) return *asked_for;
    const std::chrono::milliseconds ceiling =
        std::min<std::chrono::milliseconds>(1s * (1 << std::clamp(attempt - 1, 0, 10)), 30s);
    return std::chrono::duration_cast<std::chrono::milliseconds>(ceiling * (0.5 + random / 2));
}

}  // namespace registry
