// GitHub's REST API: requests at the pace it asks for, retried by one rule, and what its responses mean.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "system/http.h"
#include "system/world.h"

namespace github {

/// GitHub's own words about a refusal: its message and what it says of single fields, as one line that is safe on a
/// terminal; "HTTP 502" where there are none.
std::string message_of(const Response& response);

/// True if one of the response's errors has this code, and is about this field unless that is empty.
bool has_error(const Response& response, const std::string& code, const std::string& field = "");
/// True if GitHub's words hold this, whatever the case of their letters.
bool says(const Response& response, const std::string& words);

/// The response's JSON. Throws Error{failed} if it is not JSON.
rapidjson::Document body_of(const Response& response);

/// How long GitHub wants us to wait before anything is sent again; nothing if this response is about no limit. In this
/// order: Retry-After; an empty allowance, until it is filled again (by GitHub's own clock, the Date header; `now` only
/// where there is none); a secondary limit, a minute, doubled with each attempt.
std::optional<std::chrono::seconds> limit_wait(const Response& response, Time now, int attempt);

/// What a call was for: reported with every failure.
struct Purpose {
    std::string what{};        ///< "the release 1.0.0 could not be made"
    std::string permission{};  ///< what the token needs: "contents: write"
};

/// The refusal as an error: what was not done, GitHub's words, what to do about it.
Error make_refusal(const Purpose& purpose, const Response& response);

struct ApiSettings {
    std::string base;              ///< GITHUB_API_URL: "https://api.github.com", "https://ghe.example/api/v3"
    std::string repository;        ///< "defra/images"
    Secret token;                  ///< goes into one header, and only to GitHub
    std::vector<Secret> others{};  ///< nothing that is sent may hold one (masks cover logs only)
};

struct ApiCall {
    std::string method = "GET";
    std::string path;                 ///< below /repos/OWNER/NAME/; or a whole URL that GitHub gave us
    std::string body{};               ///< JSON
    std::filesystem::path file{};     ///< streamed instead of `body`
    std::filesystem::path save_to{};  ///< where the body of a good response goes
    std::string accept = "application/vnd.github+json";
    bool creates = false;   ///< sending it twice would make two: after a 5xx or no response the caller looks first
    bool notifies = false;  ///< people are notified: at a slower pace
};

/// For one thread: GitHub wants one writer at a time.
class Api {
  public:
    /// Throws Error{bad_input} if the base is neither https nor on this machine: the token would go there in clear.
    Api(const World& world, ApiSettings settings);

    /// Sends it, at least 1 s after the last write (3 s where people are notified; a GitHub on this machine needs no
    /// pause), again after a limit, and again up to three times after what passes, unless the call creates something:
    /// status 0 then stands for "no response". Redirects of what is read are followed, to other hosts without the
    /// token. Any other status is a value. Throws Error{failed} if limits and faults hold us up for more than
    /// 10 minutes in all, or if what is sent holds a secret.
    Response send(const ApiCall& call);

    /// The same, and only 2xx comes back. Throws make_refusal.
    Response require(const ApiCall& call, const Purpose& purpose = {});

    /// All pages of a list as one array. Throws make_refusal.
    rapidjson::Document load_list(const std::string& path, const Purpose& purpose);

    const std::string& base() const { return settings_.base; }
    bool is_on_this_machine() const;  ///< a GitHub for trying out

    /// Throws Error{failed} if the text holds one of our secrets.
    void refuse_secrets(std::string_view text) const;

  private:
    Request make_request(const ApiCall& call) const;
    bool is_githubs(const std::string& url) const;
    Response follow(const ApiCall& call, Request request);
    void keep_pace(const ApiCall& call);
    void wait(std::chrono::seconds duration, const std::string& why);

    const World& world_;
    const ApiSettings settings_;
    std::chrono::seconds waited_{0};
    bool has_written_ = false;
    std::chrono::milliseconds last_write_{0};
};

}  // namespace github
