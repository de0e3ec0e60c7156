#include "plan/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace {

constexpr std::size_t max_tag = 128;
constexpr std::size_t max_repository = 255;
constexpr std::size_t max_shown = 60;

// Not <cctype>: these must not depend on the locale.
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_word(char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_alphanumeric(char c) {
    return is_lower(c) || is_digit(c);
}

bool is_separator(std::string_view text) {
    return text == "." || text == "_" || text == "__" || text.find_first_not_of('-') == std::string_view::npos;
}

/// One part between slashes: words with separators between them, beginning and ending with a word.
bool is_repository_part(std::string_view part) {
    if (part.empty() || !is_alphanumeric(part.front()) || !is_alphanumeric(part.back())) return false;
    while (!part.empty()) {
        const auto word_end = std::find_if_not(part.begin(), part.end(), is_alphanumeric);
        const auto separator_end = std::find_if(word_end, part.end(), is_alphanumeric);
        const auto word = static_cast<std::size_t>(word_end - part.begin());
        const auto both = static_cast<std::size_t>(separator_end - part.begin());
        if (both > word && !is_separator(part.substr(word, both - word))) return false;
        part.remove_prefix(both);
    }
    return true;
}

}  // namespace

bool is_tag(std::string_view text) {
    if (text.empty() || text.size() > max_tag || !is_word(text.front())) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_repository(std::string_view text) {
    if (text.size() > max_repository) return false;
    const std::size_t slash = text.find('/');
    const std::string_view first = text.substr(0, slash);
    if (slash != std::string_view::npos && (first == "localhost" || first.find('.') != std::string_view::npos))
        return false;
    while (true) {
        const std::size_t end = text.find('/');
        if (!is_repository_part(text.substr(0, end))) return false;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

std::string shown(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, max_shown)) {
        if (c >= ' ' && c <= '~') {
            out += c;
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    if (text.size() > max_shown) out += "…";
    return out + "\"";
}
