#include "github/api.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <tuple>

#include "github/scripted_github.h"

using namespace github;
using namespace std::chrono_literals;

namespace {

Response limit(const std::string& seconds) {
    return {403, {{"Retry-After", seconds}}, R"({"message":"You have exceeded a secondary rate limit"})"};
}

const Time noon = *parse_time("2026-11-23T12:00:00Z");

Response limited(std::vector<Header> headers, std::string body = "", int status = 403) {
    return {status, std::move(headers), std::move(body)};
}

}  // namespace

TEST_CASE("Every request has the User-Agent and API version, and the token in one header only") {
    ScriptedGitHub server;
    Api api = server.api();
    api.require({.path = "releases?per_page=100"});
    const Request& sent = server.fake.http.sent.front();
    CHECK(sent.url == "https://api.github.example/repos/defra/images/releases?per_page=100");
    std::string headers;
    for (const Header& header : sent.headers) headers += header.name + ": " + header.value + "\n";
    CHECK(headers ==
          "User-Agent: python-image-action\nAccept: application/vnd.github+json\nX-GitHub-Api-Version: 2022-11-28\n"
          "Authorization: Bearer canary-token-of-the-test\n");
    CHECK_FALSE(holds(server.fake.log.str(), "canary"));
}

TEST_CASE("The path prefix of a GitHub Enterprise Server precedes every path") {
    ScriptedGitHub server;
    server.hub.base = "https://ghe.example/api/v3";
    Api api = server.api();
    api.require({.path = "releases?per_page=100"});
    CHECK(server.fake.http.sent.front().url == "https://ghe.example/api/v3/repos/defra/images/releases?per_page=100");
}

TEST_CASE("A token is never sent over a network without TLS") {
    FakeWorld fake;
    const World world = fake.world();
    CHECK(error_of([&] { Api(world, {.base = "http://api.github.com", .repository = "a/b", .token = {}}); }).exit ==
          Exit::bad_input);
    CHECK_NOTHROW(Api(world, {.base = "http://127.0.0.1:8080", .repository = "a/b", .token = {}}));
}

TEST_CASE("All pages of a list are read") {
    ScriptedGitHub server;
    server.hub.page_size = 2;
    for (int i = 1; i <= 5; ++i) server.hub.releases.push_back({.id = i, .tag = std::to_string(i)});
    Api api = server.api();
    CHECK(api.load_list("releases?per_page=2", {}).Size() == 5);
    CHECK(server.fake.http.sent.size() == 3);
}

TEST_CASE("A short rate limit is waited out") {
    ScriptedGitHub server;
    server.hub.faults = {{"GET", "releases*", limit("7"), false, 2}};
    Api api = server.api();
    CHECK(api.require({.path = "releases?per_page=100"}).status == 200);
    CHECK(server.fake.clock.sleeps == std::vector<std::chrono::milliseconds>{7s, 7s});
    CHECK(holds(server.fake.log.str(),
                "GET releases: 403 You have exceeded a secondary rate limit; trying again in 7 s"));
}

TEST_CASE("A long rate limit ends the run at once with the time when it ends") {
    ScriptedGitHub server;
    server.hub.faults = {
        {"GET",
         "releases*",
         {403,
          {{"X-RateLimit-Remaining", "0"},
           {"X-RateLimit-Reset", std::to_string(parse_time("2026-11-23T12:50:00Z")->time_since_epoch().count())},
           {"Date", "Mon, 23 Nov 2026 12:00:00 GMT"}},
          R"({"message":"API rate limit exceeded for installation"})"},
         false,
         1}};
    Api api = server.api();
    const Error error = error_of([&] { api.send({.path = "releases?per_page=100"}); });
    CHECK(error.exit == Exit::failed);
    CHECK(holds(error.problems.front().what, "2026-11-23T12:50:01Z"));
    CHECK(server.fake.clock.sleeps.empty());
}

TEST_CASE("Transient failures are retried, except for requests that create something") {
    ScriptedGitHub server;
    server.hub.faults = {{"GET", "releases*", {502, {}, ""}, false, 2}, {"POST", "issues", {502, {}, ""}, false, 1}};
    Api api = server.api();
    CHECK(api.send({.path = "releases?per_page=100"}).status == 200);
    CHECK(api.send({.method = "POST", .path = "issues", .body = R"({"title":"a"})", .creates = true}).status == 502);
    CHECK(server.hub.count("POST issues") == 1);
}

TEST_CASE("A missing response is a value") {
    FakeWorld fake;
    fake.http.fail("POST", "*");
    const World world = fake.world();
    Api api(world, {.base = "https://api.github.com", .repository = "a/b", .token = {}});
    const Response response =
        api.send({.method = "POST", .path = "issues", .body = R"({"title":"a"})", .creates = true});
    CHECK(response.status == 0);
    CHECK(holds(response.body, "connection reset"));
}

TEST_CASE("Writes are a second apart, and three if they notify people") {
    ScriptedGitHub server;
    Api api = server.api();
    api.send({.method = "POST", .path = "labels", .body = R"({"name":"a"})"});
    api.send({.path = "releases?per_page=100"});
    api.send({.method = "POST", .path = "labels", .body = R"({"name":"b"})"});
    api.send({.method = "POST", .path = "issues", .body = R"({"title":"a"})", .creates = true, .notifies = true});
    CHECK(server.fake.clock.sleeps == std::vector<std::chrono::milliseconds>{1s, 3s});
}

TEST_CASE("A redirected download is sent without the token") {
    FakeWorld fake;
    fake.http.stub("GET", "https://api.github.com/*", {302, {{"Location", "https://files.example/x?sig=1"}}, ""});
    fake.http.stub("GET", "https://files.example/*", 200, "content");
    const World world = fake.world();
    Api api(world, {.base = "https://api.github.com", .repository = "a/b", .token = Secret("canary-token")});
    api.require({.path = "releases/assets/1", .save_to = "file", .accept = "application/octet-stream"});
    CHECK(fake.files.texts.at("file") == "content");
    for (const Header& header : fake.http.sent.back().headers) CHECK_FALSE(holds(header.value, "canary"));
}

TEST_CASE("The host that takes a release's files is given the token, and no other one") {
    for (const auto& [base, url, given] :
         {std::tuple{"https://api.github.com", "https://uploads.github.com/x", true},
          std::tuple{"https://api.defra.ghe.com", "https://uploads.defra.ghe.com/x", true},
          std::tuple{"https://api.defra.ghe.com", "https://uploads.github.com/x", false},
          std::tuple{"https://ghe.example/api/v3", "https://uploads.ghe.example/x", false}}) {
        FakeWorld fake;
        fake.http.stub("POST", "*", 201, "{}");
        const World world = fake.world();
        Api api(world, {.base = base, .repository = "a/b", .token = Secret("canary")});
        api.send({.method = "POST", .path = url});
        INFO(base << " and " << url);
        CHECK(std::ranges::count(fake.http.sent.back().headers, "Authorization", &Header::name) == (given ? 1 : 0));
    }
}

TEST_CASE("A request that contains a secret is never sent, since masks cover only logs") {
    ScriptedGitHub server;
    ApiSettings settings = server.settings();
    settings.others = {Secret("canary-docker-token")};
    Api api(server.world, settings);
    for (const char* leak : {"canary-token-of-the-test", "canary-docker-token"}) {
        const Error error = error_of([&] {
            api.send({.method = "POST", .path = "issues", .body = std::string(R"({"body":"x )") + leak + "\"}"});
        });
        CHECK_FALSE(holds(error.problems.front().what, "canary"));
    }
    CHECK(server.fake.http.sent.empty());
}

TEST_CASE("A rate limit with Retry-After is waited out for that time") {
    CHECK(limit_wait(limited({{"retry-after", "7"}}, "", 429), noon, 1) == 7s);
    CHECK(limit_wait(limited({{"Retry-After", "60"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1"}}), noon,
                     1) == 60s);
}

TEST_CASE("The wait for the end of a rate limit uses the server's clock") {
    const Response response = limited({{"X-RateLimit-Remaining", "0"},
                                       {"X-RateLimit-Reset", std::to_string(noon.time_since_epoch().count() + 5)},
                                       {"Date", "Mon, 23 Nov 2026 12:00:00 GMT"}});
    CHECK(limit_wait(response, noon, 1) == 6s);
    CHECK(limit_wait(response, noon + 1h, 1) == 6s);
    CHECK(limit_wait(response, noon - 1h, 1) == 6s);
}

TEST_CASE("A secondary rate limit without a time is a minute, longer with each attempt") {
    const Response response = limited({}, R"({"message":"You have exceeded a secondary rate limit."})");
    CHECK(limit_wait(response, noon, 1) == 60s);
    CHECK(limit_wait(response, noon, 3) == 240s);
    CHECK(limit_wait(limited({}, "", 429), noon, 1) == 60s);
}

TEST_CASE("Any other 403 is a missing permission and is not retried") {
    const Response response =
        limited({{"X-RateLimit-Remaining", "998"}}, R"({"message":"Resource not accessible by integration"})");
    CHECK_FALSE(limit_wait(response, noon, 1));
    CHECK_FALSE(limit_wait({404, {{"retry-after", "7"}}, ""}, noon, 1));
}

TEST_CASE("A missing permission is named in our words and in those of GitHub") {
    const Response response =
        limited({{"X-Accepted-GitHub-Permissions", "contents=write; contents=write,workflows=write"}},
                R"({"message":"Resource not accessible by integration"})");
    const Error error = make_refusal({"the release 1.0.0 was not made", "contents: write"}, response);
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what == "the release 1.0.0 was not made: 403 Resource not accessible by integration");
    CHECK(
        error.problems.front().hint ==
        "the job needs `permissions: contents: write` (GitHub names: contents=write; contents=write,workflows=write)");
}

TEST_CASE("An error shows GitHub's message and field errors on one sanitized line") {
    const Response response{
        422,
        {},
        "{\"message\":\"Validation Failed\",\"errors\":[{\"resource\":\"Release\",\"code\":\"custom\","
        "\"message\":\"tag\\u001b[31m\\nmoved\"},{\"resource\":\"Issue\",\"field\":\"title\",\"code\":"
        "\"missing_field\"},\"plain\"]}"};
    CHECK(message_of(response) == "422 Validation Failed; tag moved; Issue title missing_field; plain");
    CHECK(has_error(response, "missing_field", "title"));
    CHECK_FALSE(has_error(response, "missing_field", "body"));
    CHECK(message_of({502, {}, "<html>Bad Gateway</html>"}) == "HTTP 502");
    CHECK(message_of({0, {}, "connection reset"}) == "connection reset");
}
