#include "commands/options_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "commands/settings.h"

std::string render_options_markdown() {
    std::string text = "| option | default | does | used by |\n|---|---|---|---|\n";
    for (const OptionText& option : option_table()) {
        const std::string name = option.value.empty() ? option.name : option.name + " " + option.value;
        const std::string standard = option.standard.empty() ? "" : "`" + option.standard + "`";
        const std::string commands = option.used_by.size() == command_table().size() ? "all" : joined(option.used_by, ", ");
        text += fmt::format("| `--{}` | {} | {} | {} |\n", name, standard, option.help, commands);
    }
    return text;
}
