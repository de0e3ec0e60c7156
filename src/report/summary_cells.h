// The cells that several tables of the summary have, in GitHub's Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/run.h"

/// <code>, in which nothing of the text comes alive; empty for an empty text.
std::string markdown_code(std::string_view text, std::size_t max_characters = 300);

// Cells are Markdown already.
std::string markdown_row(const std::vector<std::string>& cells);
std::string markdown_head(const std::vector<std::string>& cells);

std::string image_cell(const ImageRun& image);      ///< its name, and below it the platform
std::string linked_cell(const Finding& finding);    ///< the id, a link where it has an address
std::string package_cell(const Finding& finding);   ///< package and version, and below them the path
std::string severity_cell(const Finding& finding);  ///< and whether it is known to be exploited
