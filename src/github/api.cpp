#include "github/api.h"

#include <fmt/format.h>

#include <ostream>

#include "base/reference.h"
#include "base/text.h"

namespace github {

namespace {

using namespace std::chrono_literals;

constexpr int max_retries = 3;
constexpr int max_redirects = 5;
constexpr const char* api_version = "2022-11-28";
constexpr std::chrono::milliseconds between_writes = 1s;
constexpr std::chrono::milliseconds between_notices = 3s;
constexpr std::chrono::seconds for_files = 600s;
constexpr std::uint64_t max_response = 64U << 20U;
constexpr std::size_t shortest_secret = 8;  // a shorter one is in every text

/// Over https, or to this machine: a token is sent nowhere else.
bool is_safe(const std::string& url) {
    return url.starts_with("https://") || (url.starts_with("http://") && is_loopback(host_of(url)));
}

/// "https://api.github.com" of "https://api.github.com/repos/…".
std::string origin_of(const std::string& url) {
    const std::size_t host = url.find("://");
    if (host == std::string::npos) return "";
    return url.substr(0, url.find('/', host + 3));
}

bool is_write(const ApiCall& call) {
    return call.method != "GET" && call.method != "HEAD";
}

std::string shown(const ApiCall& call) {
    const std::size_t query = call.path.find('?');
    return call.method + " " + call.path.substr(0, query);
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
    int retries = 0;
    int limits = 0;
    while (true) {
        Response response = follow(call, request, send_once(request));
        if (const auto asked = limit_wait(response, world_.clock.now(), limits + 1)) {
            ++limits;
            wait(*asked, shown(call) + ": " + message_of(response));
        } else if (is_worth_a_retry(response.status) && !call.creates && retries < max_retries) {
            ++retries;
            wait(std::chrono::seconds(retries * retries), shown(call) + ": " + message_of(response));
        } else {
            if (is_write(call)) {
                has_written_ = true;
                last_write_ = world_.clock.steady();
            }
            return response;
        }
    }
}

Response Api::require(const ApiCall& call) {
    Response response = send(call);
    if (response.status / 100 != 2) throw make_refusal(call.purpose, response);
    return response;
}

rapidjson::Document Api::load_list(const std::string& path, const Purpose& purpose, const std::string& key) {
    rapidjson::Document all(rapidjson::kArrayType);
    std::string page = path;
    while (!page.empty()) {
        const Response response = require({.path = page, .purpose = purpose});
        const rapidjson::Document body = parse_tool_json(response.body, "GitHub's response");
        for (const Json& item : items_of(key.empty() ? body : member(body, key))) {
            all.PushBack(Json(item, all.GetAllocator()), all.GetAllocator());
        }
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
    bool found = holds(settings_.token);
    for (const Secret& other : settings_.others) found = found || holds(other);
    if (!found) return;
    throw Error{Exit::failed, "what was to be sent to GitHub holds one of this run's secrets, so it was not sent",
                "an image or a file of the repository holds the secret: find it, and renew the secret"};
}

Request Api::make_request(const ApiCall& call) const {
    Request request{.method = call.method,
                    .url = url_of(call.path),
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

std::string Api::url_of(const std::string& path) const {
    if (path.find("://") != std::string::npos) return path;
    return settings_.base + "/repos/" + settings_.repository + "/" + path;
}

/// The API's own host, and the one that takes a release's files: only these are given the token.
bool Api::is_githubs(const std::string& url) const {
    const std::string origin = origin_of(url);
    if (origin == origin_of(settings_.base)) return true;
    return settings_.base == "https://api.github.com" && origin == "https://uploads.github.com";
}

Response Api::send_once(const Request& request) {
    ++requests_;
    Problems why_none;
    return try_send(world_.http, request, why_none);
}

Response Api::follow(const ApiCall& call, Request request, Response response) {
    for (int hop = 0; !is_write(call) && response.status / 100 == 3 && hop < max_redirects; ++hop) {
        const std::string to = response.header("Location").value_or("");
        if (!is_safe(to)) break;
        request.url = to;
        if (!is_githubs(to)) std::erase_if(request.headers, [](const Header& h) { return h.name == "Authorization"; });
        response = send_once(request);
    }
    return response;
}

void Api::keep_pace(const ApiCall& call) {
    if (!is_write(call) || !has_written_ || is_on_this_machine()) return;
    const std::chrono::milliseconds since = world_.clock.steady() - last_write_;
    const std::chrono::milliseconds pace = call.notifies ? between_notices : between_writes;
    if (since < pace) world_.clock.sleep(pace - since);
}

void Api::wait(std::chrono::seconds duration, const std::string& why) {
    if (waited_ + duration > settings_.patience) {
        throw Error{Exit::failed,
                    fmt::format("{}. GitHub may be asked again at {}, which is too long to wait", why,
                                render_time(world_.clock.now() + duration)),
                    "press Re-run failed jobs after that; what is done already is left alone"};
    }
    waited_ += duration;
    world_.log << fmt::format("GitHub   {}; trying again in {} s\n", why, duration.count()) << std::flush;
    world_.clock.sleep(duration);
}

}  // namespace github
