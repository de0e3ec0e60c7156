#include "cli/command_line.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "cli/options.h"
#include "expect.h"

namespace {

std::string error_of(const std::vector<std::string>& arguments) {
    return thrown_by([&] { parse_arguments(arguments); }, Exit::bad_input);
}

}  // namespace

TEST_CASE("A command and its options are parsed from arguments") {
    const Invocation invocation = parse_arguments({"build", "--only", "3.13.*", "--jobs", "2"});
    CHECK(invocation.command == "build");
    CHECK(invocation.options == std::map<std::string, std::string>{{"only", "3.13.*"}, {"jobs", "2"}});
}

TEST_CASE("A secret can be an input but not an argument") {
    for (const auto& arguments : {std::vector<std::string>{"publish", "--docker-token", "canary"},
                                  std::vector<std::string>{"publish", "--docker-token=canary"}}) {
        CHECK(error_of(arguments).starts_with(
            "--docker-token is not an option: every user of this machine can read arguments\n"));
    }
    CHECK(parse_inputs({{"INPUT_COMMAND", "publish"}, {"INPUT_DOCKER-TOKEN", "canary"}}).options.at("docker-token") ==
          "canary");
}

TEST_CASE("fetch takes its reference as a positional argument") {
    CHECK(parse_arguments({"fetch", "a/b:1", "--out", "o"}).options.at("reference") == "a/b:1");
    CHECK(parse_arguments({"fetch", "--reference", "a/b:1"}).options.at("reference") == "a/b:1");
}

TEST_CASE("Every command that reads the Dockerfile takes its name") {
    for (const CommandText& command : command_table()) {
        if (command.name == "fetch") continue;
        INFO(command.name);
        CHECK(parse_arguments({command.name, "--dockerfile", "images/Dockerfile"}).options.at("dockerfile") ==
              "images/Dockerfile");
    }
}

TEST_CASE("A switch needs no value") {
    CHECK(parse_arguments({"check", "--fix"}).options.at("fix") == "true");
}

TEST_CASE("Without a command the help is shown") {
    CHECK(parse_arguments({}).command.empty());
    CHECK(parse_arguments({}).text.find("Exit codes") != std::string::npos);
}

TEST_CASE("Help lists every command, and every command's help every option it uses but secrets") {
    const std::string help = parse_arguments({"--help"}).text;
    for (const CommandText& command : command_table()) {
        CHECK(help.find(command.name) != std::string::npos);
        const std::string own = parse_arguments({command.name, "--help"}).text;
        for (const OptionText& option : option_table()) {
            const bool used = !option.secret && uses(command.name, option);
            INFO(command.name << " --" << option.name);
            CHECK((own.find("--" + option.name + " ") != std::string::npos ||
                   own.find("--" + option.name + "\n") != std::string::npos) == used);
        }
    }
}

TEST_CASE("A wrong command and a wrong option are input errors that name them") {
    CHECK(error_of({"bulid"}).find("bulid") != std::string::npos);
    CHECK(error_of({"build", "--onyl", "x"}).find("--onyl") != std::string::npos);
    CHECK(error_of({"matrix", "--builder", "x"}).find("--builder") != std::string::npos);
    CHECK(error_of({"nightly", "--only", "3.13.*"}).find("--only") != std::string::npos);
}

TEST_CASE("A release takes the options that decide a verdict: it records them for its replay") {
    for (const char* command : {"judge", "publish", "release", "run"})
        CHECK(parse_arguments({command, "--severity", "high", "--max-database-age", "72"}).options.size() == 2);
}

TEST_CASE("In a workflow the inputs are used; an empty input counts as absent") {
    const Invocation invocation = parse_inputs(
        {{"INPUT_COMMAND", "scan"}, {"INPUT_IMAGE-MATRIX", "m.json"}, {"INPUT_ONLY", ""}, {"HOME", "/github/home"}});
    CHECK(invocation.command == "scan");
    CHECK(invocation.options == std::map<std::string, std::string>{{"image-matrix", "m.json"}});
}

TEST_CASE("A step without a command runs the whole pipeline") {
    CHECK(parse_inputs({{"INPUT_COMMAND", ""}}).command == "run");
}

TEST_CASE("Unknown commands and inputs are all reported at once") {
    const auto parse = [] { parse_inputs({{"INPUT_COMMAND", "scna"}, {"INPUT_IMAGE-MARTIX", "x"}}); };
    const std::string text = thrown_by(parse, Exit::bad_input);
    CHECK(text.starts_with("the input command is \"scna\"\n"));
    CHECK(text.ends_with("\nthere is no input \"image-martix\"\n  hint: action.yml lists the inputs\n"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 4);
}

TEST_CASE("args and entrypoint, which any container action accepts, are ignored and reported") {
    const Invocation invocation =
        parse_inputs({{"INPUT_COMMAND", "scan"}, {"INPUT_ARGS", "judge"}, {"INPUT_ENTRYPOINT", "/bin/sh"}});
    CHECK(invocation.command == "scan");
    CHECK(invocation.options.empty());
    REQUIRE(invocation.warnings.size() == 2);
    CHECK(invocation.warnings[0].what == "`args` of this step is ignored");
    CHECK(invocation.warnings[0].level == Level::warning);
}

TEST_CASE("An input that the command does not use is ignored and reported, unless action.yml gave it") {
    const Invocation invocation = parse_inputs({{"INPUT_COMMAND", "scan"},
                                                {"INPUT_ROLLBACK-TO", "1.0.0"},
                                                {"INPUT_NIGHTLY-FAIL", "news"},
                                                {"INPUT_TOKEN", "of the job"}});
    CHECK(invocation.options == std::map<std::string, std::string>{{"nightly-fail", "news"}, {"token", "of the job"}});
    REQUIRE(invocation.warnings.size() == 1);
    CHECK(invocation.warnings[0].what == "the input rollback-to is ignored: scan does not use it");
    CHECK(invocation.warnings[0].level == Level::warning);
}

TEST_CASE("A command that fails early sets outputs that no later step can take for success") {
    using Outputs = std::map<std::string, std::string>;
    const Outputs judged = {{"verdict", "unknown"}, {"published", "false"}};
    const Outputs all = {{"verdict", "unknown"}, {"published", "false"}, {"created", "false"}};
    for (const char* command : {"scan", "judge", "nightly"}) CHECK(outputs_of_failure(command) == judged);
    for (const char* command : {"run", "rnu"}) CHECK(outputs_of_failure(command) == all);
    CHECK(outputs_of_failure("publish") == Outputs{{"published", "false"}});
    CHECK(outputs_of_failure("release") == Outputs{{"created", "false"}});
    CHECK(outputs_of_failure("matrix").empty());
}
