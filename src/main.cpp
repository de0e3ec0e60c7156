// Arguments or workflow inputs become one command; what it leaves is shown here. The only place that reads the
// environment, and the last that catches.
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "base/memory.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "github/filtered_stream.h"
#include "github/runner.h"
#include "system/cancellation.h"
#include "system/real_clock.h"
#include "system/real_files.h"
#include "system/real_http.h"
#include "system/real_processes.h"

namespace {

Environment load_environment() {
    Environment environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return environment;
}

/// What tools print goes through our one stream: in a workflow standard output, bracketed so that the runner obeys none
/// of it.
Relay make_relay(bool in_workflow) {
    if (!in_workflow) return {.to = std::cerr};
    const std::string token = github::make_token();
    return {.to = std::cout,
            .filter = github::harmless_line,
            .before = github::render_stop_commands(token),
            .after = github::render_resume_commands(token)};
}

/// For people always, and in a workflow as annotations too, of files in this folder of the repository. A problem may
/// quote a tool or a file.
void show_problems(const Problems& problems, bool in_workflow, const std::string& folder = "") {
    if (!in_workflow) {
        std::cerr << render_problems(problems);
        return;
    }
    github::FilteredStream(std::cerr).stream() << render_problems(problems);
    std::cout << github::render_annotations(problems, folder) << std::flush;
}

/// A scanner's own word for a run that ended before its verdict: unknown, never empty (an empty output reads as "no
/// findings").
bool has_verdict(const std::string& command) {
    return command == "scan" || command == "judge" || command == "nightly" || command == "run";
}

Exit deliver(const World& world, const Result& result, bool in_workflow, const std::string& folder) {
    show_problems(result.problems, in_workflow, folder);
    if (in_workflow) {
        github::save_outputs(world, result.outputs);
        github::save_summary(world, result.summary);
    }
    return result.exit;
}

Exit fail(const World& world, const std::string& command, const Error& error, bool in_workflow,
          const std::string& folder) {
    show_problems(error.problems, in_workflow, folder);
    if (in_workflow && has_verdict(command))
        github::save_outputs(world, {{"verdict", "unknown"}, {"published", "false"}});
    return error.exit;
}

/// Where that is.
std::filesystem::path enter(const std::filesystem::path& directory) {
    std::error_code failed;
    std::filesystem::current_path(directory, failed);
    if (failed)
        throw Error{Exit::bad_input,
                    {{{}, "--directory: cannot go to " + directory.string() + ": " + failed.message(), ""}}};
    return std::filesystem::current_path();
}

Exit run_program(const std::vector<std::string>& arguments, const Environment& environment) {
    const bool in_workflow = github::is_workflow(environment);
    const Invocation invocation =
        environment.contains("INPUT_COMMAND") ? parse_inputs(environment) : parse_arguments(arguments);
    if (invocation.command.empty()) {
        std::cout << invocation.text;
        return Exit::done;
    }
    Settings settings = parse_settings(invocation.options);
    settings.directory = enter(settings.directory);
    const std::string folder = github::folder_in_repository(environment, settings.directory);
    RealProcesses processes(make_relay(in_workflow));
    RealHttp http(environment);
    RealFiles files(settings.directory, std::filesystem::temp_directory_path());
    RealClock clock;
    github::FilteredStream out(std::cout);
    github::FilteredStream log(std::cerr);
    const World world{processes,
                      http,
                      files,
                      clock,
                      environment,
                      in_workflow ? out.stream() : std::cout,
                      in_workflow ? log.stream() : std::cerr};
    try {
        return deliver(world, run_command(invocation.command, world, settings), in_workflow, folder);
    } catch (const Error& error) {
        return fail(world, invocation.command, error, in_workflow, folder);
    }
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory();
    watch_for_cancellation();
    const Environment environment = load_environment();
    try {
        return static_cast<int>(run_program({argv + 1, argv + argc}, environment));
    } catch (const Error& error) {
        show_problems(error.problems, github::is_workflow(environment));
        return static_cast<int>(error.exit);
    } catch (const std::exception& unexpected) {
        show_problems({{{}, std::string("this should not have happened: ") + unexpected.what(), ""}},
                      github::is_workflow(environment));
        return static_cast<int>(Exit::failed);
    }
}
