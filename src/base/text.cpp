#include "base/text.h"

#include <fmt/format.h>
#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace {

std::string same_dashes(std::string_view word) {
    std::string same = lower_case(word);
    std::ranges::replace(same, '_', '-');
    return same;
}

/// How many letters have to be inserted, deleted or changed (Levenshtein).
std::size_t edit_distance(const std::string& from, const std::string& to) {
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t i = 0; i <= to.size(); ++i) row[i] = i;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t before = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t changed = before + (from[i - 1] == to[j - 1] ? 0 : 1);
            before = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[to.size()];
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::pair<char32_t, std::size_t> first_character(std::string_view text) {
    if (static_cast<unsigned char>(text.front()) < 0x80) return {text.front(), 1};
    rapidjson::MemoryStream stream(text.data(), text.size());
    unsigned character = 0;
    if (!rapidjson::UTF8<>::Decode(stream, &character)) return {U'\uFFFD', 1};
    return {character, stream.Tell()};
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

void refuse_unreadable(std::string_view text, const std::string& file) {
    const auto refuse = [&](int line, const std::string& what, const std::string& hint) {
        throw Error{Exit::bad_input, {file, line}, what, hint};
    };
    if (text.starts_with("\xEF\xBB\xBF"))
        refuse(1, "the file begins with a byte order mark", "save it as UTF-8 without BOM");
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        refuse(1, "the file is UTF-16", "save it as UTF-8");
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        refuse(line_at(text, nul), "a NUL character", "remove it");
}

int line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

std::vector<std::string> fields_of(std::string_view text, char separator) {
    std::vector<std::string> fields;
    while (true) {
        const std::size_t end = text.find(separator);
        const std::string_view field = trimmed(text.substr(0, end));
        if (!field.empty()) fields.emplace_back(field);
        if (end == std::string_view::npos) return fields;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
    return number;
}

void add_once(std::vector<std::string>& list, const std::string& text) {
    if (std::ranges::find(list, text) == list.end()) list.push_back(text);
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::string joined_some(std::vector<std::string> parts, std::size_t most) {
    if (parts.size() <= most) return joined(parts, ", ");
    const std::size_t more = parts.size() - most;
    parts.resize(most);
    return fmt::format("{} and {} more", joined(parts, ", "), more);
}

std::string text_at(const std::map<std::string, std::string>& texts, const std::string& key) {
    const auto found = texts.find(key);
    return found == texts.end() ? "" : found->second;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return upper;
}

std::string shown(std::string_view text) {
    constexpr std::size_t max_shown = 60;
    std::string out = "\"";
    for (const char c : text.substr(0, max_shown))
        out += c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    if (text.size() > max_shown) out += "…";
    return out + "\"";
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
            ++p, ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
    std::string nearest;
    std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t mistakes = edit_distance(same_dashes(word), same_dashes(candidate));
        if (mistakes >= fewest) continue;
        fewest = mistakes;
        nearest = candidate;
    }
    return nearest;
}

std::string counted(std::size_t count, std::string_view noun, std::string_view plural) {
    std::string text = std::to_string(count) + " ";
    if (count == 1) return text.append(noun);
    return plural.empty() ? text.append(noun).append("s") : text.append(plural);
}
