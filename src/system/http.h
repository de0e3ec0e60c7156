// One HTTP exchange. Any status is a value; only "no response" throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method = "GET";
    std::string url{};              ///< http or https; no credentials in it
    std::vector<Header> headers{};  ///< may hold secrets: never printed
    std::string body{};
    std::filesystem::path body_file{};  ///< streamed from disk instead of `body`
    std::filesystem::path save_to{};    ///< a body of status 200 or 206 is streamed here instead of into Response::body
    std::filesystem::path unix_socket{};  ///< connect here instead of to the host of the URL
    bool only_once = false;               ///< on a connection of its own: for what must not happen twice
    bool cleans_up = false;               ///< sent also in a run that was cancelled, and not ended by that
    std::uint64_t max_body = 4U << 20U;   ///< bytes of the body that are read; more is an Error for a status below 400
    /// For the whole exchange; 0: only the low-speed limit (1 byte/s over 60 s) applies.
    std::chrono::seconds timeout{60};
};

struct Response {
    int status = 0;
    std::vector<Header> headers{};
    std::string body{};

    /// The first header of that name, whatever the case of its letters.
    std::optional<std::string> header(const std::string& name) const;
    std::vector<std::string> all_headers(const std::string& name) const;
};

struct Http {
    virtual ~Http() = default;
    /// No retry and no redirect is followed here; but where a kept connection turns out to be closed before any
    /// response, libcurl sends the request again on a new one, unless it is `only_once`. Throws Error{failed}, naming
    /// method, host and path (never the query), if no whole response came. It is permanent where another attempt would
    /// end the same way: a certificate that is not trusted, a response that is longer than the request allows.
    virtual Response send(const Request& request) = 0;
};

/// The same where no response is a value, too: status 0, with the reason as its body and, with its hint, in `why_none`.
/// Throws where another attempt would not help: an Error that is permanent, a cancellation, and a disk that could not
/// be written to.
Response try_send(Http& http, const Request& request, Problems& why_none);

/// True if the same request may succeed later: no response at all (status 0), 408, 425, 429 and 5xx.
bool is_worth_a_retry(int status);

/// The URL of the entry whose rel is "next" (RFC 8288): `</v2/a/tags/list?last=x&n=100>; rel="next"`. Empty if there is
/// none.
std::string next_page(const Response& response);
