// Lines, fields and trimming of plain text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Without leading and trailing blanks, tabs, carriage returns and line feeds.
std::string_view trimmed(std::string_view text);

/// The first character of a text that is not empty, and how many bytes it takes: U+FFFD and one byte where the text is
/// not UTF-8.
std::pair<char32_t, std::size_t> first_character(std::string_view text);

/// Lines without their LF or CRLF. A last line without a line feed counts; an empty text has no lines.
std::vector<std::string> lines_of(std::string_view text);

/// Throws Error{bad_input}, with the line, for a file that a person cannot have meant: with a byte order mark, in
/// UTF-16, or with a NUL.
void refuse_unreadable(std::string_view text, const std::string& file);

/// The line that the byte at `offset` stands on, counted from 1.
int line_at(std::string_view text, std::size_t offset);

/// Fields between separators, trimmed, empty ones omitted: "a, b," -> {"a", "b"}.
std::vector<std::string> fields_of(std::string_view text, char separator);

/// A whole number, written with digits only and not above 2^63-1; nothing for any other text.
std::optional<std::int64_t> parse_number(std::string_view text);

/// At the end of the list, unless it is there.
void add_once(std::vector<std::string>& list, const std::string& text);

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

/// The first `most` of them: "a, b and 3 more".
std::string joined_some(std::vector<std::string> parts, std::size_t most);

/// The value of a key; empty if it is not there.
std::string text_at(const std::map<std::string, std::string>& texts, const std::string& key);

std::string lower_case(std::string_view text);  ///< ASCII only, whatever the locale
std::string upper_case(std::string_view text);

/// The text in quotation marks for a message: cut after 60 characters, and what is not printable ASCII written as \xNN,
/// so that look-alike letters, escape sequences and line feeds are seen and do nothing.
std::string shown(std::string_view text);

/// True if the shell-like pattern (`*` any run of characters, `?` one character) matches the whole text.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// The candidate that was most likely meant: a typing error or two away (`_` and `-` count as the same); empty if
/// none is.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

/// "1 image", "2 images": a count and its noun. The plural is the noun with an s unless given.
std::string counted(std::size_t count, std::string_view noun, std::string_view plural = "");
