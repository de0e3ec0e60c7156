// Where a command's program is.
#pragma once

#include <filesystem>
#include <optional>

#include "system/processes.h"

/// As execvp(3) looks, but in the PATH of the child, and never in directories that PATH names relatively. A name with a
/// slash is a path from the command's directory. Nothing if there is no such program.
std::optional<std::filesystem::path> find_program(const Command& command);
