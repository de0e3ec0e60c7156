// Arguments or workflow inputs become one command; what it leaves is shown here. The only place that reads the
// environment, and the last that catches.
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "github/runner.h"
#include "report/summary.h"
#include "system/cancellation.h"
#include "system/clock.h"
#include "system/memory.h"
#include "system/real_files.h"
#include "system/real_http.h"
#include "system/real_processes.h"
#include "system/timings.h"

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
            .filter = github::sanitized_line,
            .before = github::render_stop_commands(token),
            .after = github::render_resume_commands(token)};
}

/// The world as it is, with this directory to work in. What the program itself prints in a workflow is filtered as
/// well.
struct RealWorld {
    RealWorld(const Environment& environment, const std::filesystem::path& directory)
        : in_workflow(github::is_workflow(environment)),
          processes(make_relay(in_workflow)),
          http(environment),
          files(directory, std::filesystem::temp_directory_path()),
          world{processes,
                http,
                files,
                clock,
                timings,
                environment,
                in_workflow ? filtered_out : std::cout,
                in_workflow ? filtered_log : std::cerr} {}

    const bool in_workflow;
    RealProcesses processes;
    RealHttp http;
    RealFiles files;
    RealClock clock;
    Timings timings;
    github::FilteredStream filtered_out{std::cout};
    github::FilteredStream filtered_log{std::cerr};
    const World world;
};

/// For people always, and in a workflow as annotations too, of files in this directory of the repository. A problem may
/// quote a tool or a file. A step that fails without a report of its own still says in its summary what to do.
Exit deliver(const World& world, const std::string& command, const Result& result, const std::string& directory) {
    if (!github::is_workflow(world.environment)) {
        std::cerr << render_problems(result.problems);
        return result.exit;
    }
    github::FilteredStream(std::cerr) << render_problems(result.problems);
    std::cout << github::render_annotations(result.problems, directory) << std::flush;
    github::save_outputs(world, result.outputs);
    const bool explains_itself = result.exit == Exit::done || !result.summary.empty();
    github::save_summary(
        world, explains_itself ? result.summary : render_problem_summary(command + " failed", result.problems));
    return result.exit;
}

/// Where that is.
std::filesystem::path enter(const std::filesystem::path& directory) {
    std::error_code failed;
    std::filesystem::current_path(directory, failed);
    if (failed)
        throw Error{Exit::bad_input, "--directory: cannot go to " + directory.string() + ": " + failed.message(), ""};
    return std::filesystem::current_path();
}

Exit run_program(const std::vector<std::string>& arguments, const Environment& environment) {
    const Invocation invocation =
        environment.contains("INPUT_COMMAND") ? parse_inputs(environment) : parse_arguments(arguments);
    if (invocation.command.empty()) {
        std::cout << invocation.text;
        return Exit::done;
    }
    Settings settings = parse_settings(invocation.options);
    settings.directory = enter(settings.directory);
    RealWorld real(environment, settings.directory);
    const World& world = real.world;
    Result result;
    try {
        const TimedTask whole(world, invocation.command, "in all");
        result = find_command(invocation.command)->run(world, settings);  // others were refused above
    } catch (const Error&) {  // where the time went is shown of a run that failed, too
        if (settings.timings) world.log << render_timings(real.timings.list());
        throw;
    }
    if (settings.timings) world.log << render_timings(real.timings.list());
    append(result.problems, invocation.warnings);
    return deliver(world, invocation.command, result, github::directory_in_repository(environment, settings.directory));
}

/// The end of a run that has no result: its problems, and in a workflow what later steps and people look at.
Exit fail(const Environment& environment, const Error& error) {
    if (!github::is_workflow(environment)) {
        std::cerr << render_problems(error.problems);
        return error.exit;
    }
    const std::filesystem::path here = std::filesystem::current_path();
    const RealWorld real(environment, here);
    const std::string command = variable(real.world, "INPUT_COMMAND", "run");
    try {
        deliver(real.world, command,
                {.exit = error.exit, .problems = error.problems, .outputs = outputs_of_failure(command)},
                github::directory_in_repository(environment, here));
    } catch (const Error&) {  // the runner's own files cannot be written; the problems were shown before that
    }
    return error.exit;
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory();
    watch_for_cancellation();
    const Environment environment = load_environment();
    try {
        return static_cast<int>(run_program({argv + 1, argv + argc}, environment));
    } catch (const Error& error) {
        return static_cast<int>(fail(environment, error));
    } catch (const std::exception& unexpected) {
        const std::string what = std::string("this should not have happened: ") + unexpected.what();
        return static_cast<int>(fail(environment, Error{Exit::failed, what, "please report it"}));
    }
}
