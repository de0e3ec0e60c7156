#include "base/date.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("only valid dates are parsed") {
    for (const char* day : {"2026-11-23", "1970-01-01", "2024-02-29", "9999-12-31"}) {
        REQUIRE(parse_date(day));
        CHECK(render_date(*parse_date(day)) == day);
    }
    for (const char* no_day :
         {"2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-11-23", "2026/11/23", "2026-11-23 ",
          " 2026-11-23", "2026-11-2x", "+026-11-23", "tomorrow", ""}) {
        CAPTURE(no_day);
        CHECK_FALSE(parse_date(no_day));
    }
}

TEST_CASE("days are counted from 1 January 1970") {
    CHECK(parse_date("1970-01-02")->time_since_epoch() == std::chrono::days(1));
    CHECK(parse_date("2026-11-23")->time_since_epoch() == std::chrono::days(20780));
    CHECK(*parse_date("2026-03-01") - *parse_date("2026-02-28") == std::chrono::days(1));
}

TEST_CASE("a time is converted to UTC, without fractions of a second") {
    const Time time = *parse_time("2026-11-23T17:50:09Z");
    CHECK(time.time_since_epoch() == std::chrono::seconds(1795456209));
    CHECK(parse_time("2026-11-23T18:50:09+01:00") == time);
    CHECK(parse_time("2026-11-23T12:20:09-05:30") == time);
    CHECK(parse_time("2026-11-24T02:50:09+09:00") == time);
    CHECK(parse_time("2026-11-23T17:50:09.999999999Z") == time);
    CHECK(parse_time("2026-11-23t17:50:09z") == time);
    CHECK(render_time(time) == "2026-11-23T17:50:09Z");
    CHECK(render_time(*parse_time("1969-12-31T23:59:58Z")) == "1969-12-31T23:59:58Z");
    CHECK(render_date(day_of(time)) == "2026-11-23");
    CHECK(render_date(day_of(*parse_time("1969-12-31T23:59:58Z"))) == "1969-12-31");
}

TEST_CASE("times that violate RFC 3339 are rejected") {
    for (const char* no_time :
         {"2026-11-23", "2026-11-23T17:50:09", "2026-11-23T24:00:00Z", "2026-11-23T17:60:00Z", "2026-11-23T17:50Z",
          "2026-11-23T17:50:09.Z", "2026-11-23T17:50:09+0100", "2026-11-23T17:50:09Z ", "2026-02-30T00:00:00Z",
          "2026-11-23T17-50-09Z", "2026-11-23T17:50:09+1:00", "0001-01-01", ""}) {
        CAPTURE(no_time);
        CHECK_FALSE(parse_time(no_time));
    }
}

TEST_CASE("an offset of more than a day is rejected") {
    CHECK_FALSE(parse_time("2026-11-23T17:50:09+24:00"));
    CHECK_FALSE(parse_time("2026-11-23T17:50:09+01:60"));
}
