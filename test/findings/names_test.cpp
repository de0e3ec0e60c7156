#include <catch2/catch_test_macros.hpp>
#include <string>

#include "findings/names.h"
#include "policy/policy.h"
#include "verdict/make.h"

TEST_CASE("severities are case-insensitive and ordered") {
    CHECK(parse_severity("CRITICAL") == Severity::critical);
    CHECK(parse_severity("Negligible") == Severity::negligible);
    CHECK_FALSE(parse_severity("moderate"));
    CHECK(Severity::unknown < Severity::negligible);
    CHECK(Severity::negligible < Severity::low);
    for (const Severity severity : {Severity::unknown, Severity::negligible, Severity::low, Severity::medium,
                                    Severity::high, Severity::critical}) {
        CHECK(parse_severity(render_severity(severity)) == severity);
    }
}

TEST_CASE("a vulnerability is identified by its CVE, then GHSA, then PYSEC, then any other id") {
    const auto id_of = [](const std::vector<std::string>& ids) {
        Finding finding;
        name_finding(finding, "", ids);
        return finding.id;
    };
    CHECK(id_of({"PYSEC-2024-1", "GHSA-x", "CVE-2024-2", "CVE-2024-1"}) == "CVE-2024-1");
    CHECK(id_of({"PYSEC-2024-1", "GHSA-x"}) == "GHSA-x");
    CHECK(id_of({"DSA-1", "PYSEC-2024-1"}) == "PYSEC-2024-1");
    CHECK(id_of({"TEMP-2", "TEMP-1"}) == "TEMP-1");
    CHECK(id_of({"", ""}).empty());
}

TEST_CASE("Python package names are compared by PEP 503") {
    CHECK(pep503_name("Zope.Interface") == "zope-interface");
    CHECK(pep503_name("a__b.-c") == "a-b-c");
    CHECK(package_name("Foo_Bar", "python") == "foo-bar");
    CHECK(package_name("Foo_Bar", "deb") == "Foo_Bar");
}

TEST_CASE("only the version is removed from a path") {
    CHECK(unversioned("/s/Jinja2-3.1.2.dist-info/METADATA") == "/s/Jinja2.dist-info/METADATA");
    CHECK(unversioned("/s/zope.interface-5.0.dist-info/METADATA") == "/s/zope.interface.dist-info/METADATA");
    CHECK(unversioned("/s/six-1.16.0-py3.11.egg-info/PKG-INFO") == "/s/six.egg-info/PKG-INFO");
    CHECK(unversioned("/s/six-1.16.0.egg-info") == "/s/six.egg-info");
    CHECK(unversioned("/s/six.egg-info/PKG-INFO") == "/s/six.egg-info/PKG-INFO");
    CHECK(unversioned("/s/my-package.egg-info/PKG-INFO") == "/s/my-package.egg-info/PKG-INFO");
    CHECK(unversioned("/opt/app-1.2/bin/uv") == "/opt/app-1.2/bin/uv");
    CHECK(unversioned("/s/x-1.0.dist-information/y") == "/s/x-1.0.dist-information/y");
    CHECK(unversioned("").empty());
}

TEST_CASE("paths begin with one slash") {
    CHECK(rooted("usr/bin") == "/usr/bin");
    CHECK(rooted("//usr/bin") == "/usr/bin");
    CHECK(rooted("/") == "/");
    CHECK(rooted("").empty());
}

TEST_CASE("a title is one line of at most 200 bytes, truncated between words") {
    CHECK(short_title("  one\ntwo") == "one");
    const std::string words = std::string(150, 'a') + " " + std::string(100, 'b');
    CHECK(short_title(words) == std::string(150, 'a') + "…");
    std::string umlauts;
    for (int i = 0; i < 150; ++i) umlauts += "ä";
    CHECK(short_title("x" + umlauts) == "x" + umlauts.substr(0, 198) + "…");
}

TEST_CASE("globs: ** matches anything, * within a segment, ? one character, everything else itself") {
    CHECK(matches_glob("/usr/lib/**", "/usr/lib/node_modules/npm/package.json"));
    CHECK_FALSE(matches_glob("/usr/lib/**", "/usr/local/lib/x"));
    CHECK(matches_glob("**/npm/**", "/usr/lib/npm/x"));
    CHECK(matches_glob("/usr/**/npm", "/usr/npm"));
    CHECK_FALSE(matches_glob("/usr/**/npm", "/usr/xnpm"));
    CHECK(matches_glob("/usr/*/npm", "/usr/lib/npm"));
    CHECK_FALSE(matches_glob("/usr/*/npm", "/usr/lib/x/npm"));
    CHECK(matches_glob("/bin/?v", "/bin/uv"));
    CHECK_FALSE(matches_glob("/bin?uv", "/bin/uv"));
    CHECK(matches_glob("/bin/[", "/bin/["));
    CHECK(matches_glob("/a/x**", "/a/xy/z"));
    CHECK_FALSE(matches_glob("/usr/bin", "/usr/bin/uv"));
    CHECK_FALSE(matches_glob("", "/usr"));
}

TEST_CASE("matching a glob takes no exponential time") {
    std::string pattern;
    for (int i = 0; i < 40; ++i) pattern += "*a";
    CHECK_FALSE(matches_glob(pattern + "b", std::string(5000, 'a')));
}

TEST_CASE("a package URL is parsed by its specification") {
    const std::optional<PackageUrl> libc =
        parse_purl("pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12");
    REQUIRE(libc);
    CHECK(libc->type == "deb");
    CHECK(libc->name_space == "debian");
    CHECK(libc->name == "libc6");
    CHECK(libc->version == "2.36-9+deb12u1");
    CHECK(libc->is_narrowed);
    CHECK_FALSE(parse_purl("pkg:deb/debian/libc6@2.36-9")->is_narrowed);
    CHECK(parse_purl("pkg:pypi/Jinja2")->name == "jinja2");
    CHECK(parse_purl("pkg:npm/%40angular/core")->name_space == "@angular");
    CHECK(parse_purl("pkg:golang/a.b/c/d@v1#sub")->is_narrowed);
    CHECK(parse_purl("pkg:golang/a.b/c/d@v1#sub")->version == "v1");
    for (const char* invalid : {"deb/debian/libc6", "pkg:deb", "pkg:deb/", "pkg:/x", ""}) {
        INFO(invalid);
        CHECK_FALSE(parse_purl(invalid));
    }
}
