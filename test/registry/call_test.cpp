#include "registry/call.h"

#include <catch2/catch_test_macros.hpp>

using namespace registry;
using namespace std::chrono_literals;

namespace {
const Time now = *parse_time("2026-11-23T12:00:00Z");
}

TEST_CASE("Retry-After is accepted in seconds and as a date, and is bounded") {
    CHECK(parse_retry_after("2", now) == 2000ms);
    CHECK(parse_retry_after("Mon, 23 Nov 2026 12:00:30 GMT", now) == 30s);
    CHECK(parse_retry_after("1000000000", now) == 60s);
    CHECK(parse_retry_after("0", now) == 1s);
}

TEST_CASE("An invalid Retry-After is ignored") {
    for (const char* value : {"", "35.852µs", "-1", "soon", "Mon, 23 Nov 2026 11:00:00 GMT", "99999999999999999999"}) {
        INFO(value);
        CHECK_FALSE(parse_retry_after(value, now));
    }
}

TEST_CASE("The backoff grows up to 30 seconds; half of each wait is random") {
    CHECK(plan_wait(1, std::nullopt, 0.0) == 500ms);
    CHECK(plan_wait(1, std::nullopt, 0.5) == 750ms);
    CHECK(plan_wait(4, std::nullopt, 0.5) == 6s);
    CHECK(plan_wait(40, std::nullopt, 0.999) < 30s);
    CHECK(plan_wait(1, 7s, 0.5) == 7s);
}

TEST_CASE("The shortest possible retries together wait more than seven seconds") {
    std::chrono::milliseconds shortest{0};
    for (int attempt = 1; attempt < max_attempts; ++attempt) shortest += plan_wait(attempt, std::nullopt, 0.0);
    CHECK(shortest > 7s);
}
