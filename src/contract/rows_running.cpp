// Rows about what runs: the interpreter, uv and the debugger, and a container under restrictions, when it is stopped,
// with orphans.
#include <fmt/format.h>

#include "base/text.h"
#include "contract/facts.h"

namespace {

Observation observe_version(const ImageFacts& facts, const Limits& limits) {
    const std::string labelled = text_at(facts.config.labels, "uk.gov.defra.python.python-version");
    const std::string& expected = facts.expected.python_version.empty() ? labelled : facts.expected.python_version;
    return probe_answers("version", {expected, "/usr/local"})(facts, limits);
}

/// The architecture that the interpreter was compiled for, not the kernel's: otherwise a library directory of another
/// one would not be noticed.
Observation observe_architecture(const ImageFacts& facts, const Limits&) {
    const std::map<std::string, std::string> compiled = {{"amd64", "linux-x86_64"}, {"arm64", "linux-aarch64"}};
    const std::string& image = facts.config.architecture;
    const std::string& expected = facts.expected.architecture.empty() ? image : facts.expected.architecture;
    const auto platform = compiled.find(expected);
    const ProbeAnswer answer = answer_of(facts.python, "platform");
    const std::string found = answer.error.empty() ? joined_some(answer.values, 5) : answer.error;
    return compare(
        fmt::format("{}, Python {}", expected, platform == compiled.end() ? "linux-" + expected : platform->second),
        fmt::format("{}, Python {}", image, found));
}

bool is_user_and_local_address(const std::vector<std::string>& values) {
    return values.size() == 2 && values[0] == "nonroot" && (values[1] == "127.0.0.1" || values[1] == "::1");
}

/// The official images delete it, and a container that may not write compiles the library again at every start.
Observe probe_finds_bytecode(const std::string& probe) {
    return [=](const ImageFacts& facts, const Limits&) -> Observation {
        const ProbeAnswer answer = answer_of(facts.python, probe);
        const std::string expected = "no module is compiled at start";
        if (!answer.error.empty()) return {false, expected, answer.error};
        if (answer.values.size() != 2) return {false, expected, "nothing"};
        return {answer.values[0] != "0" && answer.values[1] == "0", expected,
                fmt::format("{} from bytecode, {} compiled", answer.values[0], answer.values[1])};
    };
}

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
    if (answer.error.empty()) return {false, "cannot be imported", joined_some(answer.values, 5)};
    return {answer.error.find("No module named 'debugpy'") != std::string::npos, "cannot be imported", answer.error};
}

/// As PID 1 Python ignores SIGTERM unless it has a handler: ten seconds, then a kill.
Observation observe_stop(const ImageFacts& facts, const Limits& limits) {
    const std::string expected = fmt::format("exit code 143 within {} s", limits.stop_seconds);
    if (!facts.stop.failure.empty()) return {false, expected, facts.stop.failure};
    return {facts.stop.exit_code == 143 && facts.stop.seconds < limits.stop_seconds, expected,
            fmt::format("exit code {} after {:.1f} s", facts.stop.exit_code, facts.stop.seconds)};
}

}  // namespace

std::vector<RowRule> running_rows() {
    return {
        {"python-version", "Python is the planned version, in /usr/local", observe_version},
        {"architecture", "image and interpreter are of the planned architecture", observe_architecture},
        {"extension-modules", "every compiled module of the standard library loads",
         probe_succeeds("extension-modules", "each of them loads")},
        {"standard-modules", "the modules that need a system library work",
         probe_succeeds("standard-modules", "ssl, sqlite3 with full-text search, ctypes, lzma and the rest work")},
        {"find-library", "ctypes finds the system's libraries",
         probe_finds_all("find-library", "c, sqlite3 and ssl are found")},
        // Wheels for Linux bring their libraries along, but for a few that every system is said to have (PEP 600):
        // without libexpat rasterio cannot be imported, without libgomp lightgbm.
        {"wheel-libraries", "the libraries that compiled wheels take from the system are there",
         probe_finds_all("wheel-libraries", "c, stdc++, gcc_s, atomic, crypt, gomp, z and expat are found and load")},
        {"utf-8", "text is UTF-8 without any setting", probe_answers("utf-8", {"utf-8", "utf-8", "utf-8"})},
        // Python itself works without it, but setlocale and other programs need a locale that exists.
        {"locale", "the locale C.UTF-8 can be set", probe_answers("locale", {"C.UTF-8"})},
        {"media-types", "the types of usual files are known",
         probe_finds_all("media-types", "mimetypes knows .geojson, .docx and .gpkg")},
        {"time-zones", "time zones are known", probe_answers("time-zones", {"Europe/London", "1:00:00"})},
        {"subprocesses", "processes can be started, by subprocess and by multiprocessing",
         probe_answers("subprocesses", {"42", "0"})},
        {"name-service", "user and host names are found",
         probe_shows("name-service", "nonroot, and an address of localhost", is_user_and_local_address)},
        {"bytecode", "the standard library is precompiled", probe_finds_bytecode("bytecode")},
        {"debugger-bytecode", "the debugger is precompiled", probe_finds_bytecode("debugger-bytecode"),
         AppliesTo::development},
        {"home-writable", "the home directory and the one for temporary files can be written",
         probe_answers("home", {"/home/nonroot", "/tmp"})},
        {"python-not-writable", "the user cannot change the system's Python", probe_finds_none("writable")},
        {"nothing-listens", "nothing listens on the network by default",
         probe_finds_none("listening", &ImageFacts::orphans)},

        {"read-only", "it works read-only, without capabilities or new privileges",
         probe_answers("restricted", {"1000", "read-only", "no capabilities", "no new privileges"},
                       &ImageFacts::hardened)},
        {"any-user", "it works under any user id",
         probe_answers("restricted", {"23456", "read-only", "no capabilities", "no new privileges"},
                       &ImageFacts::any_user)},
        {"stop", "a service without a signal handler stops at once", observe_stop},
        {"orphans", "orphaned processes are reaped", probe_answers("zombies", {"0"}, &ImageFacts::orphans)},

        {"uv", "uv is on the PATH and runs", probe_succeeds("uv", "uv tells its version")},
        {"uv-path", "services can mount uv from /home/nonroot/.local/bin", observe_uv_path},
        {"uv-sync", "uv sync --locked works",
         probe_succeeds("uv-sync", "a locked project is installed for the image's own Python")},
        {"no-debugger", "there is no debugger", observe_no_debugger, AppliesTo::production},
        {"debugger", "the debugger is there, out of the way of virtual environments",
         probe_succeeds("debugger", "debugpy can be imported, also in a virtual environment"), AppliesTo::development},
        {"debugger-attach", "a debugger attaches, stops at a breakpoint and evaluates",
         probe_answers("debugger-attach", {"stopped", "42"}), AppliesTo::development},
    };
}
