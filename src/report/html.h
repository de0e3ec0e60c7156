// A few words of HTML. Values are text already escaped by escape_html, or HTML made here.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// <name class="classes">inner</name>
std::string element(std::string_view name, std::string_view inner, std::string_view classes = {});

/// One cell of a table and the heading it stands under, which a phone shows in front of it.
struct HtmlCell {
    std::string_view label;
    std::string inner;
    std::string_view classes = {};
};

// The same, written straight into a large page: what a cell holds is put between the two.
void open_cell(std::string& page, std::string_view label, std::string_view classes = {});
void close_cell(std::string& page);

/// `attributes` are those of the row, each with a blank before it.
std::string table_row(std::initializer_list<HtmlCell> cells, std::string_view attributes = {});

/// A table with its headings; the rows are given as HTML. Its parts say what they are: on a phone they are laid out as
/// cards, and a browser would no longer take them for a table.
std::string table(std::string_view classes, const std::vector<std::string>& headings, const std::string& rows);
