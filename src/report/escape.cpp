#include "report/escape.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

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

std::uint64_t eight_from(const char* text) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text, sizeof eight);
    return eight;
}

/// Words of visible ASCII with one blank between them, as nearly every text is: nothing has to be done to it. Looked at
/// eight characters at a time; a clean text may, rarely, be taken for one that is not, never the other way round.
bool is_clean_line(std::string_view text) {
    if (text.empty()) return true;
    if (text.front() == ' ' || text.back() == ' ') return false;
    constexpr std::uint64_t each = 0x0101010101010101U;
    // The highest bit of each byte of ASCII that is below `least`; bytes above the first of them may have it too.
    const auto below = [](std::uint64_t bytes, std::uint64_t least) { return (bytes - each * least) & ~bytes; };
    std::uint64_t odd = 0;
    std::size_t at = 0;
    for (; text.size() - at > 8; at += 8) {
        const std::uint64_t eight = eight_from(text.data() + at);
        const std::uint64_t following = eight_from(text.data() + at + 1);
        odd |= eight | (eight + each) | below(eight, ' ');  // not ASCII, DEL, a control character
        odd |= below(eight ^ each * ' ', 1) & below(following ^ each * ' ', 1);
    }
    if ((odd & each * 0x80) != 0) return false;
    for (; at < text.size(); ++at) {  // the last one is no blank
        if (text[at] < ' ' || text[at] > '~' || (text[at] == ' ' && text[at + 1] == ' ')) return false;
    }
    return true;
}

/// Breaks a word where GitHub would find a mention, a reference or an address in it; decoded only after Markdown has
/// been read.
constexpr std::string_view broken = "&#8203;";

/// What stands for a character that means something in Markdown or HTML; empty: the character itself. What GitHub makes
/// of a name or a number behind '@' and '#' is broken.
std::string_view markdown_escape(char c) {
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
            return "@&#8203;";
        case '#':
            return "#&#8203;";
        default:
            break;
    }
    constexpr std::string_view with_backslash = "\\\\\\`\\*\\_\\[\\]\\!\\|\\~\\{\\}";  // pairs
    for (std::size_t i = 1; i < with_backslash.size(); i += 2) {
        if (with_backslash[i] == c) return with_backslash.substr(i - 1, 2);
    }
    return {};
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

/// False for nearly every text that has no entity; two ranges, which hold a few characters more, are compared many
/// characters at a time.
bool may_have_entity(std::string_view text) {
    unsigned char found = 0;
    for (const char c : text)
        found |= static_cast<unsigned char>(((c >= '"') & (c <= '\'')) | ((c >= '<') & (c <= '>')));
    return found != 0;
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
    const std::string line = clean_line(text, max_characters);
    std::string_view rest = line;
    std::string escaped;
    escaped.reserve(line.size() + line.size() / 4);
    while (true) {
        const auto odd = std::find_if_not(rest.begin(), rest.end(), is_letter_or_blank);
        const std::string_view before = rest.substr(0, static_cast<std::size_t>(odd - rest.begin()));
        escaped += before;
        if (odd == rest.end()) return escaped;
        rest.remove_prefix(before.size() + 1);
        const std::string_view other = markdown_escape(*odd);
        if (*odd == '.' && before.ends_with("www")) escaped += broken;
        escaped += other.empty() ? std::string_view(odd, 1) : other;
        const bool address = *odd == ':' && rest.starts_with("//");
        const bool reference = *odd == '-' && (before.ends_with("GH") || before.ends_with("gh"));
        if (address || reference) escaped += broken;
    }
}

std::string escape_html(std::string_view text, std::size_t max_characters) {
    std::string html;
    append_html(html, text, max_characters);
    return html;
}

void append_html(std::string& html, std::string_view text, std::size_t max_characters) {
    const bool is_clean = text.size() <= max_characters && is_clean_line(text);
    if (is_clean && !may_have_entity(text)) {
        html += text;
        return;
    }
    for (const char c : is_clean ? std::string(text) : clean_line(text, max_characters)) {
        const std::string_view entity = html_entity(c);
        html += entity.empty() ? std::string_view(&c, 1) : entity;
    }
}

std::string escape_sarif(std::string_view text, std::size_t max_characters) {
    std::string line = clean_line(text, max_characters);
    for (char& c : line) {
        if (c == '{' || c == '[') c = '(';
        if (c == '}' || c == ']') c = ')';
    }
    return line;
}
