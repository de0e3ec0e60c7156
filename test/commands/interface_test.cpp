// The command line, action.yml and the README are one interface: held against the one table of options.
#include <yaml-cpp/yaml.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "cli/options.h"
#include "cli/options_text.h"
#include "places.h"

namespace {

std::string read(const std::string& name) {
    std::ifstream in(repository_dir() + "/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("action.yml has every option as an input with the same default and help, and nothing else") {
    const YAML::Node inputs = YAML::Load(read("action.yml"))["inputs"];
    std::set<std::string> expected = {"command"};
    for (const OptionText& option : option_table()) {
        expected.insert(option.name);
        INFO(option.name);
        REQUIRE(inputs[option.name]);
        // Only GitHub itself can fill this one in.
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

TEST_CASE("docs/reference.md has the table of options that the program prints") {
    CHECK(read("docs/reference.md").find("## Options\n\n" + render_options_markdown()) != std::string::npos);
}
