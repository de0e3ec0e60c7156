#include "system/real_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "expect.h"
#include "own_process.h"
#include "system/clock.h"
#include "system/parallel.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Command script(const std::string& text) {
    return {.argv = {"sh", "-c", text}, .environment = {{"PATH", "/usr/bin:/bin"}}};
}

Finished run(const Command& command) {
    std::ostringstream nowhere;
    return RealProcesses(Relay{nowhere}).run(command);
}

std::string relayed(Command command, LineFilter filter = plain_line) {
    std::ostringstream stream;
    command.relayed = true;
    RealProcesses(Relay{.to = stream, .filter = std::move(filter), .before = "before\n", .after = "after\n"})
        .run(command);
    return stream.str();
}

milliseconds time_of(const std::function<void()>& work) {
    RealClock clock;
    const milliseconds before = clock.steady();
    work();
    return clock.steady() - before;
}

/// True once the process is gone or a zombie.
bool is_gone(const std::string& pid) {
    for (int attempt = 0; attempt < 50; ++attempt, usleep(20000)) {
        std::ifstream file("/proc/" + pid + "/stat");
        std::string number;
        std::string name;
        std::string state;
        if (!(file >> number >> name >> state) || state == "Z") return true;
    }
    return false;
}

std::filesystem::path make_file(const std::string& name, const std::string& text, std::filesystem::perms permissions) {
    const std::filesystem::path path = std::filesystem::temp_directory_path() / (name + "-" + std::to_string(getpid()));
    std::ofstream(path) << text;
    std::filesystem::permissions(path, permissions);
    return path;
}

}  // namespace

TEST_CASE("a program's exit code, stdout and stderr are returned") {
    const Finished finished = run(script("echo out; echo err >&2; exit 7"));
    CHECK(finished.exit_code == 7);
    CHECK(finished.out == "out\n");
    CHECK(finished.err == "err\n");
    CHECK_FALSE(finished.timed_out);
    CHECK_FALSE(finished.truncated);
}

TEST_CASE("a program gets exactly the given arguments, environment and directory") {
    setenv("OURS_ALONE", "secret", 1);
    CHECK(run({.argv = {"env"}, .environment = {{"A", "1 2"}, {"PATH", "/usr/bin:/bin"}}}).out ==
          "A=1 2\nPATH=/usr/bin:/bin\n");
    CHECK(run({.argv = {"printf", "%s|", "a b", "", "$(id)", "--"}, .environment = {}}).out == "a b||$(id)|--|");
    Command pwd{.argv = {"pwd"}, .environment = {{"PATH", "/bin"}}};
    pwd.directory = "/usr/lib";
    CHECK(run(pwd).out == "/usr/lib\n");
}

TEST_CASE("a program reads the given input of any length, and nothing else") {
    Command count = script("wc -c");
    CHECK(run(count).out == "0\n");
    count.input = std::string(3'000'000, 'x');
    CHECK(run(count).out == "3000000\n");
    Command deaf = script("exec <&-; sleep 0.1");
    deaf.input = count.input;
    CHECK(run(deaf).exit_code == 0);
}

TEST_CASE("a program inherits no descriptor and no ignored signal") {
    const std::filesystem::path path = make_file("not-inherited", "", std::filesystem::perms(0644));
    const int ours = open(path.c_str(), O_RDONLY);  // without O_CLOEXEC
    REQUIRE(ours > 2);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    const Finished descriptors = run(script("ls -l /proc/$$/fd"));
    const Finished piped = run(script("kill -PIPE $$; echo survived"));
    signal(SIGPIPE, before);
    close(ours);
    std::filesystem::remove(path);
    CHECK(descriptors.out.find("/dev/null") != std::string::npos);
    CHECK(descriptors.out.find(path.filename().string()) == std::string::npos);
    CHECK(piped.exit_code == 128 + SIGPIPE);
    CHECK(piped.out.empty());
}

TEST_CASE("five megabytes on both outputs are read; the last 64 KiB of stderr are returned") {
    const Finished finished = run(script(
        "head -c 5000000 /dev/zero | tr '\\0' a & (head -c 5000000 /dev/zero | tr '\\0' b; echo end) >&2; wait"));
    CHECK(finished.exit_code == 0);
    CHECK(finished.out == std::string(5'000'000, 'a'));
    CHECK(finished.err == std::string(65536 - 4, 'b') + "end\n");
}

TEST_CASE("a program killed by a signal reports 128 + signal, and differs from one that returns that number") {
    CHECK(run(script("kill -9 $$")).exit_code == 137);
    CHECK(run(script("exit 9")).exit_code == 9);
}

TEST_CASE("a missing or non-executable program gives the same exit code as in a shell") {
    CHECK(run({.argv = {"no-such-program"}, .environment = {{"PATH", "/usr/bin:/bin"}}}).exit_code == 127);
    CHECK(run({.argv = {"/no/such/program"}, .environment = {}}).exit_code == 127);
    const std::filesystem::path text = make_file("no-program", "just text\n", std::filesystem::perms(0755));
    const std::filesystem::path locked = make_file("not-executable", "#!/bin/sh\n", std::filesystem::perms(0644));
    const Finished finished = run({.argv = {text.string()}, .environment = {}});
    CHECK(finished.exit_code == 126);
    CHECK(finished.err == text.string() + ": Exec format error\n");
    CHECK(run({.argv = {locked.string()}, .environment = {}}).exit_code == 126);
    std::filesystem::remove(text);
    std::filesystem::remove(locked);
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);  // and no child is left behind
}

TEST_CASE("a program is looked up in the absolute directories of the child's PATH") {
    const std::filesystem::path program =
        make_file("some-program", "#!/bin/sh\nexit 5\n", std::filesystem::perms(0755));
    const auto exit_code_with = [&](const std::filesystem::path& directory) {
        return run({.argv = {program.filename().string()},
                    .environment = {{"PATH", "/nowhere::" + directory.string()}}})
            .exit_code;
    };
    CHECK(exit_code_with(program.parent_path()) == 5);
    CHECK(exit_code_with(std::filesystem::relative(program.parent_path())) == 127);
    std::filesystem::remove(program);
}

TEST_CASE("a missing working directory is an error of the caller") {
    Command command = script("true");
    command.directory = "/no/such/directory";
    CHECK(thrown_by([&] { run(command); }) ==
          "sh cannot be started: there is no directory /no/such/directory to run it in\n");
}

TEST_CASE("a program that exceeds its timeout is ended with all its children") {
    Command command = script("sleep 60 & echo $!; exec sleep 61");
    command.timeout = seconds(1);
    Finished finished;
    const milliseconds took = time_of([&] { finished = run(command); });
    CHECK(finished.timed_out);
    CHECK(finished.exit_code == 128 + SIGTERM);
    CHECK(took >= seconds(1));
    CHECK(took < seconds(5));
    CHECK(is_gone(std::string(trimmed(finished.out))));
}

TEST_CASE("a program that ignores SIGTERM gets SIGKILL five seconds later") {
    Command command = script("trap '' TERM; sh -c 'while :; do sleep 1; done' & echo $!; while :; do sleep 1; done");
    command.timeout = seconds(1);
    Finished finished;
    const milliseconds took = time_of([&] { finished = run(command); });
    CHECK(finished.timed_out);
    CHECK(finished.exit_code == 128 + SIGKILL);
    CHECK(took >= seconds(6));
    CHECK(took < seconds(9));
    CHECK(is_gone(std::string(trimmed(finished.out))));
}

TEST_CASE("a process left in the background does not block") {
    Finished finished;
    const milliseconds took = time_of([&] { finished = run(script("sleep 60 & echo $!")); });
    CHECK(finished.exit_code == 0);
    CHECK(took < seconds(5));
    const std::string pid(trimmed(finished.out));
    CHECK_FALSE(pid.empty());
    CHECK(kill(std::stoi(pid), SIGKILL) == 0);
}

TEST_CASE("output is limited to 256 MiB, then the program is ended") {
    const Finished finished = run(script("echo $$ >&2; exec yes"));
    CHECK(finished.truncated);
    CHECK(finished.out.size() == std::size_t{256} << 20U);
    CHECK(is_gone(std::string(trimmed(finished.err))));
}

TEST_CASE("both outputs of a relayed program are shown as one filtered stream between the brackets") {
    const auto filter = [](std::string_view line) { return "[" + std::string(line) + "]"; };
    CHECK(relayed(script("echo one; sleep 1; echo two >&2; sleep 1; printf 'a\\rb'"), filter) ==
          "before\n[one]\n[two]\n[a]\n[b]\nafter\n");
    CHECK(relayed(script("printf 'half'; sleep 1; echo other >&2; sleep 1; echo ' whole'"), filter) ==
          "before\n[other]\n[half whole]\nafter\n");
}

TEST_CASE("output that is not relayed is not shown") {
    std::ostringstream stream;
    CHECK(RealProcesses(Relay{.to = stream, .before = "before\n", .after = "after\n"}).run(script("echo one")).out ==
          "one\n");
    CHECK(stream.str().empty());
}

TEST_CASE("a relayed line of a hundred megabytes is shown truncated but returned completely") {
    std::ostringstream stream;
    Command command = script("head -c 100000000 /dev/zero | tr '\\0' x");
    command.relayed = true;
    const Finished finished = RealProcesses(Relay{stream}).run(command);
    CHECK(stream.str() == std::string(8192, 'x') + "…\n");
    CHECK(finished.out.size() == 100'000'000);
}

TEST_CASE("programs relayed at the same time share one pair of brackets") {
    std::ostringstream stream;
    RealProcesses processes(Relay{.to = stream, .filter = plain_line, .before = "before\n", .after = "after\n"});
    Command command = script("for i in 1 2 3 4 5; do echo line; sleep 0.4; done");
    command.relayed = true;
    const auto piece = [&] { processes.run(command); };
    in_parallel(2, {piece, piece});
    const std::vector<std::string> lines = lines_of(stream.str());
    CHECK(std::count(lines.begin(), lines.end(), "line") == 10);
    CHECK(lines.front() == "before");
    CHECK(lines.back() == "after");
    CHECK(lines.size() == 12);
}

TEST_CASE("many programs can run at the same time with separate output") {
    std::ostringstream nowhere;
    RealProcesses processes(Relay{nowhere});
    std::vector<std::string> outputs(40);
    std::vector<std::function<void()>> work;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        work.push_back([&, i] { outputs[i] = processes.run(script("echo " + std::to_string(i))).out; });
    }
    in_parallel(8, work);
    for (std::size_t i = 0; i < outputs.size(); ++i) CHECK(outputs[i] == std::to_string(i) + "\n");
}

TEST_CASE("an interrupt of our process group ends the child and its children, but not us") {
    const std::filesystem::path pids = make_file("interrupted", "", std::filesystem::perms(0644));
    const std::string text = "sleep 60 & echo $$ $! > '" + pids.string() + "'; wait";
    int exit_code = 0;
    const milliseconds took =
        time_of([&] { exit_code = exit_code_when_interrupted(seconds(2), SIGINT, [&] { run(script(text)); }); });
    CHECK(exit_code == 130);
    CHECK(took < seconds(5));
    std::string shell;
    std::string sleeper;
    std::ifstream(pids) >> shell >> sleeper;
    REQUIRE_FALSE(sleeper.empty());
    CHECK(is_gone(shell));
    CHECK(is_gone(sleeper));
    std::filesystem::remove(pids);
}

TEST_CASE("SIGTERM and SIGHUP cancel like SIGINT, and a second signal changes nothing") {
    const auto wait = wait_and_then([] {});
    CHECK(exit_code_when_interrupted(milliseconds(100), SIGTERM, wait) == 130);
    CHECK(exit_code_when_interrupted(milliseconds(100), SIGHUP, wait) == 130);
    const auto impatient = wait_and_then([] {
        kill(0, SIGINT);
        kill(0, SIGTERM);
    });
    CHECK(exit_code_when_interrupted(milliseconds(100), SIGINT, impatient) == 130);
}

TEST_CASE("after a cancellation nothing new is started") {
    const std::filesystem::path trace = make_file("trace", "", std::filesystem::perms(0644));
    const auto start = wait_and_then([&] { run(script("echo started > '" + trace.string() + "'")); });
    CHECK(exit_code_when_interrupted(milliseconds(50), SIGINT, start) == 130);
    CHECK(std::filesystem::file_size(trace) == 0);
    std::filesystem::remove(trace);
}

TEST_CASE("clean-up commands start after a cancellation too, and are not ended by one") {
    const std::filesystem::path trace = make_file("trace", "", std::filesystem::perms(0644));
    const auto clean_up = wait_and_then([&] {
        Command command = script("sleep 0.3; echo removed > '" + trace.string() + "'");
        command.cleans_up = true;
        run(command);
    });
    CHECK(exit_code_when_interrupted(milliseconds(50), SIGINT, clean_up) == 130);
    CHECK(std::filesystem::file_size(trace) > 0);
    std::filesystem::remove(trace);
}
