// From arguments, or from the inputs of a workflow step, to one command and its options.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "system/processes.h"

struct Invocation {
    std::string command;                         ///< empty: only `text` is to be printed
    std::map<std::string, std::string> options;  ///< given ones only
    std::string text;                            ///< help or version
};

/// Arguments of a terminal. Throws Error{bad_input} with what is wrong and how help is asked for.
Invocation parse_arguments(const std::vector<std::string>& arguments);

/// Inputs of a workflow step: INPUT_COMMAND and INPUT_<NAME>; an empty one was not given (runner.md §4). Throws
/// Error{bad_input} for an unknown command or input.
Invocation parse_inputs(const Environment& environment);
