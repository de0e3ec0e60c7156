// Error responses of a registry (distribution-spec, "Error Codes"; registry.md §7): foreign text, sanitized.
#pragma once

#include <string>

#include "registry/call.h"

namespace registry {

/// What the response to a refused call says, for people: the registry's own words, at most a few lines, sanitized for a
/// terminal; of a pull limit also its numbers.
std::string render_refusal(const Call& call, const Response& response);

/// True if one of the errors in the response's body has this code.
bool has_error_code(const Response& response, const std::string& code);

/// True for a 429 that lasts for hours: it is reported, not waited for.
bool is_pull_limit(const Response& response);

/// The text as one sanitized line for a terminal.
std::string one_line(std::string text);

}  // namespace registry
