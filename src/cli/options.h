// Every option of every command, once: names, defaults, help. The command line, action.yml and the README are held
// against these tables.
#pragma once

#include <string>
#include <vector>

struct OptionText {
    std::string name;                  ///< "image-matrix"; INPUT_IMAGE-MATRIX in a workflow
    std::string value;                 ///< what a value is called in help: "FILE"; empty for a switch
    std::string standard;              ///< the default
    std::string help;                  ///< one sentence, without a full stop
    std::vector<std::string> used_by;  ///< commands
    bool secret = false;               ///< an input only: arguments can be read by every user of a machine
};

struct CommandText {
    std::string name;
    std::string help;
    std::string outputs;     ///< names of what it writes to $GITHUB_OUTPUT, comma-separated
    std::string argument{};  ///< the option whose name may be left out: `fetch REFERENCE`
};

const std::vector<CommandText>& command_table();
const std::vector<OptionText>& option_table();
