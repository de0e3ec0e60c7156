#include "cli/reference.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/options.h"

namespace {

std::string render_commands() {
    std::string text = "## Commands\n\n| command | does | outputs in a workflow |\n|---|---|---|\n";
    for (const CommandText& command : command_table())
        text += fmt::format("| {} | {} | {} |\n", command.name, command.help, command.outputs);
    return text;
}

/// "all", "all but fetch", or the commands themselves, whichever is shorter to read.
std::string render_used_by(const OptionText& option) {
    std::vector<std::string> others;
    for (const CommandText& command : command_table()) {
        if (std::find(option.used_by.begin(), option.used_by.end(), command.name) == option.used_by.end())
            others.push_back(command.name);
    }
    if (others.empty()) return "all";
    return others.size() <= 2 ? "all but " + joined(others, ", ") : joined(option.used_by, ", ");
}

std::string render_options() {
    std::string text = "## Options\n\n| option | default | does | used by |\n|---|---|---|---|\n";
    for (const OptionText& option : option_table()) {
        const std::string name = option.value.empty() ? option.name : option.name + " " + option.value;
        const std::string shown = option.secret ? "`" + option.name + "` (an input only)" : "`--" + name + "`";
        const std::string standard = option.standard.empty() ? "" : "`" + option.standard + "`";
        text += fmt::format("| {} | {} | {} | {} |\n", shown, standard, option.help, render_used_by(option));
    }
    return text;
}

std::string render_exit_code_table() {
    std::string text = "## Exit codes\n\n| code | meaning |\n|---|---|\n";
    for (const ExitText& exit : exit_table())
        text += fmt::format("| {} | {} |\n", static_cast<int>(exit.code), exit.help);
    return text;
}

}  // namespace

std::string render_reference_markdown() {
    return render_commands() + "\n" + render_options() + "\n" + render_exit_code_table();
}
