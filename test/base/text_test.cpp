#include "base/text.h"

#include <catch2/catch_test_macros.hpp>

using Texts = std::vector<std::string>;

TEST_CASE("blanks are trimmed only at both ends") {
    CHECK(trimmed(" \t a b\r\n") == "a b");
    CHECK(trimmed("a") == "a");
    CHECK(trimmed(" \r\n\t") == "");
    CHECK(trimmed("") == "");
}

TEST_CASE("lines end in LF or CRLF; the last line may have no line end") {
    CHECK(lines_of("a\nb\r\n\nc") == Texts{"a", "b", "", "c"});
    CHECK(lines_of("a\n") == Texts{"a"});
    CHECK(lines_of("\n") == Texts{""});
    CHECK(lines_of("a\rb") == Texts{"a\rb"});
    CHECK(lines_of("").empty());
}

TEST_CASE("fields are trimmed, and empty ones omitted") {
    CHECK(fields_of("a, b,,c ,", ',') == Texts{"a", "b", "c"});
    CHECK(fields_of("linux/arm/v7", '/') == Texts{"linux", "arm", "v7"});
    CHECK(fields_of(" , ", ',').empty());
    CHECK(fields_of("", ',').empty());
}

TEST_CASE("parts are joined, including empty ones") {
    CHECK(joined({"a", "b", "c"}, ", ") == "a, b, c");
    CHECK(joined({"", "b", ""}, ",") == ",b,");
    CHECK(joined({"a"}, ", ") == "a");
    CHECK(joined({}, ", ").empty());
}

TEST_CASE("lower case changes only ASCII letters") {
    CHECK(lower_case("AZaz09 É-_") == "azaz09 É-_");
}

TEST_CASE("a pattern matches the whole text") {
    CHECK(matches_pattern("3.13.3-production", "3.13.3-production"));
    CHECK(matches_pattern("3.13*", "3.13.3-production"));
    CHECK(matches_pattern("*-production", "3.13.3-production"));
    CHECK(matches_pattern("*-prod*on", "3.13.3-production"));
    CHECK(matches_pattern("3.1?.3-*", "3.12.3-development"));
    CHECK(matches_pattern("*", ""));
    CHECK(matches_pattern("**a**b", "xaybab"));
    CHECK(matches_pattern("", ""));
    CHECK_FALSE(matches_pattern("3.13", "3.13.3"));
    CHECK_FALSE(matches_pattern("*-production", "3.13.3-production-linux-amd64"));
    CHECK_FALSE(matches_pattern("?", ""));
    CHECK_FALSE(matches_pattern("", "a"));
    CHECK_FALSE(matches_pattern("a*b*c", "acb"));
    CHECK(matches_pattern("a*?c", "abc"));
    CHECK_FALSE(matches_pattern("a*?c", "ac"));
}

TEST_CASE("matching a pattern with many stars takes no exponential time") {
    CHECK_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
}

TEST_CASE("a noun is singular or plural according to the count") {
    CHECK(counted(1, "image") == "1 image");
    CHECK(counted(2, "image") == "2 images");
    CHECK(counted(0, "image") == "0 images");
    CHECK(counted(2, "vulnerability", "vulnerabilities") == "2 vulnerabilities");
    CHECK(counted(1, "vulnerability", "vulnerabilities") == "1 vulnerability");
}
