#include "github/responses.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "system/relay.h"

namespace github {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_words = 600;

std::optional<std::int64_t> number_of(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size() || number < 0) return std::nullopt;
    return number;
}

std::string words_of(const Json& error) {
    if (error.IsString()) return text_of(error);
    const std::string message = text_at(error, "message");
    if (!message.empty()) return message;
    const std::vector<std::string> parts = {text_at(error, "resource"), text_at(error, "field"),
                                            text_at(error, "code")};
    return joined(parts, " ");
}

std::string hint_for(const Purpose& purpose, const Response& response) {
    const std::string needs =
        purpose.permission.empty() ? "" : "the job needs `permissions: " + purpose.permission + "`";
    switch (response.status) {
        case 401:
            return "the token is not accepted: leave the input `token` at its default, or renew what it is set to";
        case 403: {
            const auto accepted = response.header("X-Accepted-GitHub-Permissions");
            const std::string named = accepted ? " (GitHub names: " + one_line(*accepted, max_words) + ")" : "";
            return needs.empty() ? "the token may not do this" + named : needs + named;
        }
        case 404:
            return "GitHub says so of what is not there and of what the token may not see" +
                   (needs.empty() ? "" : ": " + needs);
        case 410:
            return "this is switched off in the repository's settings";
        case 413:
            return "it is larger than GitHub takes";
        default:
            return response.status >= 500 || response.status == 0
                       ? "press Re-run failed jobs: what is there already is found and left alone"
                       : "";
    }
}

}  // namespace

std::string message_of(const Response& response) {
    if (response.status == 0) return one_line(response.body, max_words);
    const rapidjson::Document body = parse_json_or_null(response.body);
    std::vector<std::string> words;
    if (const std::string message = text_at(body, "message"); !message.empty()) words.push_back(message);
    for (const Json& error : items_at(body, "errors")) words.push_back(words_of(error));
    if (words.empty()) return fmt::format("HTTP {}", response.status);
    return fmt::format("{} {}", response.status, one_line(joined(words, "; "), max_words));
}

bool has_error(const Response& response, const std::string& code, const std::string& field) {
    const rapidjson::Document body = parse_json_or_null(response.body);
    const auto errors = items_at(body, "errors");
    return std::ranges::any_of(errors, [&](const Json& error) {
        return text_at(error, "code") == code && (field.empty() || text_at(error, "field") == field);
    });
}

bool says(const Response& response, const std::string& words) {
    return lower_case(response.body).find(lower_case(words)) != std::string::npos;
}

std::optional<std::chrono::seconds> limit_wait(const Response& response, Time now, int attempt) {
    if (response.status != 403 && response.status != 429) return std::nullopt;
    if (const auto seconds = number_of(response.header("Retry-After"))) return std::chrono::seconds(*seconds);
    if (number_of(response.header("X-RateLimit-Remaining")) == 0) {
        const auto reset = number_of(response.header("X-RateLimit-Reset"));
        const Time there = parse_http_date(response.header("Date").value_or("")).value_or(now);
        if (reset) return std::max(0s, std::chrono::seconds(*reset) - there.time_since_epoch()) + 1s;
    }
    if (response.status == 429 || says(response, "secondary rate")) return 60s * (1 << std::clamp(attempt - 1, 0, 6));
    return std::nullopt;
}

Error make_refusal(const Purpose& purpose, const Response& response) {
    return {Exit::failed, fmt::format("{}: {}", purpose.what, message_of(response)), hint_for(purpose, response)};
}

}  // namespace github
