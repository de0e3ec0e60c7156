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
            .filter = github::harmless_line,
            .before = github::render_stop_commands(token),
            .after = github::render_resume_commands(token)};
}

/// For people always, and in a workflow as annotations too, of files in this directory of the repository. A problem may
/// quote a tool or a file.
void show_problems(const Problems& problems, bool in_workflow, const std::string& directory = "") {
    if (!in_workflow) {
        std::cerr << render_problems(problems);
        return;
    }
    github::FilteredStream(std::cerr) << render_problems(problems);
    std::cout << github::render_annotations(problems, directory) << std::flush;
}

/// A step that fails without a report of its own still says in its summary what to do.
std::string summary_of(const std::string& command, const Result& result) {
    if (result.exit == Exit::done || !result.summary.empty()) return result.summary;
    return render_problem_summary(command + " failed", result.problems);
}

Exit deliver(const World& world, const std::string& command, const Result& result, bool in_workflow,
             const std::string& directory) {
    show_problems(result.problems, in_workflow, directory);
    if (in_workflow) {
        github::save_outputs(world, result.outputs);
        github::save_summary(world, summary_of(command, result));
    }
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
    const bool in_workflow = github::is_workflow(environment);
    const Invocation invocation =
        environment.contains("INPUT_COMMAND") ? parse_inputs(environment) : parse_arguments(arguments);
    if (invocation.command.empty()) {
        std::cout << invocation.text;
        return Exit::done;
    }
    Settings settings = parse_settings(invocation.options);
    settings.directory = enter(settings.directory);
    RealProcesses processes(make_relay(in_workflow));
    RealHttp http(environment);
    RealFiles files(settings.directory, std::filesystem::temp_directory_path());
    RealClock clock;
    Timings timings;
    github::FilteredStream out(std::cout);
    github::FilteredStream log(std::cerr);
    const World world{processes,
                      http,
                      files,
                      clock,
                      timings,
                      environment,
                      in_workflow ? out : std::cout,
                      in_workflow ? log : std::cerr};
    Result result;
    try {
        const TimedTask whole(timings, clock, invocation.command, "in all");
        result = run_command(invocation.command, world, settings);
    } catch (const Error&) {  // where the time went is shown of a run that failed, too
        if (settings.timings) world.log << render_timings(timings.list());
        throw;
    }
    if (settings.timings) world.log << render_timings(timings.list());
    append(result.problems, invocation.warnings);
    return deliver(world, invocation.command, result, in_workflow,
                   github::directory_in_repository(environment, settings.directory));
}

/// The end of a run that has no result: its problems, and in a workflow what later steps and people look at.
Exit fail(const Environment& environment, const Error& error) {
    const bool in_workflow = github::is_workflow(environment);
    const std::filesystem::path here = std::filesystem::current_path();
    const std::string directory = github::directory_in_repository(environment, here);
    if (!in_workflow) {
        show_problems(error.problems, in_workflow);
        return error.exit;
    }
    const auto given = environment.find("INPUT_COMMAND");
    const std::string command = given == environment.end() || given->second.empty() ? "run" : given->second;
    RealProcesses processes(make_relay(in_workflow));
    RealHttp http(environment);
    RealFiles files(here, std::filesystem::temp_directory_path());
    RealClock clock;
    Timings timings;
    const World world{processes, http, files, clock, timings, environment, std::cout, std::cerr};
    try {
        deliver(world, command,
                {.exit = error.exit, .problems = error.problems, .outputs = outputs_of_failure(command)}, in_workflow,
                directory);
    } catch (const Error&) {  // the runner's own files cannot be written; the problems were shown before that
    }
    return error.exit;
}

}  // namespace

int main(int argc, char** argv) {
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
