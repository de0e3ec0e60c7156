// The policy's globs, over whole paths: ** any, * within a segment, ? one character; nothing else is special. Internal
// header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// One part of a glob.
struct GlobToken {
    enum class Kind {
        character,    ///< this one
        one,          ///< ?: any one byte but '/'
        run,          ///< *: any bytes but '/', also none
        anything,     ///< **: any bytes
        directories,  ///< **/ at the start of a segment: any directories, also none
    };
    Kind kind = Kind::character;
    char character = 0;
};

struct Glob {
    std::vector<GlobToken> tokens;
};

/// Every text is one.
Glob parse_glob(std::string_view pattern);

/// True if the glob matches the whole path. Takes time in proportion to the lengths of both, whatever the pattern.
bool matches(const Glob& glob, std::string_view path);
