// What a command, or a stage of the pipeline, leaves for its caller.
#pragma once

#include <map>
#include <string>

#include "base/error.h"

/// main shows it: as text on a terminal; as annotations, outputs and a summary in a workflow.
struct Result {
    Exit exit = Exit::done;
    Problems problems;                           ///< in no order
    std::map<std::string, std::string> outputs;  ///< for $GITHUB_OUTPUT
    std::string summary;                         ///< Markdown for the step summary
};
