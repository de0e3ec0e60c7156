// Rows about the interpreter: what Python said when it ran inside the image.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "contract/observation.h"

namespace {

Observation observe_version(const ImageFacts& facts, const Limits&) {
    const auto label = facts.config.labels.find("uk.gov.defra.python.python-version");
    const std::string labelled = label == facts.config.labels.end() ? "" : label->second;
    const std::string& expected = facts.expected.python_version.empty() ? labelled : facts.expected.python_version;
    return expect_values(facts.python, "version", {expected, "/usr/local"});
}

/// As the interpreter was compiled, not as the kernel calls itself: a library directory of another architecture would
/// not be noticed else.
Observation observe_architecture(const ImageFacts& facts, const Limits&) {
    const std::map<std::string, std::string> compiled = {{"amd64", "linux-x86_64"}, {"arm64", "linux-aarch64"}};
    const std::string& image = facts.config.architecture;
    const std::string& expected = facts.expected.architecture.empty() ? image : facts.expected.architecture;
    const auto platform = compiled.find(expected);
    const ProbeAnswer answer = answer_of(facts.python, "platform");
    const std::string found = answer.error.empty() ? render_some(answer.values) : answer.error;
    return compare(
        fmt::format("{}, Python {}", expected, platform == compiled.end() ? "linux-" + expected : platform->second),
        fmt::format("{}, Python {}", image, found));
}

Observation observe_extension_modules(const ImageFacts& facts, const Limits&) {
    return expect_success(facts.python, "extension-modules", "each of them loads");
}

Observation observe_standard_modules(const ImageFacts& facts, const Limits&) {
    return expect_success(facts.python, "standard-modules",
                          "ssl, sqlite3 with full-text search, ctypes, lzma and the rest work");
}

/// The probe gave values as "name=value", and none of them is Python's None.
Observation expect_all_found(const ContainerRun& run, const std::string& probe, const std::string& expected) {
    const ProbeAnswer answer = answer_of(run, probe);
    if (!answer.error.empty()) return {false, expected, answer.error};
    const bool all = std::none_of(answer.values.begin(), answer.values.end(),
                                  [](const std::string& v) { return v.ends_with("=None"); });
    return {all && !answer.values.empty(), expected, joined(answer.values, ", ")};
}

Observation observe_find_library(const ImageFacts& facts, const Limits&) {
    return expect_all_found(facts.python, "find-library", "c, sqlite3 and ssl are found");
}

/// Wheels for Linux bring their libraries along, but for a few that every system is said to have (PEP 600): without
/// libexpat rasterio cannot be imported, without libgomp lightgbm.
Observation observe_wheel_libraries(const ImageFacts& facts, const Limits&) {
    return expect_all_found(facts.python, "wheel-libraries",
                            "c, stdc++, gcc_s, atomic, crypt, gomp, z and expat are found and load");
}

/// Python itself works without it, but setlocale and other programs need a locale that exists.
Observation observe_locale(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.python, "locale", {"C.UTF-8"});
}

Observation observe_media_types(const ImageFacts& facts, const Limits&) {
    return expect_all_found(facts.python, "media-types", "mimetypes knows .geojson, .docx and .gpkg");
}

Observation observe_utf8(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.python, "utf-8", {"utf-8", "utf-8", "utf-8"});
}

Observation observe_time_zones(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.python, "time-zones", {"Europe/London", "1:00:00"});
}

Observation observe_subprocesses(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.python, "subprocesses", {"42", "0"});
}

Observation observe_name_service(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "name-service");
    const std::string expected = "nonroot, and an address of localhost";
    if (!answer.error.empty()) return {false, expected, answer.error};
    const bool passed = answer.values.size() == 2 && answer.values[0] == "nonroot" &&
                        (answer.values[1] == "127.0.0.1" || answer.values[1] == "::1");
    return {passed, expected, render_some(answer.values)};
}

/// The official images delete it, and a container that may not write compiles the library again at every start
/// (parent-images.md §1.10).
Observation expect_bytecode(const ContainerRun& run, const std::string& probe) {
    const ProbeAnswer answer = answer_of(run, probe);
    const std::string expected = "no module is compiled at start";
    if (!answer.error.empty()) return {false, expected, answer.error};
    const bool passed = answer.values.size() == 2 && answer.values[0] != "0" && answer.values[1] == "0";
    return {passed, expected,
            answer.values.size() == 2 ? fmt::format("{} from bytecode, {} compiled", answer.values[0], answer.values[1])
                                      : "nothing"};
}

Observation observe_bytecode(const ImageFacts& facts, const Limits&) {
    return expect_bytecode(facts.python, "bytecode");
}

Observation observe_debugger_bytecode(const ImageFacts& facts, const Limits&) {
    return expect_bytecode(facts.python, "debugger-bytecode");
}

Observation observe_imports(const ImageFacts& facts, const Limits& limits) {
    const ProbeAnswer answer = answer_of(facts.python, "imports");
    const std::string expected = fmt::format("at most {} ms of processor time", limits.imports_ms);
    if (!answer.error.empty()) return {false, expected, answer.error};
    const double ms = answer.values.empty() ? 1e9 : std::strtod(answer.values[0].c_str(), nullptr);
    // Another architecture's code is interpreted here: its speed says nothing.
    return {ms <= limits.imports_ms || facts.emulated, expected,
            fmt::format("{:.0f} ms{}", ms, facts.emulated ? ", emulated" : "")};
}

Observation observe_home(const ImageFacts& facts, const Limits&) {
    return expect_values(facts.python, "home", {"/home/nonroot", "/tmp"});
}

Observation observe_not_writable(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "writable");
    return answer.error.empty() ? expect_none(answer.values) : Observation{false, "none", answer.error};
}

Observation observe_listening(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "listening");
    return answer.error.empty() ? expect_none(answer.values) : Observation{false, "none", answer.error};
}

}  // namespace

std::vector<RowRule> python_rows() {
    return {
        {"python-version", "Python is the planned version, in /usr/local", AppliesTo::all, observe_version},
        {"architecture", "image and interpreter are of the planned architecture", AppliesTo::all, observe_architecture},
        {"extension-modules", "every compiled module of the standard library loads", AppliesTo::all,
         observe_extension_modules},
        {"standard-modules", "the modules that need a system library work", AppliesTo::all, observe_standard_modules},
        {"find-library", "ctypes finds the system's libraries", AppliesTo::all, observe_find_library},
        {"wheel-libraries", "the libraries that compiled wheels take from the system are there", AppliesTo::all,
         observe_wheel_libraries},
        {"utf-8", "text is UTF-8 without any setting", AppliesTo::all, observe_utf8},
        {"locale", "the locale C.UTF-8 can be set", AppliesTo::all, observe_locale},
        {"media-types", "the types of usual files are known", AppliesTo::all, observe_media_types},
        {"time-zones", "time zones are known", AppliesTo::all, observe_time_zones},
        {"subprocesses", "processes can be started, by subprocess and by multiprocessing", AppliesTo::all,
         observe_subprocesses},
        {"name-service", "user and host names are found", AppliesTo::all, observe_name_service},
        {"bytecode", "the standard library is precompiled", AppliesTo::all, observe_bytecode},
        {"debugger-bytecode", "the debugger is precompiled", AppliesTo::development, observe_debugger_bytecode},
        {"imports", "15 modules of the standard library are imported quickly", AppliesTo::all, observe_imports},
        {"home-writable", "the home directory and the one for temporary files can be written", AppliesTo::all,
         observe_home},
        {"python-not-writable", "the user cannot change the system's Python", AppliesTo::all, observe_not_writable},
        {"nothing-listens", "nothing listens on the network by default", AppliesTo::all, observe_listening},
    };
}
