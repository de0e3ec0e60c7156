// Versions of Python and of the parent images: dotted numbers, compared number by number.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

/// MAJOR.MINOR.PATCH, with nothing before or after.
struct Version {
    int major = 0;
    int minor = 0;
    int patch = 0;

    auto operator<=>(const Version&) const = default;
};

/// Three numbers without leading zeros, or nothing: "3.13.3" yes; "3.13", "3.13.03", "v3.13.3", "3.13.3-rc1" no.
std::optional<Version> parse_version(std::string_view text);

std::string render_version(const Version& version);  ///< "3.13.3"
std::string minor_version(const Version& version);   ///< "3.13"
