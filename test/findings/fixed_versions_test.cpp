#include "findings/fixed_versions.h"

#include <catch2/catch_test_macros.hpp>

#include "verdict/make.h"

TEST_CASE("versions are ordered by the rules of the package's type") {
    const std::vector<std::vector<std::string>> debian = {
        {"1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0-2", "1.0a-1", "1.0.1-1", "1.2-1", "1.10-1", "1:0.9-1"},
        {"2.36-9+deb12u9", "2.36-9+deb12u10"},
        {"1.1.0-ubuntu1", "1.1.1t"}};
    const std::vector<std::vector<std::string>> python = {
        {"1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.2", "1.10", "2.0"},
        {"3.13.9", "3.13.10", "3.15.0a6", "3.15.0"}};
    const std::vector<std::vector<std::string>> npm = {
        {"1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "v1.11.0"}};
    const auto check = [](const std::string& type, const std::vector<std::vector<std::string>>& lists) {
        for (const std::vector<std::string>& versions : lists) {
            for (std::size_t i = 0; i < versions.size(); ++i) {
                for (std::size_t j = 0; j < versions.size(); ++j) {
                    INFO(type << ": " << versions[i] << ", " << versions[j]);
                    const int order = compare_versions(type, versions[i], versions[j]);
                    CHECK((order < 0) == (i < j));
                    CHECK((order > 0) == (i > j));
                }
            }
        }
    };
    check("deb", debian);
    check("python", python);
    check("npm", npm);
    CHECK(compare_versions("python", "1.0", "1.0.0") == 0);
    CHECK(compare_versions("npm", "1.0.0+build.1", "1.0.0") == 0);
}

TEST_CASE("a pre-release differs from a release that looks like one") {
    for (const char* version : {"3.15.0a6", "2.0rc1", "1.0.dev3", "2.0.0b1"}) {
        INFO(version);
        CHECK(is_pre_release("python", version));
    }
    for (const char* version : {"1.0.0-alpha", "2.0.0-rc.1", "5.0.0-M3", "1.0-SNAPSHOT", "7.0.0-next.2"}) {
        INFO(version);
        CHECK(is_pre_release("java", version));
    }
    for (const char* version : {"3.13.9", "1.0.post1", "1.1.1t", "31.1-jre", "1.0.2k-fips", "2.0.0+rc1",
                                "v0.0.0-20190308221718-c2843e01d9a2"}) {
        INFO(version);
        CHECK_FALSE(is_pre_release("go", version));
        CHECK_FALSE(is_pre_release("deb", std::string(version) + "~rc1"));
    }
    CHECK_FALSE(is_pre_release("binary", "1.1.1a"));
}

TEST_CASE("only an installable version is a fix") {
    Finding finding = found_at(Scanner::grype, "CVE-1", "requests", Severity::high, "/s/METADATA");
    const auto fix_of = [&](const std::string& version, const std::vector<std::string>& fixed_in) {
        finding.version = version;
        finding.fixed_in = fixed_in;
        finding.fix = FixState::fixed;
        check_fix(finding);
        return finding.fix;
    };
    CHECK(fix_of("1.0", {"1.1"}) == FixState::fixed);
    CHECK(fix_of("1.0", {"2.0rc1"}) == FixState::not_installable);
    CHECK(fix_of("1.0", {"2.0rc1", "1.1"}) == FixState::fixed);
    CHECK(next_fix(finding) == "1.1");
    CHECK(fix_of("2.0rc1", {"2.0rc2"}) == FixState::fixed);
    CHECK(fix_of("1.0", {}) == FixState::fixed);
    CHECK(fix_of("2.0", {"1.9"}) == FixState::fixed);
    CHECK(next_fix(finding).empty());
    finding.package = "python";
    finding.package_type = "binary";
    CHECK(fix_of("3.12.6", {"3.13.13"}) == FixState::not_installable);
    CHECK(render_unusable_fix(finding) == "3.13.13, not in 3.12");
    CHECK(fix_of("3.12.6", {"3.13.13", "3.12.9", "3.12.8"}) == FixState::fixed);
    CHECK(next_fix(finding) == "3.12.8");
}
