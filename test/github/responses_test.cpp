#include "github/responses.h"

#include <catch2/catch_test_macros.hpp>

using namespace github;
using namespace std::chrono_literals;

namespace {

const Time noon = *parse_time("2026-11-23T12:00:00Z");

Response limited(std::vector<Header> headers, std::string body = "", int status = 403) {
    return {status, std::move(headers), std::move(body)};
}

}  // namespace

TEST_CASE("A limit that says how long is waited out as long as it says") {
    CHECK(limit_wait(limited({{"retry-after", "7"}}, "", 429), noon, 1) == 7s);
    CHECK(limit_wait(limited({{"Retry-After", "60"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1"}}), noon,
                     1) == 60s);
}

TEST_CASE("An empty allowance is waited for by the server's clock, however wrong our own is") {
    const Response answer = limited({{"X-RateLimit-Remaining", "0"},
                                     {"X-RateLimit-Reset", std::to_string(noon.time_since_epoch().count() + 5)},
                                     {"Date", "Mon, 23 Nov 2026 12:00:00 GMT"}});
    CHECK(limit_wait(answer, noon, 1) == 6s);
    CHECK(limit_wait(answer, noon + 1h, 1) == 6s);
    CHECK(limit_wait(answer, noon - 1h, 1) == 6s);
}

TEST_CASE("A secondary limit without a number is a minute, and more with each attempt") {
    const Response answer = limited({}, R"({"message":"You have exceeded a secondary rate limit."})");
    CHECK(limit_wait(answer, noon, 1) == 60s);
    CHECK(limit_wait(answer, noon, 3) == 240s);
    CHECK(limit_wait(limited({}, "", 429), noon, 1) == 60s);
}

TEST_CASE("Any other 403 is about rights, and waiting does not help") {
    const Response answer =
        limited({{"X-RateLimit-Remaining", "998"}}, R"({"message":"Resource not accessible by integration"})");
    CHECK_FALSE(limit_wait(answer, noon, 1));
    CHECK_FALSE(limit_wait({404, {{"retry-after", "7"}}, ""}, noon, 1));
}

TEST_CASE("A missing permission is named, ours and as GitHub calls it") {
    const Response answer =
        limited({{"X-Accepted-GitHub-Permissions", "contents=write; contents=write,workflows=write"}},
                R"({"message":"Resource not accessible by integration"})");
    const Error error = make_refusal({"the release 1.0.0 was not made", "contents: write"}, answer);
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what == "the release 1.0.0 was not made: 403 Resource not accessible by integration");
    CHECK(
        error.problems.front().hint ==
        "the job needs `permissions: contents: write` (GitHub names: contents=write; contents=write,workflows=write)");
}

TEST_CASE("A refusal says GitHub's words and what it says of each field, on one line that no terminal obeys") {
    const Response answer{
        422,
        {},
        "{\"message\":\"Validation Failed\",\"errors\":[{\"resource\":\"Release\",\"code\":\"custom\","
        "\"message\":\"tag\\u001b[31m\\nmoved\"},{\"resource\":\"Issue\",\"field\":\"title\",\"code\":"
        "\"missing_field\"},\"plain\"]}"};
    CHECK(message_of(answer) == "422 Validation Failed; tag moved; Issue title missing_field; plain");
    CHECK(has_error(answer, "missing_field", "title"));
    CHECK_FALSE(has_error(answer, "missing_field", "body"));
    CHECK(message_of({502, {}, "<html>Bad Gateway</html>"}) == "HTTP 502");
    CHECK(message_of({0, {}, "connection reset"}) == "connection reset");
}
