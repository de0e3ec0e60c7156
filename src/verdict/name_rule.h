// Grype's way of naming packages in ignore rules: a name, or a regular expression if it looks like one. Within the
// room.
#pragma once

#include <functional>
#include <optional>
#include <string>

/// Whether a package's name fits.
using NameRule = std::function<bool(const std::string& name)>;

/// A regular expression if the text has one of ^$*+?[](){}|\ in it (a dot alone is a dot); Grype puts it between ^ and
/// $ and searches for it, so "a|b" is "^a" or "b$". Nothing if it is none: then the rule fits no package, as in Grype.
std::optional<NameRule> parse_name_rule(const std::string& text);
