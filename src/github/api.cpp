#include "github/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/reference.h"
#include "base/text.h"
#include "system/relay.h"

namespace github {

namespace {

using namespace std::chrono_literals;

constexpr int max_retries = 3;
constexpr int max_redirects = 5;
constexpr const char* api_version = "2022-11-28";
constexpr std::chrono::milliseconds between_writes = 1s;
constexpr std::chrono::milliseconds between_notices = 3s;
constexpr std::chrono::seconds for_files = 600s;
constexpr std::chrono::seconds max_wait_in_all = 600s;
constexpr std::uint64_t max_response = 64U << 20U;
constexpr std::size_t shortest_secret = 8;  // a shorter one is in every text

/// Over https, or to this machine: a token is sent nowhere else.
bool is_safe(const std::string& url) {
    return url.starts_with("https://") || (url.starts_with("http://") && is_loopback(host_of(url)));
}

bool is_write(const ApiCall& call) {
    return call.method != "GET" && call.method != "HEAD";
}

constexpr std::size_t max_words = 600;

std::string words_of(const Json& error) {
    if (error.IsString()) return text_of(error);
    const std::string message = text_at(error, "message");
    if (!message.empty()) return message;
    return joined({text_at(error, "resource"), text_at(error, "field"), text_at(error, "code")}, " ");
}

std::string hint_for(const Purpose& purpose, const Response& response) {
    const std::string needs =
        purpose.permission.empty() ? "" : "the job needs `permissions: " + purpose.permission + "`";
    if (response.status == 401)
        return "the token is not accepted: leave the input `token` at its default, or renew what it is set to";
    if (response.status == 403) {
        const auto accepted = response.header("X-Accepted-GitHub-Permissions");
        const std::string named = accepted ? " (GitHub names: " + one_line(*accepted, max_words) + ")" : "";
        return (needs.empty() ? "the token may not do this" : needs) + named;
    }
    if (response.status == 404)
        return "GitHub says so of what is not there and of what the token may not see" +
               (needs.empty() ? "" : ": " + needs);
    if (response.status == 410) return "this is switched off in the repository's settings";
    if (response.status == 413) return "it is larger than GitHub takes";
    const bool may_pass = response.status >= 500 || response.status == 0;
    return may_pass ? "press Re-run failed jobs: what is there already is found and left alone" : "";
}

}  // namespace

Api::Api(const World& world, ApiSettings settings) : world_(world), settings_(std::move(settings)) {
    if (is_safe(settings_.base)) return;
    throw Error{Exit::bad_input, "GITHUB_API_URL is \"" + settings_.base + "\"",
                "a token is only sent over https: the runner sets this variable, do not change it"};
}

Response Api::send(const ApiCall& call) {
    refuse_secrets(call.body);
    keep_pace(call);
    const Request request = make_request(call);
    const std::string shown = call.method + " " + call.path.substr(0, call.path.find('?')) + ": ";
    int retries = 0;
    int limits = 0;
    while (true) {
        Response response = follow(call, request);
        if (const auto asked = limit_wait(response, world_.clock.now(), limits + 1)) {
            ++limits;
            wait(*asked, shown + message_of(response));
        } else if (is_worth_a_retry(response.status) && !call.creates && retries < max_retries) {
            ++retries;
            wait(std::chrono::seconds(retries * retries), shown + message_of(response));
        } else {
            if (is_write(call)) {
                has_written_ = true;
                last_write_ = world_.clock.steady();
            }
            return response;
        }
    }
}

Response Api::require(const ApiCall& call, const Purpose& purpose) {
    Response response = send(call);
    if (response.status / 100 != 2) throw make_refusal(purpose, response);
    return response;
}

rapidjson::Document Api::load_list(const std::string& path, const Purpose& purpose) {
    rapidjson::Document all(rapidjson::kArrayType);
    std::string page = path;
    while (!page.empty()) {
        const Response response = require({.path = page}, purpose);
        const rapidjson::Document body = body_of(response);
        for (const Json& item : items_of(body)) all.PushBack(Json(item, all.GetAllocator()), all.GetAllocator());
        page = next_page(response);
    }
    return all;
}

bool Api::is_on_this_machine() const {
    return is_loopback(host_of(settings_.base));
}

void Api::refuse_secrets(std::string_view text) const {
    const auto holds = [&](const Secret& secret) {
        return secret.reveal().size() >= shortest_secret && text.find(secret.reveal()) != std::string_view::npos;
    };
    if (!holds(settings_.token) && std::ranges::none_of(settings_.others, holds)) return;
    throw Error{Exit::failed, "what was to be sent to GitHub holds one of this run's secrets, so it was not sent",
                "an image or a file of the repository holds the secret: find it, and renew the secret"};
}

Request Api::make_request(const ApiCall& call) const {
    const bool is_whole = call.path.find("://") != std::string::npos;
    Request request{.method = call.method,
                    .url = is_whole ? call.path : settings_.base + "/repos/" + settings_.repository + "/" + call.path,
                    .headers = {{"User-Agent", "python-image-action"},
                                {"Accept", call.accept},
                                {"X-GitHub-Api-Version", api_version}},
                    .body = call.body,
                    .body_file = call.file,
                    .save_to = call.save_to,
                    .only_once = call.creates,
                    .max_body = max_response,
                    .timeout = call.file.empty() && call.save_to.empty() ? 60s : for_files};
    if (!call.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    if (!call.file.empty()) request.headers.push_back({"Content-Type", "application/octet-stream"});
    if (!settings_.token.empty() && is_githubs(request.url))
        request.headers.push_back({"Authorization", "Bearer " + settings_.token.reveal()});
    return request;
}

/// The API's own host, and the one that takes a release's files on github.com and *.ghe.com: only these are given the
/// token.
bool Api::is_githubs(const std::string& url) const {
    const std::string host = host_of(url);
    const std::string own = host_of(settings_.base);
    return is_safe(url) && (host == own || (own.starts_with("api.") && host == "uploads." + own.substr(4)));
}

Response Api::follow(const ApiCall& call, Request request) {
    for (int hop = 0;; ++hop) {
        Problems why_none;
        Response response = try_send(world_.http, request, why_none);
        const std::string to = response.header("Location").value_or("");
        if (is_write(call) || response.status / 100 != 3 || hop == max_redirects || !is_safe(to)) return response;
        request.url = to;
        if (!is_githubs(to)) std::erase_if(request.headers, [](const Header& h) { return h.name == "Authorization"; });
    }
}

void Api::keep_pace(const ApiCall& call) {
    if (!is_write(call) || !has_written_ || is_on_this_machine()) return;
    const std::chrono::milliseconds since = world_.clock.steady() - last_write_;
    const std::chrono::milliseconds pace = call.notifies ? between_notices : between_writes;
    if (since < pace) world_.clock.sleep(pace - since);
}

void Api::wait(std::chrono::seconds duration, const std::string& why) {
    if (waited_ + duration > max_wait_in_all) {
        throw Error{Exit::failed,
                    fmt::format("{}. GitHub may be asked again at {}, which is too long to wait", why,
                                render_time(world_.clock.now() + duration)),
                    "press Re-run failed jobs after that; what is done already is left alone"};
    }
    waited_ += duration;
    world_.log << fmt::format("GitHub   {}; trying again in {} s\n", why, duration.count()) << std::flush;
    world_.clock.sleep(duration);
}

std::string message_of(const Response& response) {
    if (response.status == 0) return one_line(response.body, max_words);
    const rapidjson::Document body = parse_json_or_null(response.body);
    std::vector<std::string> words;
    if (const std::string message = text_at(body, "message"); !message.empty()) words.push_back(message);
    for (const Json& error : items_at(body, "errors")) words.push_back(words_of(error));
    if (words.empty()) return fmt::format("HTTP {}", response.status);
    return fmt::format("{} {}", response.status, one_line(joined(words, "; "), max_words));
}

rapidjson::Document body_of(const Response& response) {
    return parse_tool_json(response.body, "GitHub's response");
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
    const auto number = [&](const char* name) { return parse_number(response.header(name).value_or("")); };
    if (const auto seconds = number("Retry-After")) return std::chrono::seconds(*seconds);
    if (number("X-RateLimit-Remaining") == 0) {
        const auto reset = number("X-RateLimit-Reset");
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
