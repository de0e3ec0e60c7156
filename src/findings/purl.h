// Package URLs (package-url/purl-spec; facts: scanners.md §1).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

struct PackageUrl {
    std::string type;
    std::string name_space;
    std::string name;
    std::string version;
    std::map<std::string, std::string> qualifiers;
    std::string subpath;
};

/// Nothing if it is none: "pkg:TYPE/[NAMESPACE/]NAME[@VERSION][?KEY=VALUE&…][#SUBPATH]".
std::optional<PackageUrl> parse_purl(std::string_view text);
