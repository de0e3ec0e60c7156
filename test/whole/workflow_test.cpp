// The program as a step of a workflow: inputs, outputs and summary as the runner handles them.
#include "base/text.h"
#include "places.h"
#include "whole/project.h"

namespace {

/// The directories and variables of a job, as the runner sets them for a container action.
struct Runner {
    Project project;
    fs::path commands = project.tree / "runner";

    Runner(const std::string& event, const std::string& ref) {
        project.real.files.write(commands / "output", "");
        project.real.files.write(commands / "summary", "");
        project.real.files.write(commands / "event.json",
                                 R"({"repository":{"full_name":"defra/images","default_branch":"main","fork":false}})");
        Environment& environment = project.real.environment;
        environment["GITHUB_ACTIONS"] = "true";
        environment["GITHUB_OUTPUT"] = (commands / "output").string();
        environment["GITHUB_STEP_SUMMARY"] = (commands / "summary").string();
        environment["GITHUB_EVENT_PATH"] = (commands / "event.json").string();
        environment["GITHUB_EVENT_NAME"] = event;
        environment["GITHUB_REF"] = ref;
        environment["GITHUB_REPOSITORY"] = "defra/images";
        environment["GITHUB_SHA"] = std::string(40, 'a');
        environment["GITHUB_SERVER_URL"] = "https://github.com";
        environment["INPUT_DIRECTORY"] = project.tree.string();
        environment["INPUT_IMAGE-MATRIX"] = "matrix.json";
        environment["INPUT_UNUSED-TOKEN"] = "";
    }

    Finished step(const std::map<std::string, std::string>& inputs) {
        for (const auto& [name, value] : inputs) project.real.environment["INPUT_" + name] = value;
        return project.start({program_file()});
    }

    /// Reads $GITHUB_OUTPUT like the runner's FileCommandManager; what that rejects fails the test.
    std::map<std::string, std::string> outputs() {
        std::map<std::string, std::string> outputs;
        const std::vector<std::string> lines = lines_of(project.text("runner/output"));
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::size_t heredoc = lines[i].find("<<");
            REQUIRE(heredoc != std::string::npos);
            const std::string name = lines[i].substr(0, heredoc);
            const std::string delimiter = lines[i].substr(heredoc + 2);
            std::string value;
            for (++i; lines.at(i) != delimiter; ++i) value += (value.empty() ? "" : "\n") + lines[i];
            outputs[name] = value;
        }
        return outputs;
    }
};

}  // namespace

TEST_CASE("A step that plans the jobs sets the outputs matrix, count and publish") {
    // Only here: the program reads a runner's environment and writes its files.
    Runner runner("push", "refs/heads/master");
    const Finished finished = runner.step({{"COMMAND", "matrix"}});
    INFO(finished.err);
    REQUIRE(finished.exit_code == 0);
    const auto outputs = runner.outputs();
    CHECK(outputs.at("count") == "2");
    CHECK(outputs.at("publish") == "true");
    CHECK(items_at(parse_tool_json(outputs.at("matrix"), "matrix"), "include").Size() == 2);
}

TEST_CASE("Errors become annotations on their lines, and the step fails with 2") {
    // Only here: the program reads a runner's environment and prints workflow commands.
    Runner runner("push", "refs/heads/master");
    runner.project.real.files.write(
        runner.project.tree / "matrix.json",
        "[\n{\"pythonVersion\": \"3.13\", \"debianVersion\": \"slim-bookworm\", \"tags\": []}\n]");
    const Finished finished = runner.step({{"COMMAND", "check"}});
    CHECK(finished.exit_code == 2);
    CHECK(mentions(finished.out, "::error file=matrix.json,line=2::"));
}

TEST_CASE("A misspelt input is an error that names the input") {
    // Only here: the program reads a runner's environment.
    Runner runner("push", "refs/heads/master");
    const Finished finished = runner.step({{"COMMAND", "matrix"}, {"IMAGE-MARTIX", "x"}});
    CHECK(finished.exit_code == 2);
    CHECK(mentions(finished.out, "there is no input \"image-martix\""));
}

TEST_CASE("The output of a build never reaches the runner as a workflow command") {
    // Only here: the output of a real build goes through the relay.
    Runner runner("pull_request", "refs/pull/1/merge");
    runner.project.real.files.write(
        runner.project.tree / "image/prepare-slim",
        "#!/usr/bin/env bash\nprintf '::set-output "
        "name=verdict::clean\\n##[add-mask]a\\n\\r::error::forged\\n::stop-commands::x\\n'\nexit 1\n");
    fs::permissions(runner.project.tree / "image/prepare-slim", fs::perms::owner_all);
    const Finished finished = runner.step({{"COMMAND", "build"},
                                           {"ONLY", "3.13.5-production"},
                                           {"STAND-INS", (cache_directory() / "stand-ins/bases.json").string()}});
    CHECK(finished.exit_code == 3);
    CHECK(mentions(finished.out, "set-output name=verdict"));
    std::string stopped;
    for (const std::string& line : lines_of(finished.out + "\n" + finished.err)) {
        const std::string_view text = trimmed(line);
        CHECK(line.find("##[") == std::string::npos);
        CHECK_FALSE(text.starts_with("::set-output"));
        CHECK_FALSE(text.starts_with("::error::forged"));
        CHECK_FALSE(text == "::stop-commands::x");
    }
}
