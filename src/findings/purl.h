// Package URLs, as far as .trivyignore.yaml needs them (package-url/purl-spec; facts: scanners.md §1). Internal header.
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

/// Whether a rule's URL covers this package, as Trivy compares them: type, namespace and name are equal; version and
/// subpath only if the rule gives them; all of the rule's qualifiers are there.
bool covers(const PackageUrl& rule, const PackageUrl& package);
