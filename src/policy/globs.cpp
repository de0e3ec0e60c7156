#include "policy/globs.h"

#include <algorithm>

namespace {

using Kind = GlobToken::Kind;
using Tokens = std::vector<GlobToken>;
using States = std::vector<char>;  ///< per position in the tokens: whether it can be reached

/// Reads the stars at `at`, which begin a segment if `at_start`; moves `at` behind them.
GlobToken read_stars(std::string_view pattern, std::size_t& at, bool at_start) {
    if (pattern.substr(at, 2) != "**") {
        ++at;
        return {Kind::run, 0};
    }
    at += 2;
    if (at_start && at == pattern.size()) return {Kind::anything, 0};
    if (at_start && pattern[at] == '/') {
        ++at;
        return {Kind::directories, 0};
    }
    return {Kind::anything, 0};
}

/// Marks position `at` as reached, and what can be reached from it without a byte.
void reach(const Tokens& tokens, std::size_t at, States& states) {
    while (true) {
        states[at] = 1;
        if (at == tokens.size()) return;
        const Kind kind = tokens[at].kind;
        if (kind != Kind::run && kind != Kind::anything && kind != Kind::directories) return;
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
        case Kind::run:
            if (byte != '/') reach(tokens, at, next);
            return;
        case Kind::anything:
            reach(tokens, at, next);
            return;
        case Kind::directories:
            next[at] = 1;  // within a directory's name: only its slash leads on
            if (byte == '/') reach(tokens, at + 1, next);
            return;
    }
}

}  // namespace

Glob parse_glob(std::string_view pattern) {
    Glob glob;
    std::size_t at = 0;
    while (at < pattern.size()) {
        if (pattern[at] == '*') {
            const bool at_start = at == 0 || pattern[at - 1] == '/';
            glob.tokens.push_back(read_stars(pattern, at, at_start));
        } else {
            glob.tokens.push_back({pattern[at] == '?' ? Kind::one : Kind::character, pattern[at]});
            ++at;
        }
    }
    return glob;
}

bool matches(const Glob& glob, std::string_view path) {
    const Tokens& tokens = glob.tokens;
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
