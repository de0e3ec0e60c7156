// Rows about uv and the debugger, and about how a container behaves: under restrictions, when it is stopped, with
// orphans.
#include <fmt/format.h>

#include "contract/observation.h"

namespace {

/// Services mount it from there into a build step.
Observation observe_uv_path(const ImageFacts& facts, const Limits&) {
    const std::string path = "/home/nonroot/.local/bin/uv";
    const std::optional<FileFact> uv = facts.files.at(path);
    if (!uv) return {false, "a program", "nothing at " + path};
    return {uv->type == FileType::file && (uv->mode & 0111U) != 0, "a program",
            fmt::format("{}, mode {:04o}", *facts.files.resolve(path), uv->mode)};
}

Observation observe_no_debugger(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "debugger");
    if (answer.error.empty()) return {false, "cannot be imported", render_some(answer.values)};
    return {answer.error.find("No module named 'debugpy'") != std::string::npos, "cannot be imported", answer.error};
}

/// As PID 1 Python ignores SIGTERM unless it has a handler: ten seconds, then a kill (parent-images.md §6).
Observation observe_stop(const ImageFacts& facts, const Limits& limits) {
    const std::string expected = fmt::format("exit code 143 within {} s", limits.stop_seconds);
    if (!facts.stop.failure.empty()) return {false, expected, facts.stop.failure};
    return {facts.stop.exit_code == 143 && facts.stop.seconds < limits.stop_seconds, expected,
            fmt::format("exit code {} after {:.1f} s", facts.stop.exit_code, facts.stop.seconds)};
}

}  // namespace

std::vector<RowRule> tool_rows() {
    return {
        {"uv", "uv is on the PATH and runs", AppliesTo::all, probe_succeeds("uv", "uv tells its version")},
        {"uv-path", "services can mount uv from /home/nonroot/.local/bin", AppliesTo::all, observe_uv_path},
        {"uv-sync", "uv sync --locked works", AppliesTo::all,
         probe_succeeds("uv-sync", "a locked project is installed for the image's own Python")},
        {"no-debugger", "there is no debugger", AppliesTo::production, observe_no_debugger},
        {"debugger", "the debugger is there, out of the way of virtual environments", AppliesTo::development,
         probe_succeeds("debugger", "debugpy can be imported, also in a virtual environment")},
        {"debugger-attach", "a debugger attaches, stops at a breakpoint and evaluates", AppliesTo::development,
         probe_answers("debugger-attach", {"stopped", "42"})},
    };
}

std::vector<RowRule> behaviour_rows() {
    return {
        {"read-only", "it works read-only, without capabilities or new privileges", AppliesTo::all,
         probe_answers("restricted", {"1000", "read-only", "no capabilities", "no new privileges"},
                       &ImageFacts::hardened)},
        {"any-user", "it works under any user id", AppliesTo::all,
         probe_answers("restricted", {"23456", "read-only", "no capabilities", "no new privileges"},
                       &ImageFacts::any_user)},
        {"stop", "a service without a signal handler stops at once", AppliesTo::all, observe_stop},
        {"orphans", "orphaned processes are reaped", AppliesTo::all,
         probe_answers("zombies", {"0"}, &ImageFacts::orphans)},
    };
}
