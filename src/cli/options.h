// Every option of every command, once: names, defaults, help. The command line is made from these tables; tests compare
// action.yml and docs/reference.md with them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pipeline/result.h"
#include "pipeline/settings.h"
#include "system/world.h"

struct OptionText {
    std::string name;      ///< "image-matrix"; INPUT_IMAGE-MATRIX in a workflow
    std::string value;     ///< what a value is called in help: "FILE"; empty for a switch
    std::string standard;  ///< the default
    std::string help;      ///< without a full stop at its end
    std::string used_by;   ///< "all", "all but fetch", or names of commands, comma-separated
    bool secret = false;   ///< an input only: arguments can be read by every user of a machine
};

struct CommandText {
    std::string name;
    Result (*run)(const World& world, const Settings& settings);
    std::string help;
    std::string outputs;     ///< names of what it writes to $GITHUB_OUTPUT, comma-separated
    std::string argument{};  ///< the option whose name may be left out: `fetch REFERENCE`
};

const std::vector<CommandText>& command_table();
const CommandText* find_command(const std::string& name);  ///< nullptr: there is none of that name
const std::vector<OptionText>& option_table();
bool uses(const std::string& command, const OptionText& option);
const std::vector<std::pair<Exit, std::string>>& exit_table();  ///< each code with its help
