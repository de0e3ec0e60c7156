#include "findings/inventory.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"

namespace {

std::string sbom_of(const std::string& components) {
    return R"({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [)" + components + "]}";
}

/// The rendered changes, such as "deb libssl3: 3.0.15 -> 3.0.16".
std::string changes_of(const std::vector<Package>& before, const std::vector<Package>& now) {
    std::string text;
    for (const PackageChange& change : compare_packages(before, now))
        text += change.type + " " + change.name + ": " + change.before + " -> " + change.now + "\n";
    return text;
}

Package only(const std::string& component) {
    const std::vector<Package> packages = parse_inventory(sbom_of(component), "sbom");
    REQUIRE(packages.size() == 1);
    return packages.front();
}

}  // namespace

TEST_CASE("packages are libraries and applications with a version, not files, operating systems or lock files") {
    const std::vector<Package> packages =
        parse_inventory(sbom_of(R"({"type": "operating-system", "name": "debian", "version": "12.11"},
                   {"type": "library", "name": "libc6", "version": "2.36-9", "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64"},
                   {"type": "application", "name": "python", "version": "3.13.3", "purl": "pkg:generic/python@3.13.3"},
                   {"type": "application", "name": "usr/local/bin/uv"}, {"type": "file", "name": "/usr/bin/tini"})"),
                        "sbom");
    CHECK(packages == std::vector<Package>{{"deb", "libc6", "2.36-9"}, {"generic", "python", "3.13.3"}});
    CHECK(parse_inventory(R"({"bomFormat": "CycloneDX"})", "sbom").empty());
}

TEST_CASE("an invalid CycloneDX SBOM is rejected") {
    for (const char* text : {"", "[]", "{}", R"({"spdxVersion": "SPDX-2.3"})"}) {
        INFO(text);
        CHECK_THROWS_AS(parse_inventory(text, "sbom"), Error);
    }
}

TEST_CASE("both scanners' spellings of a package have the same name") {
    CHECK(only(R"({"type": "library", "name": "Jinja2", "version": "3.1.2", "purl": "pkg:pypi/jinja2@3.1.2"})") ==
          only(R"({"type": "library", "name": "jinja2", "version": "3.1.2", "purl": "pkg:pypi/jinja2@3.1.2"})"));
    CHECK(
        only(
            R"({"type": "library", "group": "debian", "name": "tar", "version": "1:1.34", "purl": "pkg:deb/debian/tar@1.34?epoch=1"})") ==
        only(R"({"type": "library", "name": "tar", "version": "1:1.34", "purl": "pkg:deb/debian/tar@1%3A1.34"})"));
    CHECK(
        only(
            R"({"type": "library", "group": "@babel", "name": "core", "version": "7", "purl": "pkg:npm/%40babel/core@7"})")
            .name == "@babel/core");
}

TEST_CASE("another version, a new package and one that is gone are listed, and nothing else") {
    CHECK(changes_of({{"deb", "libc6", "2.36"}, {"deb", "libssl3", "3.0.15"}, {"deb", "tar", "1.34"}},
                     {{"deb", "zlib1g", "1.2"}, {"deb", "libssl3", "3.0.16"}, {"deb", "libc6", "2.36"}}) ==
          "deb libssl3: 3.0.15 -> 3.0.16\ndeb tar: 1.34 -> \ndeb zlib1g:  -> 1.2\n");
    CHECK(changes_of({}, {}).empty());
}

TEST_CASE("a package of another type is another package") {
    CHECK(changes_of({{"deb", "requests", "1"}}, {{"pypi", "requests", "1"}}) ==
          "deb requests: 1 -> \npypi requests:  -> 1\n");
}

TEST_CASE("order and repetition are not changes, and several versions of a package are one line") {
    const Package one{"pypi", "pip", "24.0"};
    const Package two{"pypi", "pip", "25.0"};
    CHECK(changes_of({one, two}, {two, one, one}).empty());
    CHECK(changes_of({one}, {one, two}) == "pypi pip: 24.0 -> 24.0, 25.0\n");
}

TEST_CASE("a package without a version is compared like any other") {
    CHECK(changes_of({{"", "thing", ""}}, {}) == " thing: no version -> \n");
}
