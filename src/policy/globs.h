// The policy's globs, over whole paths: ** any, * within a segment, ? one character; nothing else is special. Internal
// header.
#pragma once

#include <string_view>

/// True if the glob matches the whole path. Takes time in proportion to the lengths of both, whatever the pattern.
bool matches_glob(std::string_view glob, std::string_view path);
