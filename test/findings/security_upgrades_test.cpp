#include "findings/security_upgrades.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"

namespace {

constexpr const char* file = "image/security-upgrades.txt";

std::string problems_of(const std::string& text) {
    return thrown_by([&] { parse_security_upgrades(text, file); }, Exit::bad_input);
}

/// Two layers of the base and one of ours.
UpgradedImage image_with(const std::vector<SystemPackage>& packages) {
    return {.layers = {.diff_ids = {"sha256:1", "sha256:2", "sha256:3"}, .created_by = {}, .base_layers = 2},
            .packages = packages};
}

std::string needed(const std::string& text, const std::vector<UpgradedImage>& images) {
    return render_problems(check_upgrades_needed(parse_security_upgrades(text, file), images));
}

}  // namespace

TEST_CASE("Packages to upgrade are listed one per line, with comments") {
    const auto upgrades = parse_security_upgrades("# why\n\nlibsqlite3-0 # CVE-2025-1\n  libstdc++6\r\n", file);
    CHECK(upgrades == SecurityUpgrades{{"libsqlite3-0", {file, 3}}, {"libstdc++6", {file, 4}}});
}

TEST_CASE("Lines that are not exactly one package name are rejected, and so are duplicates") {
    CHECK(problems_of("-o=Dir::Cache=/\nlibc6 libssl3\nLibc6\nlibc6=2.36\nperl-base\nperl-base\n") ==
          "image/security-upgrades.txt:1: \"-o=Dir::Cache=/\" is not the name of a Debian package\n"
          "  hint: write one name on each line, such as libsqlite3-0\n"
          "image/security-upgrades.txt:2: \"libc6 libssl3\" is not the name of a Debian package\n"
          "  hint: write one name on each line, such as libsqlite3-0\n"
          "image/security-upgrades.txt:3: \"Libc6\" is not the name of a Debian package\n"
          "  hint: write one name on each line, such as libsqlite3-0\n"
          "image/security-upgrades.txt:4: \"libc6=2.36\" is not the name of a Debian package\n"
          "  hint: write one name on each line, such as libsqlite3-0\n"
          "image/security-upgrades.txt:6: \"perl-base\" is already given on line 5\n"
          "  hint: keep one of them\n");
}

TEST_CASE("Packages of distroless cannot be upgraded in production") {
    const auto upgrades = parse_security_upgrades("libsqlite3-0\nlibssl3\nzlib1g\n", file);
    CHECK(render_problems(check_upgradable(upgrades, "cc-debian12")) ==
          "image/security-upgrades.txt:2: warning: libssl3 cannot be upgraded in production: it belongs to the base "
          "cc-debian12\n"
          "  hint: development gets it; production gets it with a newer cc-debian12\n");
    CHECK(check_upgradable(upgrades, "cc-debian13").size() == 1);
    CHECK(check_upgradable(upgrades, "").empty());
}

TEST_CASE("Trivy's list says which layer added which version of a Debian package") {
    const auto packages = parse_system_packages(
        R"({"Results":[{"Class":"os-pkgs","Packages":[{"Name":"libc6","Version":"2.36-9","Layer":{"DiffID":"sha256:1"}}]},
            {"Class":"lang-pkgs","Packages":[{"Name":"pip","Version":"24.0"}]}]})",
        "trivy.json");
    REQUIRE(packages.size() == 1);
    CHECK(packages[0].name == "libc6");
    CHECK(packages[0].version == "2.36-9");
    CHECK(packages[0].diff_id == "sha256:1");
}

TEST_CASE("An upgrade that changes no image is no longer needed") {
    const UpgradedImage upgraded = image_with({{"libc6", "2", "sha256:3"}});
    const UpgradedImage caught_up = image_with({{"libc6", "2", "sha256:2"}});
    CHECK(needed("libc6\n", {upgraded}).empty());
    CHECK(needed("libc6\n", {caught_up}) ==
          "image/security-upgrades.txt:1: warning: upgrading libc6 is no longer needed: the base has 2 itself\n"
          "  hint: remove the line\n");
    CHECK(needed("libc6\n", {caught_up, upgraded}).empty());
    CHECK(needed("libxml2\n", {caught_up}) ==
          "image/security-upgrades.txt:1: warning: no image has a package \"libxml2\"\n  hint: remove the line\n");
}

TEST_CASE("An upgrade is not reported if it is unknown whether it is needed") {
    UpgradedImage unknown_base = image_with({{"libc6", "2", "sha256:2"}});
    unknown_base.layers.base_layers = 0;
    CHECK(needed("libc6\n", {unknown_base}).empty());
    CHECK(needed("libc6\n", {image_with({})}).empty());
    CHECK(needed("libc6\n", {image_with({{"libc6", "2", ""}})}).empty());
    CHECK(needed("libc6\n", {}).empty());
}
