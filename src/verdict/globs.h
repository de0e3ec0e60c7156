// Globs over whole paths. Within the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// One part of a glob.
struct GlobToken {
    enum class Kind {
        character,  ///< this one
        one,        ///< ?: any one byte but '/'
        run,        ///< *: any bytes but '/', also none
        anything,   ///< **: any bytes
        folders,    ///< **/ at the start of a segment: any folders, also none
        choice,     ///< [a-z]: one byte out of `choices`
    };
    Kind kind = Kind::character;
    char character = 0;
    std::string choices;
};

/// A glob that was read; it matches what one of its alternatives matches.
struct Glob {
    std::vector<std::vector<GlobToken>> alternatives;
};

/// The policy's globs: ** any, * within a segment, ? one character; nothing else is special. Every text is one.
Glob parse_policy_glob(std::string_view pattern);

/// The globs of .trivyignore.yaml and .grype.yaml, as the doublestar library reads them: in addition [a-z], [!a-z],
/// {a,b} and \, and ** within a segment is only *. Nothing if Trivy would refuse it.
std::optional<Glob> parse_doublestar(std::string_view pattern);

/// True if the glob matches the whole path. Takes time in proportion to the lengths of both, whatever the pattern.
bool matches(const Glob& glob, std::string_view path);
