#include "verdict/migration.h"

#include <catch2/catch_test_macros.hpp>

#include "verdict/make.h"

namespace {

struct Moved {
    PolicyFiles files;
    std::string said;
};

Moved moved(const PolicyFiles& files) {
    Problems said;
    const PolicyFiles result = migrate_waivers(files, "vulnerability-policy.yml", today, said);
    return {result, render_problems(said)};
}

constexpr const char* entry_of_cve_1 = R"(  - id: "CVE-1"
    reason: "not called"
    owner: your name or team
    review_by: 2026-12-31
)";

}  // namespace

TEST_CASE("entries of .trivyignore move to a policy that is made for them, and the file goes") {
    const Moved result = moved({.trivyignore = "# of 2025\nCVE-1 exp:2027-01-01 # not called\n\n"});
    CHECK(result.files.policy == std::string("exceptions:\n") + entry_of_cve_1);
    CHECK(result.files.trivyignore.empty());
    CHECK(result.said.empty());
}

TEST_CASE("what a policy says already stays as it was written, with its comments and its indentation") {
    const std::string policy = R"(# ours
gate: {severity: high}
exceptions:
- id: CVE-9   # the worst
  reason: r
  owner: me
  review_by: 2026-12-01

# below are the scopes
scopes: [{id: s, paths: ["/x/**"], reason: r, review_by: 2026-12-01}]
)";
    const Moved result = moved({.policy = policy, .trivyignore = "CVE-1 exp:2027-01-01 # not called\n"});
    const std::string added = R"(- id: "CVE-1"
  reason: "not called"
  owner: your name or team
  review_by: 2026-12-31
)";
    std::string expected = policy;
    expected.insert(expected.find("\n# below"), added);
    CHECK(result.files.policy == expected);
    CHECK(policy_of(result.files.policy).waivers.size() == 2);
}

TEST_CASE("exceptions that are empty, or not there yet, are begun") {
    for (const char* policy : {"gate: {severity: high}\n", "gate: {severity: high}\nexceptions:\n",
                               "exceptions: []\ngate: {severity: high}\n", "# nothing yet\n"}) {
        const Moved result = moved({.policy = policy, .trivyignore = "CVE-1 exp:2027-01-01 # not called\n"});
        INFO(result.files.policy);
        CHECK(policy_of(result.files.policy).waivers.size() == 1);
        CHECK(policy_of(result.files.policy).gate.severity == policy_of(policy).gate.severity);
    }
}

TEST_CASE("exceptions in brackets are left alone, and that is said") {
    const PolicyFiles files{.policy = "exceptions: [{id: CVE-9, reason: r, owner: me, review_by: 2026-12-01}]\n",
                            .trivyignore = "CVE-1\n"};
    const Moved result = moved(files);
    CHECK(result.files == files);
    CHECK(result.said.find("cannot be added to the exceptions as they are written here") != std::string::npos);
}

TEST_CASE("a file of YAML moves as a whole or not at all") {
    const std::string movable = "vulnerabilities:\n  - {id: CVE-1, statement: not called, expired_at: 2027-01-01}\n";
    CHECK(moved({.trivyignore_yaml = movable}).files.trivyignore_yaml.empty());
    CHECK(policy_of(moved({.trivyignore_yaml = movable}).files.policy).waivers.front().id == "CVE-1");

    const std::string with_purl = movable + "  - {id: CVE-2, purls: ['pkg:pypi/x']}\n";
    const Moved purl = moved({.trivyignore_yaml = with_purl});
    CHECK(purl.files == PolicyFiles{.trivyignore_yaml = with_purl});
    CHECK(
        purl.said ==
        ".trivyignore.yaml:3: warning: this entry cannot be moved: the policy has no words for it\n  hint: write what "
        "it is meant for as an exception of the policy, by hand\n");
    const std::string with_licenses = movable + "licenses: [{id: GPL-3.0}]\n";
    CHECK(moved({.trivyignore_yaml = with_licenses}).files == PolicyFiles{.trivyignore_yaml = with_licenses});
}

TEST_CASE("the rest of .grype.yaml stays, without its rules") {
    const std::string rules = R"(ignore:
  - vulnerability: CVE-1
    reason: not called
)";
    CHECK(moved({.grype_yaml = rules}).files.grype_yaml.empty());
    const Moved result =
        moved({.grype_yaml = "# how Grype looks\nquiet: true\n" + rules + "\n# and how not\nlog: {level: warn}\n"});
    CHECK(result.files.grype_yaml == "# how Grype looks\nquiet: true\n\n# and how not\nlog: {level: warn}\n");
    CHECK(policy_of(result.files.policy).waivers.size() == 1);
}

TEST_CASE("where there is nothing to move nothing changes") {
    const PolicyFiles files{.policy = "gate: {}\n", .trivyignore = "# none\n", .grype_yaml = "quiet: true\n"};
    CHECK(moved(files).files == files);
    CHECK(moved(files).said.empty());
}
