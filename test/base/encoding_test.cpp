#include "base/encoding.h"

#include <catch2/catch_test_macros.hpp>

#include "base/date.h"
#include "base/error.h"

TEST_CASE("Base64 follows RFC 4648") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64(std::string("\0\xff", 2)) == "AP8=");
}

TEST_CASE("All but the unreserved characters are encoded in a path") {
    CHECK(percent_encoded("1.0.0-a_b~c") == "1.0.0-a_b~c");
    CHECK(percent_encoded("a/b #?ü") == "a%2Fb%20%23%3F%C3%BC");
    CHECK(percent_encoded("image/a b.txt", "/") == "image/a%20b.txt");
}

TEST_CASE("Compressed data can be decompressed, and compression is deterministic") {
    const std::string text(300'000, 'x');
    CHECK(gunzip(gzip(text), "a test", 300'000) == text);
    CHECK(gzip(text) == gzip(text));
    CHECK(gzip(text).size() < 1000);
    CHECK(gunzip(gzip(""), "a test", 10).empty());
}

TEST_CASE("A truncated, invalid or too large gzip is rejected") {
    const std::string packed = gzip("some text that is long enough");
    CHECK_THROWS_AS(gunzip(packed.substr(0, packed.size() - 9), "a test", 1000), Error);
    CHECK_THROWS_AS(gunzip("plain", "a test", 1000), Error);
    CHECK_THROWS_AS(gunzip("", "a test", 1000), Error);
    CHECK_THROWS_AS(gunzip(gzip(std::string(5000, 'x')), "a test", 1000), Error);
}

TEST_CASE("The Date header of an HTTP response is parsed") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == parse_time("1994-11-06T08:49:37Z"));
    for (const char* wrong : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
                              "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
        INFO(wrong);
        CHECK_FALSE(parse_http_date(wrong));
    }
}
