// The command line, action.yml and docs/reference.md are one interface: each is compared with the table of options.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/text.h"
#include "cli/options.h"
#include "places.h"

namespace {

std::string read(const std::string& name) {
    return text_of_file(repository_dir() + "/" + name);
}

/// Commands, options and exit codes as docs/reference.md has them.
std::string render_reference_markdown() {
    std::string text = "## Commands\n\n| command | does | outputs in a workflow |\n|---|---|---|\n";
    for (const CommandText& command : command_table())
        text += fmt::format("| {} | {} | {} |\n", command.name, command.help, command.outputs);
    text += "\n## Options\n\n| option | default | does | used by |\n|---|---|---|---|\n";
    for (const OptionText& option : option_table()) {
        const std::string name = option.value.empty() ? option.name : option.name + " " + option.value;
        const std::string shown = option.secret ? "`" + option.name + "` (an input only)" : "`--" + name + "`";
        const std::string standard = option.standard.empty() ? "" : "`" + option.standard + "`";
        text += fmt::format("| {} | {} | {} | {} |\n", shown, standard, option.help, option.used_by);
    }
    text += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
    for (const auto& [code, help] : exit_table()) text += fmt::format("| {} | {} |\n", static_cast<int>(code), help);
    return text;
}

}  // namespace

TEST_CASE("action.yml has every option as an input with the same default and help, and nothing else") {
    const YAML::Node inputs = YAML::Load(read("action.yml"))["inputs"];
    std::set<std::string> expected = {"command"};
    for (const OptionText& option : option_table()) {
        expected.insert(option.name);
        INFO(option.name);
        REQUIRE(inputs[option.name]);
        // Only GitHub itself can set this one.
        const std::string standard = option.name == "token" ? "${{ github.token }}" : option.standard;
        CHECK(inputs[option.name]["default"].as<std::string>("") == standard);
        CHECK(inputs[option.name]["description"].as<std::string>("") == option.help);
    }
    std::set<std::string> found;
    for (const auto& input : inputs) found.insert(input.first.as<std::string>());
    CHECK(found == expected);
}

TEST_CASE("action.yml has every output of every command, and nothing else") {
    std::set<std::string> expected;
    for (const CommandText& command : command_table()) {
        if (command.name == "run") continue;
        for (const std::string& output : fields_of(command.outputs, ',')) expected.insert(output);
    }
    std::set<std::string> found;
    for (const auto& output : YAML::Load(read("action.yml"))["outputs"]) found.insert(output.first.as<std::string>());
    CHECK(found == expected);
}

TEST_CASE("docs/reference.md has the commands, options and exit codes of the program (APPROVE=1 writes them)") {
    const std::string begin = "<!-- reference:begin -->\n";
    const std::string end = "<!-- reference:end -->";
    std::string text = read("docs/reference.md");
    const std::size_t from = text.find(begin);
    const std::size_t to = text.find(end);
    REQUIRE(from != std::string::npos);
    REQUIRE(to != std::string::npos);
    const std::size_t start = from + begin.size();
    const char* approving = std::getenv("APPROVE");
    if (approving != nullptr && std::string(approving) == "1") {
        text.replace(start, to - start, render_reference_markdown());
        std::ofstream(repository_dir() + "/docs/reference.md", std::ios::binary) << text;
    } else {
        CHECK(text.substr(start, to - start) == render_reference_markdown());
    }
}

TEST_CASE("docs/reference.md has every output of action.yml with its description") {
    const std::string reference = read("docs/reference.md");
    for (const auto& output : YAML::Load(read("action.yml"))["outputs"]) {
        const std::string row =
            "| " + output.first.as<std::string>() + " | " + output.second["description"].as<std::string>() + " |\n";
        INFO(row);
        CHECK(reference.find(row) != std::string::npos);
    }
}
