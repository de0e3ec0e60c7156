// The real program with a terminal (the pseudo-terminal of `script`) and without.
#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "places.h"
#include "real_world.h"

namespace {

/// The output of `judge` for the fixtures' two reports.
std::string judge(const Environment& more, bool on_terminal) {
    RealWorld real;
    const std::string reports = fixtures_dir() + "/verdict";
    const std::string program =
        program_file() + " judge --trivy " + reports + "/trivy.json --grype " + reports + "/grype.json";
    Command command;
    command.argv = {"sh", "-c", program};
    if (on_terminal) command.argv = {"script", "--quiet", "--return", "--command", program, "/dev/null"};
    command.directory = real.tree.path;
    command.environment = {{"PATH", real.environment["PATH"]}, {"HOME", real.tree.path.string()}, {"TERM", "xterm"}};
    for (const auto& [name, value] : more) command.environment[name] = value;
    const Finished finished = real.processes.run(command);
    INFO(finished.out << finished.err);
    CHECK(holds(finished.out, "CVE-2026-0001"));
    return finished.out;
}

bool is_coloured(const std::string& text) {
    return text.find("\x1b[") != std::string::npos;
}

}  // namespace

TEST_CASE("The table is coloured on a terminal only", "[whole]") {
    // Only here: a real terminal.
    CHECK(is_coloured(judge({}, true)));
    CHECK_FALSE(is_coloured(judge({}, false)));
}

TEST_CASE("A non-empty NO_COLOR or a terminal without colours switches colour off (no-color.org)", "[whole]") {
    // Only here: a real terminal.
    CHECK_FALSE(is_coloured(judge({{"NO_COLOR", "1"}}, true)));
    CHECK(is_coloured(judge({{"NO_COLOR", ""}}, true)));
    CHECK_FALSE(is_coloured(judge({{"TERM", "dumb"}}, true)));
}
