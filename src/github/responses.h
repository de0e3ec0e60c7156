// What GitHub's responses mean, decided without sending anything (facts: github-api.md §2, §3).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/date.h"
#include "base/error.h"
#include "system/http.h"

namespace github {

/// GitHub's own words about a refusal: its message and what it says of single fields, as one line that is harmless on a
/// terminal; "HTTP 502" where there are none.
std::string message_of(const Response& response);

/// True if one of the response's errors has this code, and is about this field unless that is empty.
bool has_error(const Response& response, const std::string& code, const std::string& field = "");
/// True if GitHub's words hold this, whatever the case of their letters.
bool says(const Response& response, const std::string& words);

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

}  // namespace github
