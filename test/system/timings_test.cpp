#include "system/timings.h"

#include <catch2/catch_test_macros.hpp>

#include "fakes/fake_clock.h"

using namespace std::chrono_literals;

TEST_CASE("timings are listed by start time, relative to the first") {
    CHECK(render_timings({{"scan", "one", 5s, 7500ms}, {"build", "both", 4s, 5s}, {"scan", "two", 5s, 6s}}) ==
          "Where the time went, in seconds:\n"
          "   begin     end    took\n"
          "     0.0     1.0     1.0  build      both\n"
          "     1.0     3.5     2.5  scan       one\n"
          "     1.0     2.0     1.0  scan       two\n");
    CHECK(render_timings({}).empty());
}

TEST_CASE("a timed task ends with its scope") {
    FakeClock clock;
    Timings timings;
    {
        const TimedTask task(timings, clock, "test", "an image");
        clock.sleep(2s);
    }
    REQUIRE(timings.list().size() == 1);
    CHECK(timings.list()[0].end - timings.list()[0].begin == 2s);
}
