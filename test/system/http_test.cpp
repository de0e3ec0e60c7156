// What a response implies for the next request.
#include "system/http.h"

#include <catch2/catch_test_macros.hpp>

#include "fakes/fake_world.h"

TEST_CASE("transient failures are retried, permanent ones are not") {
    for (const int status : {0, 408, 425, 429, 500, 502, 503, 504}) CHECK(is_worth_a_retry(status));
    for (const int status : {200, 201, 307, 400, 401, 403, 404, 405, 413, 422}) CHECK_FALSE(is_worth_a_retry(status));
}

TEST_CASE("the next page is the Link header with rel=next") {
    CHECK(next_page({200, {{"Link", "<https://a/?page=2>; rel=\"next\", <https://a/?page=9>; rel=\"last\""}}, ""}) ==
          "https://a/?page=2");
    CHECK(next_page({200, {{"Link", "</v2/?n=1>; rel=first, </v2/?n=2>; rel=next"}}, ""}) == "/v2/?n=2");
    CHECK(next_page({200, {{"link", "<https://a/?page=1>; rel=\"prev\""}}, ""}).empty());
    CHECK(next_page({200, {{"link", "<https://a/"}}, ""}).empty());
    CHECK(next_page({200, {}, ""}).empty());
}

TEST_CASE("a missing response is a value, unless a retry would fail the same way") {
    FakeWorld fake;
    fake.http.fail("GET", "https://a/once");
    fake.http.stub("GET", "https://a/long", 200, std::string(100, 'x'));
    Problems why_none;
    CHECK(try_send(fake.http, {.url = "https://a/once"}, why_none).status == 0);
    CHECK(why_none.size() == 1);
    CHECK_THROWS_AS(try_send(fake.http, {.url = "https://a/long", .max_body = 10}, why_none), Error);
}
