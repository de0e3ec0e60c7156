// From the given options to typed values.
#pragma once

#include <map>
#include <string>

#include "pipeline/settings.h"

/// Typed, with defaults. Throws Error{bad_input} with every value that is wrong, naming the option and what it takes.
Settings parse_settings(const std::map<std::string, std::string>& given);
