#include "system/timings.h"

#include <catch2/catch_test_macros.hpp>

#include "fakes/fake_world.h"

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
    FakeWorld fake;
    const World world = fake.world();
    {
        const TimedTask task(world, "test", "an image");
        fake.clock.sleep(2s);
    }
    REQUIRE(fake.timings.list().size() == 1);
    CHECK(fake.timings.list()[0].end - fake.timings.list()[0].begin == 2s);
}
