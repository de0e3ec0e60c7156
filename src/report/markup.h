// Tables and their cells as HTML and as GitHub's Markdown.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/tables.h"

// HTML. Values are text already escaped by escape_html, or HTML made here.

/// Characters of a single text.
inline constexpr std::size_t longest_text = 2000;

/// <name class="classes">inner</name>
std::string element(std::string_view name, std::string_view inner, std::string_view classes = {});

/// One cell of a table and the heading it is under, which a phone shows in front of it.
struct HtmlCell {
    std::string_view label;
    std::string inner;
    std::string_view classes = {};
};

/// `attributes` are those of the row, each with a blank before it.
std::string table_row(std::span<const HtmlCell> cells, std::string_view attributes = {});

/// A table with its headings; the rows are given as HTML. Its parts say what they are: on a phone they are laid out as
/// cards, and a browser would no longer take them for a table.
std::string render_table(const std::vector<std::string>& headings, const std::string& rows);
std::string render_table(const Table& table);         ///< empty without rows
std::string render_folded_table(const Table& table);  ///< folded away under its title; empty without rows

std::string html_code(std::string_view text);
std::string html_cell(const Cell& cell);
/// `count` things folded away under a title; empty if there are none.
std::string render_more(const std::string& title, std::size_t count, const std::string& inner);

// Markdown.

/// <code>, in which nothing of the text comes alive; empty for an empty text.
std::string markdown_code(std::string_view text, std::size_t max_characters = 300);

// Cells are Markdown already.
std::string markdown_row(const std::vector<std::string>& cells);
std::string markdown_head(const std::vector<std::string>& cells);
/// Headings and rows; empty without rows.
std::string render_markdown(const Table& table);
std::string markdown_row(const std::vector<Cell>& cells);

std::string markdown_cell(const Cell& cell);
