// One spelling for what the two scanners name differently. Internal header.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.h"

/// True for ids of one vulnerability each (CVE-, GHSA-, PYSEC-, …); false for advisories such as DSA-5514-1, which may
/// stand for several.
bool names_one_vulnerability(std::string_view id);
bool is_cve(std::string_view id);

/// Whether it has the form of a vulnerability's or an advisory's id, in any case of letters: "cve-2026-1234".
bool is_vulnerability_id(std::string_view id);

/// The spelling that the scanners use, if it is such an id: "cve-2026-1234" -> "CVE-2026-1234", "GHSA-A…" -> "GHSA-a…".
/// Anything else stays as it is, such as the rule of a secret.
std::string spelled_id(std::string_view id);

/// Gives the finding its canonical id, and sorts all other ids into aliases and advisories. That is `own` if it is a
/// CVE; else a CVE before a GHSA before a PYSEC before anything else, then the first by letter. Empty ids are omitted.
void name_finding(Finding& finding, const std::string& own, std::vector<std::string> ids);

/// The normalised name of a Python package (PEP 503): "Zope.Interface" -> "zope-interface".
std::string pep503_name(std::string_view name);

/// The package's name for our key: PEP 503 for Python, else as it is.
std::string package_name(std::string_view name, const std::string& package_type);

/// Our word for a package's type, from a scanner's: Trivy's "debian" and Grype's "deb" are "deb", "python-pkg" is
/// "python". Unknown words stay.
std::string package_type_of(std::string_view word);

/// True for packages that the distribution's package manager owns: their findings have no path.
bool is_system_package(std::string_view package_type);

/// With one leading slash: "usr/bin/x" -> "/usr/bin/x". Empty stays empty.
std::string rooted(std::string_view path);

/// A path that a new version of the package does not change: ".../Jinja2-3.1.2.dist-info/METADATA" ->
/// ".../Jinja2.dist-info/METADATA", also for *.egg-info.
std::string unversioned(std::string_view path);

/// The first line, cut after at most 200 characters, between words where possible.
std::string short_title(std::string_view text);

/// A package URL (package-url/purl-spec).
struct PackageUrl {
    std::string type;
    std::string name_space;
    std::string name;
    std::string version;
    bool is_narrowed = false;  ///< by qualifiers or a subpath
};

/// Nothing for any other text than "pkg:TYPE/[NAMESPACE/]NAME[@VERSION][?KEY=VALUE&…][#SUBPATH]".
std::optional<PackageUrl> parse_purl(std::string_view text);
