#include "report/escape.h"

#include <algorithm>

#include "base/text.h"

namespace {

constexpr char32_t replacement = 0xFFFD;

/// How many bytes a character has that begins with this one; 0 if none begins so.
std::size_t length_from(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/// The next character, and how many bytes it took: one byte and U+FFFD where the text is not UTF-8.
std::pair<char32_t, std::size_t> next_character(std::string_view rest) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    const std::size_t length = length_from(byte(0));
    if (length == 1) return {byte(0), 1};
    if (length == 0 || length > rest.size()) return {replacement, 1};
    char32_t character = byte(0) & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {replacement, 1};
        character = character << 6U | (byte(i) & 0x3FU);
    }
    const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (overlong || surrogate || character > 0x10FFFF) return {replacement, 1};
    return {character, length};
}

bool is_blank(char32_t c) {
    return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029;
}

/// Zero-width characters, direction marks and the tag characters, with which a text can look like another one.
bool is_hidden(char32_t c) {
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
           c == 0xFEFF || c == 0x061C || (c >= 0xE0000 && c <= 0xE007F);
}

/// Words of visible ASCII with one blank between them, as nearly every text is: nothing has to be done to it.
/// Every character is looked at, so that the compiler can look at many at a time.
bool is_clean_line(std::string_view text) {
    if (text.empty()) return true;
    bool odd = text.front() == ' ' || text.back() == ' ';
    for (const char c : text) odd |= c < ' ' || c > '~';
    for (std::size_t i = 1; i < text.size(); ++i) odd |= text[i] == ' ' && text[i - 1] == ' ';
    return !odd;
}

/// Breaks a word where GitHub would find a mention, a reference or an address in it; decoded only after Markdown has
/// been read.
constexpr std::string_view broken = "&#8203;";

std::string escaped_markdown_character(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '$':
            return "<span>$</span>";
        case '@':
            return "@" + std::string(broken);
        case '#':
            return "#" + std::string(broken);
        default:
            break;
    }
    return std::string_view("\\`*_[]!|~{}").find(c) == std::string_view::npos ? std::string(1, c)
                                                                              : std::string("\\") + c;
}

bool is_letter_or_blank(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

std::string_view html_entity(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

}  // namespace

std::string clean_line(std::string_view text, std::size_t max_characters) {
    if (text.size() <= max_characters && is_clean_line(text)) return std::string(text);
    std::string line;
    std::size_t count = 0;
    bool blank = false;  // one or more are waiting: written only if something follows
    while (!text.empty()) {
        const auto [character, length] = next_character(text);
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
        line += character == replacement ? "\xEF\xBF\xBD" : bytes;
    }
    return line;
}

std::string clean_block(std::string_view text) {
    std::string block;
    for (const std::string& line : lines_of(text)) {
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        block += std::string(indent, ' ') + clean_line(line, line.size()) + "\n";
    }
    return block;
}

std::string escape_markdown(std::string_view text, std::size_t max_characters) {
    std::string line = clean_line(text, max_characters);
    if (std::all_of(line.begin(), line.end(), is_letter_or_blank)) return line;
    std::string escaped;
    escaped.reserve(line.size() + line.size() / 4);
    for (std::size_t i = 0; i < line.size(); ++i) {
        escaped += escaped_markdown_character(line[i]);
        const std::string_view up_to_here = std::string_view(line).substr(0, i + 1);
        const std::string_view rest = std::string_view(line).substr(i + 1);
        const bool address =
            (line[i] == ':' && rest.starts_with("//")) || (rest.starts_with(".") && up_to_here.ends_with("www"));
        const bool reference = up_to_here.ends_with("GH-") || up_to_here.ends_with("gh-");
        if (address || reference) escaped += broken;
    }
    return escaped;
}

std::string escape_html(std::string_view text, std::size_t max_characters) {
    std::string line = clean_line(text, max_characters);
    if (std::all_of(line.begin(), line.end(), [](char c) { return html_entity(c).empty(); })) return line;
    std::string escaped;
    escaped.reserve(line.size() + line.size() / 4);
    for (const char c : line) {
        const std::string_view entity = html_entity(c);
        if (entity.empty()) {
            escaped += c;
        } else {
            escaped += entity;
        }
    }
    return escaped;
}

std::string escape_sarif(std::string_view text, std::size_t max_characters) {
    std::string line = clean_line(text, max_characters);
    for (char& c : line) {
        if (c == '{' || c == '[') c = '(';
        if (c == '}' || c == ']') c = ')';
    }
    return line;
}
