// Tables in GitHub's Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/tables.h"

/// <code>, in which nothing of the text comes alive; empty for an empty text.
std::string markdown_code(std::string_view text, std::size_t max_characters = 300);

// Cells are Markdown already.
std::string markdown_row(const std::vector<std::string>& cells);
std::string markdown_head(const std::vector<std::string>& cells);
/// Headings and rows; empty without rows.
std::string render_markdown(const Table& table);
std::string markdown_row(const std::vector<Cell>& cells);

std::string markdown_cell(const Cell& cell);
