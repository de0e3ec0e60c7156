#include "registry/refusal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "system/relay.h"

namespace registry {

namespace {

constexpr std::size_t longest_line = 500;

std::string render_pull_limit(const Response& response) {
    std::string text = "; this is the pull limit, which ends by itself in a few hours";
    for (const char* name : {"ratelimit-limit", "ratelimit-remaining", "docker-ratelimit-source"}) {
        if (const auto value = response.header(name)) text += fmt::format(", {}: {}", name, plain_line(*value));
    }
    return text;
}

/// The beginning of a body that is no JSON: one line, plain characters only.
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

bool is_pull_limit(const Response& response) {
    return response.status == 429 && response.body.find("pull rate limit") != std::string::npos;
}

bool has_error_code(const Response& response, const std::string& code) {
    rapidjson::Document body;
    body.Parse<rapidjson::kParseIterativeFlag>(response.body.data(), response.body.size());
    if (body.HasParseError()) return false;
    const Json::ConstArray errors = items_at(body, "errors");
    return std::any_of(errors.begin(), errors.end(), [&](const Json& error) { return text_at(error, "code") == code; });
}

std::string render_refusal(const Call& call, const Response& response) {
    const std::string where = call.location.empty() ? call.path.substr(0, call.path.find('?')) : "blobs/uploads";
    const std::string what = fmt::format("{} {}/{}/{}", call.method, call.host, call.repository, where);
    if (response.status == 0) return response.body.empty() ? what + ": no response" : response.body;

    std::string reason;
    rapidjson::Document body;
    body.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(response.body.data(),
                                                                                       response.body.size());
    if (!body.HasParseError()) {
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

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\r', ' ');
    std::size_t end = std::min(text.size(), longest_line);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return plain_line(text.substr(0, end));
}

}  // namespace registry
