#include "verdict/globs.h"

#include <algorithm>
#include <utility>

namespace {

using Kind = GlobToken::Kind;
using Tokens = std::vector<GlobToken>;
using States = std::vector<char>;  ///< per position in the tokens: whether it can be reached

constexpr std::size_t most_alternatives = 256;

/// Reads the stars at `at`, which begin a segment if `at_start`; moves `at` behind them.
GlobToken read_stars(std::string_view pattern, std::size_t& at, bool at_start, Kind within_segment) {
    if (pattern.substr(at, 2) != "**") {
        ++at;
        return {Kind::run, 0, {}};
    }
    at += 2;
    if (at_start && at == pattern.size()) return {Kind::anything, 0, {}};
    if (at_start && pattern[at] == '/') {
        ++at;
        return {Kind::folders, 0, {}};
    }
    return {within_segment, 0, {}};
}

/// The bytes of "a-z0" as a list, or nothing if it is no set.
std::optional<std::string> read_set(std::string_view set) {
    std::string bytes;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (set[i] == '\\' && ++i == set.size()) return std::nullopt;
        const auto first = static_cast<unsigned char>(set[i]);
        auto last = first;
        if (i + 2 < set.size() && set[i + 1] == '-') {
            last = static_cast<unsigned char>(set[i + 2]);
            i += 2;
        }
        if (last < first) return std::nullopt;
        for (unsigned int byte = first; byte <= last; ++byte) bytes += static_cast<char>(byte);
    }
    return bytes.empty() ? std::nullopt : std::optional(bytes);
}

std::string all_but(const std::string& bytes) {
    std::string others;
    for (unsigned int byte = 1; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        if (c != '/' && bytes.find(c) == std::string::npos) others += c;
    }
    return others;
}

/// Reads "[…]" at `at`, which is behind the bracket; moves `at` behind it.
std::optional<GlobToken> read_choice(std::string_view pattern, std::size_t& at) {
    const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (negated) ++at;
    std::size_t end = at;
    while (end < pattern.size() && (pattern[end] != ']' || end == at)) end += pattern[end] == '\\' ? 2 : 1;
    if (end >= pattern.size()) return std::nullopt;
    const std::optional<std::string> bytes = read_set(pattern.substr(at, end - at));
    if (!bytes) return std::nullopt;
    at = end + 1;
    return GlobToken{Kind::choice, 0, negated ? all_but(*bytes) : *bytes};
}

std::optional<Tokens> read_doublestar(std::string_view pattern) {
    Tokens tokens;
    std::size_t at = 0;
    while (at < pattern.size()) {
        const char c = pattern[at];
        if (c == '*') {
            const bool at_start = at == 0 || pattern[at - 1] == '/';
            tokens.push_back(read_stars(pattern, at, at_start, Kind::run));
        } else if (c == '[') {
            std::optional<GlobToken> choice = read_choice(pattern, ++at);
            if (!choice) return std::nullopt;
            tokens.push_back(std::move(*choice));
        } else if (c == '\\') {
            if (at + 1 == pattern.size()) return std::nullopt;
            tokens.push_back({Kind::character, pattern[at + 1], {}});
            at += 2;
        } else {
            tokens.push_back({c == '?' ? Kind::one : Kind::character, c, {}});
            ++at;
        }
    }
    return tokens;
}

/// Where the first {…} begins and ends, and its commas; `first` is npos if there is none; nothing if it is not closed.
struct Braces {
    std::size_t first = std::string_view::npos;
    std::vector<std::size_t> cuts;  ///< the commas and the closing brace
};

std::optional<Braces> find_braces(std::string_view pattern) {
    Braces braces;
    int depth = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '{') {
            if (depth++ == 0) braces.first = i;
        } else if (pattern[i] == ',' && depth == 1) {
            braces.cuts.push_back(i);
        } else if (pattern[i] == '}' && depth > 0 && --depth == 0) {
            braces.cuts.push_back(i);
            return braces;
        }
    }
    return depth == 0 ? std::optional(braces) : std::nullopt;
}

/// Writes out {a,b}: "x{a,b}y" -> "xay", "xby". False if braces are not closed, or there are too many alternatives.
bool expand_braces(const std::string& pattern, std::vector<std::string>& expanded) {
    const std::optional<Braces> braces = find_braces(pattern);
    if (!braces) return false;
    if (braces->first == std::string::npos) {
        expanded.push_back(pattern);
        return expanded.size() <= most_alternatives;
    }
    std::size_t start = braces->first + 1;
    for (const std::size_t cut : braces->cuts) {
        const std::string one = pattern.substr(start, cut - start);
        if (!expand_braces(pattern.substr(0, braces->first) + one + pattern.substr(braces->cuts.back() + 1),
                           expanded)) {
            return false;
        }
        start = cut + 1;
    }
    return true;
}

/// Marks position `at` as reached, and what can be reached from it without a byte.
void reach(const Tokens& tokens, std::size_t at, States& states) {
    while (true) {
        states[at] = 1;
        if (at == tokens.size()) return;
        const Kind kind = tokens[at].kind;
        if (kind != Kind::run && kind != Kind::anything && kind != Kind::folders) return;
        ++at;
    }
}

/// Where one byte leads from position `at`.
void step(const Tokens& tokens, std::size_t at, char byte, States& next) {
    const GlobToken& token = tokens[at];
    switch (token.kind) {
        case Kind::character:
            if (byte == token.character) reach(tokens, at + 1, next);
            return;
        case Kind::one:
            if (byte != '/') reach(tokens, at + 1, next);
            return;
        case Kind::choice:
            if (token.choices.find(byte) != std::string::npos) reach(tokens, at + 1, next);
            return;
        case Kind::run:
            if (byte != '/') reach(tokens, at, next);
            return;
        case Kind::anything:
            reach(tokens, at, next);
            return;
        case Kind::folders:
            next[at] = 1;  // within a folder's name: only its slash leads on
            if (byte == '/') reach(tokens, at + 1, next);
            return;
    }
}

bool matches_one(const Tokens& tokens, std::string_view path) {
    States states(tokens.size() + 1, 0);
    States next(states);
    reach(tokens, 0, states);
    for (const char byte : path) {
        std::fill(next.begin(), next.end(), 0);
        for (std::size_t at = 0; at < tokens.size(); ++at) {
            if (states[at] != 0) step(tokens, at, byte, next);
        }
        if (std::find(next.begin(), next.end(), 1) == next.end()) return false;
        states.swap(next);
    }
    return states[tokens.size()] != 0;
}

}  // namespace

Glob parse_policy_glob(std::string_view pattern) {
    Tokens tokens;
    std::size_t at = 0;
    while (at < pattern.size()) {
        if (pattern[at] == '*') {
            const bool at_start = at == 0 || pattern[at - 1] == '/';
            tokens.push_back(read_stars(pattern, at, at_start, Kind::anything));
        } else {
            tokens.push_back({pattern[at] == '?' ? Kind::one : Kind::character, pattern[at], {}});
            ++at;
        }
    }
    return Glob{{tokens}};
}

std::optional<Glob> parse_doublestar(std::string_view pattern) {
    std::vector<std::string> expanded;
    if (!expand_braces(std::string(pattern), expanded)) return std::nullopt;
    Glob glob;
    for (const std::string& alternative : expanded) {
        std::optional<Tokens> tokens = read_doublestar(alternative);
        if (!tokens) return std::nullopt;
        glob.alternatives.push_back(std::move(*tokens));
    }
    return glob;
}

bool matches(const Glob& glob, std::string_view path) {
    for (const Tokens& tokens : glob.alternatives) {
        if (matches_one(tokens, path)) return true;
    }
    return false;
}
