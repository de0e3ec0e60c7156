#include "base/version.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("versions are compared number by number") {
    CHECK(*parse_version("3.9.20") < *parse_version("3.13.3"));
    CHECK(*parse_version("3.13.9") < *parse_version("3.13.10"));
    CHECK(*parse_version("4.0.0") > *parse_version("3.99.99"));
    CHECK(*parse_version("1.0.0") == Version{1, 0, 0});
    CHECK(render_version({3, 13, 3}) == "3.13.3");
    CHECK(minor_version({3, 13, 3}) == "3.13");
}

TEST_CASE("a version is exactly three numbers without leading zeros") {
    CHECK(parse_version("0.0.0"));
    for (const char* none : {"3.13", "3.13.03", "03.13.3", "v3.13.3", "3.13.3-rc1", "3.13.3 ", " 3.13.3", "3.13.3.",
                             "3..3", "-3.13.3", "3.-1.3", "3.13.+3", "3.13.99999999999", "3.13.3\n", "a.b.c", ""}) {
        CAPTURE(none);
        CHECK_FALSE(parse_version(none));
    }
}
