// The table of options as the README shows it.
#pragma once

#include <string>

/// Markdown, one row per option; ends in a line feed.
std::string render_options_markdown();
