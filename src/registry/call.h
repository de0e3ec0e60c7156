// Calls of the registry API, how those that are refused are reported (distribution-spec, "Error Codes": foreign text,
// sanitized), and when one is sent again.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/date.h"
#include "system/http.h"

namespace registry {

/// One call of the registry API (distribution-spec).
struct Call {
    Request request{};   ///< as it is sent, but for its URL and our authorization
    std::string host{};  ///< as people write it: "docker.io"
    std::string repository{};
    std::string path{};            ///< below /v2/REPOSITORY/: "manifests/latest"
    std::string actions = "pull";  ///< of the token that is asked for: "pull", "pull,push"
    std::string location{};        ///< a Location that this registry gave, instead of `path`
    std::string mounted_from{};    ///< another repository that the token must let us pull from
    bool once = false;  ///< do not send it again: no response is status 0 then, and the body says why there was none
};

/// What the response to a refused call says, for people: the registry's own words, at most a few lines, sanitized for a
/// terminal; of a pull limit also its numbers.
std::string render_refusal(const Call& call, const Response& response);

/// True if the registry denied it (401, 403).
bool is_denied(const Response& response);

/// True if one of the errors in the response's body has this code.
bool has_error_code(const Response& response, const std::string& code);

/// True for a 429 that lasts for hours: it is reported, not waited for.
bool is_pull_limit(const Response& response);

inline constexpr int max_attempts = 5;

/// Retry-After as whole seconds or an HTTP date, clamped to 1 … 60 s; nothing for anything else ("35.852µs" has been
/// seen).
std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& value, Time now);

/// How long to wait before the next attempt: what the server asked for, else half of 1, 2, 4, 8 … 30 s and a
/// random part of the other half, so that five attempts always outlast 7.5 s.
/// `attempt` counts those made, from 1; `random` is in [0, 1).
std::chrono::milliseconds plan_wait(int attempt, std::optional<std::chrono::milliseconds> asked_for, double random);

}  // namespace registry
