#include "system/parallel.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

#include "base/error.h"
#include "system/clock.h"

namespace {

std::function<void()> failing(Exit exit, std::string what) {
    return [=] { throw Error{exit, what, ""}; };
}

Error error_of(const std::vector<std::function<void()>>& work) {
    try {
        in_parallel(2, work);
    } catch (const Error& error) {
        return error;
    }
    return Error{Exit::done};
}

}  // namespace

TEST_CASE("all tasks run, with exactly the allowed parallelism") {
    RealClock clock;
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    std::atomic<int> done = 0;
    const auto piece = [&] {
        const int busy = ++now;
        for (int seen = most; seen < busy && !most.compare_exchange_weak(seen, busy);) continue;
        clock.sleep(std::chrono::milliseconds(100));
        --now;
        ++done;
    };
    in_parallel(3, std::vector<std::function<void()>>(12, piece));
    CHECK(done == 12);
    CHECK(most == 3);
    in_parallel(3, {});
}

TEST_CASE("every task runs and every failure is reported, in order") {
    std::atomic<int> done = 0;
    const Error error =
        error_of({failing(Exit::refused, "first"), [&] { ++done; }, failing(Exit::failed, "second"), [&] { ++done; }});
    CHECK(done == 2);
    CHECK(error.exit == Exit::refused);
    CHECK(render_problems(error.problems) == "first\nsecond\n");
}

TEST_CASE("a cancellation takes precedence over other failures") {
    CHECK(error_of({failing(Exit::failed, "first"), failing(Exit::cancelled, "cancelled")}).exit == Exit::cancelled);
}

TEST_CASE("a bug in one task is rethrown unchanged after all tasks have run") {
    std::atomic<int> done = 0;
    const auto bug = [] { throw std::logic_error("bug"); };
    CHECK_THROWS_AS(in_parallel(1, {bug, failing(Exit::failed, "other"), [&] { ++done; }}), std::logic_error);
    CHECK(done == 1);
}

TEST_CASE("sleep takes as long as requested") {
    RealClock clock;
    const std::chrono::milliseconds before = clock.steady();
    clock.sleep(std::chrono::milliseconds(120));
    CHECK(clock.steady() - before >= std::chrono::milliseconds(120));
    clock.sleep(std::chrono::milliseconds(-5));
    CHECK(clock.now() > *parse_time("2026-01-01T00:00:00Z"));
}
