// From arguments, or from the inputs of a workflow step, to one command and its options.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "system/processes.h"

struct Invocation {
    std::string command;                         ///< empty: only `text` is to be printed
    std::map<std::string, std::string> options;  ///< given ones only
    std::string text;                            ///< help or version
    Problems warnings{};                         ///< of what was given and is ignored
};

/// Arguments of a terminal. Throws Error{bad_input} with what is wrong and how help is asked for.
Invocation parse_arguments(const std::vector<std::string>& arguments);

/// Inputs of a workflow step: INPUT_COMMAND and INPUT_<NAME>; an empty one was not given. `args` and
/// `entrypoint`, which a step of every container action may have, are ignored with a warning, and so is an input that
/// the command does not use. Throws Error{bad_input} for an unknown command or input.
Invocation parse_inputs(const Environment& environment);

/// The outputs of this command if it ends before its result: `verdict` is unknown, `published` and `created` are false.
/// An empty output would read as "no findings" to later steps. A name that is not a command gets all of them.
std::map<std::string, std::string> outputs_of_failure(const std::string& command);
