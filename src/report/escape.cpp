#include "report/escape.h"

#include <algorithm>

#include "base/text.h"

namespace {

bool is_blank(char32_t c) {
    return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029;
}

/// Zero-width characters, direction marks and the tag characters, with which a text can look like another one.
bool is_hidden(char32_t c) {
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
           c == 0xFEFF || c == 0x061C || (c >= 0xE0000 && c <= 0xE007F);
}

/// Breaks a word where GitHub would find a mention, a reference or a URL in it; decoded only after Markdown has
/// been read.
constexpr std::string_view word_break = "&#8203;";

std::string_view html_entity(char c) {
    if (c == '&') return "&amp;";
    if (c == '<') return "&lt;";
    if (c == '>') return "&gt;";
    if (c == '"') return "&quot;";
    return c == '\'' ? "&#39;" : "";
}

/// What stands for a character that means something in Markdown or HTML; empty: the character itself, behind a
/// backslash if it is one of `with_backslash`. What GitHub makes of a name or a number behind '@' and '#' is broken.
std::string_view markdown_escape(char c) {
    if (c == '$') return "<span>$</span>";
    if (c == '@') return "@&#8203;";
    if (c == '#') return "#&#8203;";
    return c == '"' || c == '\'' ? "" : html_entity(c);
}

constexpr std::string_view with_backslash = "\\`*_[]!|~{}";

/// Letters, digits and blanks mean nothing in Markdown.
bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

/// Plain ASCII without blanks to remove: most texts are, and a report has hundreds of thousands of them.
bool is_clean_line(std::string_view text) {
    char before = ' ';
    for (const char c : text) {
        if (c < ' ' || c >= '\x7F' || (c == ' ' && before == ' ')) return false;
        before = c;
    }
    return before != ' ' || text.empty();
}

}  // namespace

std::string clean_line(std::string_view text, std::size_t max_characters) {
    if (text.size() <= max_characters && is_clean_line(text)) return std::string(text);
    std::string line;
    std::size_t count = 0;
    bool blank = false;  // one or more are waiting: written only if something follows
    while (!text.empty()) {
        const auto [character, length] = first_character(text);
        const std::string_view bytes = text.substr(0, length);
        text.remove_prefix(length);
        if (is_hidden(character)) continue;
        if (is_blank(character)) {
            blank = !line.empty();
            continue;
        }
        count += blank ? 2 : 1;
        if (count > max_characters) return line + "…";
        if (blank) line += ' ';
        blank = false;
        line += character == U'\uFFFD' ? "\xEF\xBF\xBD" : bytes;
    }
    return line;
}

std::string clean_block(std::string_view text, std::string (*escape)(std::string_view, std::size_t)) {
    std::string block;
    for (const std::string& line : lines_of(text)) {
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        block += std::string(indent, ' ') + escape(line, line.size()) + "\n";
    }
    return block;
}

std::string escape_markdown(std::string_view text, std::size_t max_characters) {
    const std::string line = clean_line(text, max_characters);
    std::string escaped;
    escaped.reserve(line.size() + line.size() / 4);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (is_plain(line[i])) {
            escaped += line[i];
            continue;
        }
        const std::string_view before = std::string_view(line).substr(0, i);
        const std::string_view other = markdown_escape(line[i]);
        if (line[i] == '.' && before.ends_with("www")) escaped += word_break;
        if (with_backslash.find(line[i]) != std::string_view::npos) escaped += '\\';
        escaped += other.empty() ? std::string_view(&line[i], 1) : other;
        const bool address = line[i] == ':' && line.compare(i + 1, 2, "//") == 0;
        const bool reference = line[i] == '-' && (before.ends_with("GH") || before.ends_with("gh"));
        if (address || reference) escaped += word_break;
    }
    return escaped;
}

std::string escape_html(std::string_view text, std::size_t max_characters) {
    const std::string line = clean_line(text, max_characters);
    if (std::ranges::all_of(line, [](char c) { return html_entity(c).empty(); })) return line;
    std::string html;
    html.reserve(line.size());
    for (const char c : line) {
        const std::string_view entity = html_entity(c);
        html += entity.empty() ? std::string_view(&c, 1) : entity;
    }
    return html;
}

std::string escape_sarif(std::string_view text, std::size_t max_characters) {
    std::string line = clean_line(text, max_characters);
    for (char& c : line) {
        if (c == '{' || c == '[') c = '(';
        if (c == '}' || c == ']') c = ')';
    }
    return line;
}
