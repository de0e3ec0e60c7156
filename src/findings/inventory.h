// What an image holds, by a scanner's own inventory of it, and what of that a change changes.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

struct Package {
    std::string type;     ///< as package URLs have it: "deb", "pypi", "cargo", "generic"; empty if it has no URL
    std::string name;     ///< "libssl3"; normalised for Python (PEP 503); with its group, if it is in one
    std::string version;  ///< Debian's with the epoch

    auto operator<=>(const Package&) const = default;
};

/// The packages that a CycloneDX SBOM lists: libraries, and applications that have a version (CycloneDX 1.6,
/// "component"). Throws Error{failed}, naming `source`, if it is none.
std::vector<Package> parse_inventory(std::string_view cyclonedx, const std::string& source);

/// One package that is not the same any more.
struct PackageChange {
    std::string type;
    std::string name;
    std::string before;  ///< its version, or all of them: "1.0, 2.0"; empty: there was none
    std::string now;     ///< empty: there is none any more
};

/// By type and name, sorted so; wherever they stand and however often they are listed.
std::vector<PackageChange> compare_packages(const std::vector<Package>& before, const std::vector<Package>& now);
