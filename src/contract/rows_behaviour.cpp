// Rows about how a container behaves: under restrictions, when it is stopped, with orphans.
#include <fmt/format.h>

#include "contract/observation.h"

namespace {

Observation observe_hardened(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.hardened, "restricted", {"1000", "read-only", "no capabilities", "no new privileges"});
}

Observation observe_any_user(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.any_user, "restricted", {"23456", "read-only", "no capabilities", "no new privileges"});
}

/// As PID 1 Python ignores SIGTERM unless it has a handler: ten seconds, then a kill (parent-images.md §6).
Observation observe_stop(const ImageFacts& facts, const Limits& limits) {
    const std::string expected = fmt::format("exit code 143 within {} s", limits.stop_seconds);
    if (!facts.stop.failure.empty()) return {false, expected, facts.stop.failure};
    return {facts.stop.exit_code == 143 && facts.stop.seconds < limits.stop_seconds, expected,
            fmt::format("exit code {} after {:.1f} s", facts.stop.exit_code, facts.stop.seconds)};
}

Observation observe_orphans(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.orphans, "zombies", {"0"});
}

}  // namespace

std::vector<RowRule> behaviour_rows() {
    return {
        {"read-only", "it works read-only, without capabilities or new privileges", AppliesTo::all, observe_hardened},
        {"any-user", "it works under any user id", AppliesTo::all, observe_any_user},
        {"stop", "a service without a signal handler stops at once", AppliesTo::all, observe_stop},
        {"orphans", "orphaned processes are reaped", AppliesTo::all, observe_orphans},
    };
}
