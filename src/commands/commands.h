// The commands: each one is a story told in calls, in a file of its own name.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "commands/settings.h"
#include "system/world.h"

/// What a command leaves for whoever called it. main shows it: as text on a terminal, as annotations, outputs and a
/// summary in a workflow.
struct Result {
    Exit exit = Exit::done;
    Problems problems;                           ///< sorted by nobody yet
    std::map<std::string, std::string> outputs;  ///< for $GITHUB_OUTPUT
    std::string summary;                         ///< Markdown for the step summary
};

Result run_check(const World& world, const Settings& settings);
Result run_matrix(const World& world, const Settings& settings);
Result run_build(const World& world, const Settings& settings);
Result run_test(const World& world, const Settings& settings);
Result run_scan(const World& world, const Settings& settings);
Result run_judge(const World& world, const Settings& settings);
Result run_explain(const World& world, const Settings& settings);
Result run_publish(const World& world, const Settings& settings);
Result run_fetch(const World& world, const Settings& settings);
Result run_release(const World& world, const Settings& settings);
Result run_nightly(const World& world, const Settings& settings);
Result run_all(const World& world, const Settings& settings);

/// The command of that name, as in command_table().
Result run_command(const std::string& name, const World& world, const Settings& settings);
