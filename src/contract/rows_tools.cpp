// Rows about uv and the debugger.
#include <fmt/format.h>

#include "contract/observation.h"

namespace {

Observation observe_uv(const ImageFacts& facts, const Limits&) {
    return expect_success(facts.python, "uv", "uv tells its version");
}

/// Services mount it from there into a build step.
Observation observe_uv_path(const ImageFacts& facts, const Limits&) {
    const std::string path = "/home/nonroot/.local/bin/uv";
    const std::optional<FileFact> uv = facts.files.at(path);
    if (!uv) return {false, "a program", "nothing at " + path};
    return {uv->type == FileType::file && (uv->mode & 0111U) != 0, "a program",
            fmt::format("{}, mode {:04o}", *facts.files.resolve(path), uv->mode)};
}

Observation observe_uv_sync(const ImageFacts& facts, const Limits&) {
    return expect_success(facts.python, "uv-sync", "a locked project is installed for the image's own Python");
}

Observation observe_no_debugger(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "debugger");
    if (answer.error.empty()) return {false, "cannot be imported", render_some(answer.values)};
    return {answer.error.find("No module named 'debugpy'") != std::string::npos, "cannot be imported", answer.error};
}

Observation observe_debugger(const ImageFacts& facts, const Limits&) {
    return expect_success(facts.python, "debugger", "debugpy can be imported, also in a virtual environment");
}

Observation observe_attach(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.python, "debugger-attach", {"stopped", "42"});
}

}  // namespace

std::vector<RowRule> tool_rows() {
    return {
        {"uv", "uv is on the PATH and runs", AppliesTo::all, observe_uv},
        {"uv-path", "services can mount uv from /home/nonroot/.local/bin", AppliesTo::all, observe_uv_path},
        {"uv-sync", "uv sync --locked works", AppliesTo::all, observe_uv_sync},
        {"no-debugger", "there is no debugger", AppliesTo::production, observe_no_debugger},
        {"debugger", "the debugger is there, out of the way of virtual environments", AppliesTo::development,
         observe_debugger},
        {"debugger-attach", "a debugger attaches, stops at a breakpoint and evaluates", AppliesTo::development,
         observe_attach},
    };
}
