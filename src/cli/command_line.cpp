#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/options.h"

namespace {

std::string render_exit_codes() {
    std::string text = "Exit codes:";
    for (const auto& [code, help] : exit_table()) text += fmt::format("\n  {:>3}  {}", static_cast<int>(code), help);
    return text;
}

/// The options of one command, filled with defaults first so that "given" and "not given" differ.
void add_options(CLI::App& app, const CommandText& command, std::map<std::string, std::string>& given) {
    for (const OptionText& option : option_table()) {
        if (!uses(command.name, option) || option.secret) continue;
        const std::string name = option.name;
        if (option.value.empty()) {
            app.add_flag_callback(
                "--" + name, [&given, name] { given[name] = "true"; }, option.help);
        } else {
            const bool shows_default = !option.standard.empty();
            const std::string help = option.help + (shows_default ? " [" + option.standard + "]" : "");
            const std::string in_place = name == command.argument ? name + "," : "";
            app.add_option_function<std::string>(
                   in_place + "--" + name, [&given, name](const std::string& v) { given[name] = v; }, help)
                ->type_name(option.value);
        }
    }
}

/// A secret given as an argument is an error that says what to do instead, and does not repeat it.
void refuse_secrets(const std::vector<std::string>& arguments) {
    for (const OptionText& option : option_table()) {
        const std::string name = "--" + option.name;
        for (const std::string& argument : arguments) {
            if (!option.secret || (argument != name && !argument.starts_with(name + "="))) continue;
            throw Error{Exit::bad_input, name + " is not an option: every user of this machine can read arguments",
                        "give it in the environment; docs/reference.md says under which name"};
        }
    }
}

}  // namespace

Invocation parse_arguments(const std::vector<std::string>& arguments) {
    refuse_secrets(arguments);
    Invocation invocation;
    CLI::App app{"Builds, tests, scans, judges and publishes a family of parent images", "python-image-action"};
    app.set_version_flag("--version", std::string("python-image-action ") + PROGRAM_VERSION);
    app.require_subcommand(0, 1);
    app.footer(std::string("`python-image-action COMMAND --help` lists the options of a command.\n\n") +
               render_exit_codes());
    for (const CommandText& command : command_table()) {
        CLI::App* sub = app.add_subcommand(command.name, command.help);
        sub->footer("In a workflow it sets the outputs: " + command.outputs + "\n\n" + render_exit_codes());
        add_options(*sub, command, invocation.options);
    }
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes them
    try {
        app.parse(reversed);
    } catch (const CLI::CallForVersion& asked) {
        invocation.text = std::string(asked.what()) + "\n";
        return invocation;
    } catch (const CLI::CallForHelp&) {
        const auto chosen = app.get_subcommands();
        invocation.text = chosen.empty() ? app.help() : chosen.front()->help();
        return invocation;
    } catch (const CLI::ParseError& error) {
        const auto chosen = app.get_subcommands();
        const std::string asked = chosen.empty() ? "" : " " + chosen.front()->get_name();
        throw Error{Exit::bad_input, error.what(), "python-image-action" + asked + " --help lists what there is"};
    }
    for (const CLI::App* chosen : app.get_subcommands()) invocation.command = chosen->get_name();
    if (invocation.command.empty()) invocation.text = app.help();
    return invocation;
}

Invocation parse_inputs(const Environment& environment) {
    Invocation invocation;
    Problems problems;
    const auto command = environment.find("INPUT_COMMAND");
    invocation.command = command == environment.end() || command->second.empty() ? "run" : command->second;
    if (find_command(invocation.command) == nullptr) {
        std::vector<std::string> names;
        for (const CommandText& known : command_table()) names.push_back(known.name);
        add(problems, {}, fmt::format("the input command is \"{}\"", invocation.command),
            "write one of " + joined(names, ", "));
    }
    for (const auto& [key, value] : environment) {
        if (!key.starts_with("INPUT_") || key == "INPUT_COMMAND" || value.empty()) continue;
        const auto& table = option_table();
        const auto option = std::ranges::find_if(
            table, [&input = key](const OptionText& o) { return "INPUT_" + upper_case(o.name) == input; });
        if (key == "INPUT_ARGS" || key == "INPUT_ENTRYPOINT") {
            add(invocation.warnings, {}, "`" + lower_case(key.substr(6)) + "` of this step is ignored",
                "write `command` and the other inputs that action.yml lists", Level::warning);
        } else if (option == table.end()) {
            add(problems, {}, fmt::format("there is no input \"{}\"", lower_case(key.substr(6))),
                "action.yml lists the inputs");
        } else if (value == option->standard || option->name == "token" || uses(invocation.command, *option)) {
            invocation.options[option->name] = value;  // every command is given the defaults of action.yml
        } else {
            add(invocation.warnings, {},
                fmt::format("the input {} is ignored: {} does not use it", option->name, invocation.command),
                "docs/reference.md lists which command uses which input", Level::warning);
        }
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return invocation;
}

std::map<std::string, std::string> outputs_of_failure(const std::string& command) {
    const std::set<std::string> judging = {"scan", "judge", "nightly", "run"};
    const bool is_known = find_command(command) != nullptr;
    std::map<std::string, std::string> outputs;
    if (judging.contains(command) || !is_known) outputs["verdict"] = "unknown";
    if (judging.contains(command) || command == "publish" || !is_known) outputs["published"] = "false";
    if (command == "run" || command == "release" || !is_known) outputs["created"] = "false";
    return outputs;
}
