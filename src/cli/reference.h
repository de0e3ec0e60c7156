// The generated part of docs/reference.md: commands with their outputs, options, exit codes.
#pragma once

#include <string>

/// Markdown; ends in a line feed.
std::string render_reference_markdown();
