// Text from vulnerability feeds, sanitized: whatever is in a title, it stays text.
#pragma once

#include <string>
#include <string_view>

/// One line of valid UTF-8: control characters become blanks, invisible and direction-changing characters go, invalid
/// bytes become U+FFFD. Cut after `max_characters`, which shows as "…".
std::string clean_line(std::string_view text, std::size_t max_characters = 300);

/// Every line cleaned like that and then escaped, its indent kept, ending in a line feed: for code blocks. No line is
/// cut.
std::string clean_block(std::string_view text,
                        std::string (*escape)(std::string_view line, std::size_t max_characters) = clean_line);

/// For GitHub's Markdown, inside a paragraph or a table cell: no mark-up, no HTML, no mention, no reference, no link
/// comes alive. Not for code spans, where nothing can be escaped.
std::string escape_markdown(std::string_view text, std::size_t max_characters = 300);

/// For HTML text and double-quoted attributes.
std::string escape_html(std::string_view text, std::size_t max_characters = 300);

/// For SARIF messages, where {0} is a placeholder and [a](b) a link: readers differ in how these are escaped, so they
/// become round brackets.
std::string escape_sarif(std::string_view text, std::size_t max_characters = 300);
