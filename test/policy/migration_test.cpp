#include "policy/migration.h"

#include <catch2/catch_test_macros.hpp>

#include "verdict/make.h"

namespace {

constexpr const char* policy_name = "vulnerability-policy.yml";

Migration moved(const std::string& policy, const std::vector<IgnoreFile>& files) {
    return migrate_ignore_files(policy, policy_name, files, today);
}

/// The migration of one file, without a policy.
Migration moved(const std::string& name, const std::string& text) {
    return moved("", std::vector<IgnoreFile>{{name, text}});
}

constexpr const char* entry_of_cve_1 = R"(  - id: "CVE-1"
    reason: "not called"
    owner: your name or team
    review_by: 2026-12-31
)";

}  // namespace

TEST_CASE("entries of .trivyignore move to a new policy, and the file is removed") {
    const Migration result = moved(".trivyignore", "# of 2025\nCVE-1 exp:2027-01-01 # not called\n\n");
    CHECK(result.policy == std::string("exceptions:\n") + entry_of_cve_1);
    CHECK(result.files[0].text.empty());
    CHECK(result.problems.empty());
    CHECK(moved(".trivyignore", "# nothing any more\n").files[0].text.empty());
    CHECK(moved(".trivyignore", "\f\n \v# of 2025\nCVE-1\texp:2027-01-01\f# not called\n").policy == result.policy);
}

TEST_CASE("a comment behind an id in .trivyignore is read as by Trivy: an end in it counts") {
    const std::string reason = "not called exp:2027-01-01";
    CHECK(moved(".trivyignore", "CVE-1 # " + reason + "\n").policy ==
          replaced(std::string("exceptions:\n") + entry_of_cve_1, "not called", reason));
    const Migration result = moved(".trivyignore", "CVE-1#not called\n");
    CHECK(result.policy.empty());
    CHECK(result.files[0].text == "CVE-1#not called\n");
    CHECK(result.problems.size() == 1);
}

TEST_CASE("a reason can be of any characters") {
    const std::string reason = "\"é\" 🐍 \\ \u200B";
    const Migration result = moved(".trivyignore", "CVE-1 # " + reason + "\n");
    CHECK(result.problems.empty());
    REQUIRE(policy_of(result.policy).waivers.size() == 1);
    CHECK(policy_of(result.policy).waivers[0].reason == reason);
    CHECK(result.policy.find(R"(reason: "\"\u00E9\" \U0001F40D \\ \u200B")") != std::string::npos);
}

TEST_CASE("the existing text of a policy is unchanged, including comments and indentation") {
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
    const Migration result = moved(policy, {{".trivyignore", "CVE-1 exp:2027-01-01 # not called\nCVE-9\n"}});
    const std::string added = R"(- id: "CVE-1"
  reason: "not called"
  owner: your name or team
  review_by: 2026-12-31
)";
    std::string expected = policy;
    expected.insert(expected.find("\n# below"), added);
    CHECK(result.policy == expected);
    CHECK(result.files[0].text.empty());
    CHECK(policy_of(result.policy).waivers.size() == 2);
}

TEST_CASE("an empty or missing list of exceptions is filled") {
    for (const char* policy : {"gate: {severity: high}\n", "gate: {severity: high}\nexceptions:\n",
                               "exceptions: []\ngate: {severity: high}\n", "# nothing yet\n"}) {
        const Migration result = moved(policy, {{".trivyignore", "CVE-1 exp:2027-01-01 # not called\n"}});
        INFO(result.policy);
        CHECK(policy_of(result.policy).waivers.size() == 1);
        CHECK(policy_of(result.policy).gate.severity == policy_of(policy).gate.severity);
    }
}

TEST_CASE("exceptions in flow style are not changed and are an error") {
    const std::string policy = "exceptions: [{id: CVE-9, reason: r, owner: me, review_by: 2026-12-01}]\n";
    const std::vector<IgnoreFile> files = {{".trivyignore", "CVE-1\n"}};
    const Migration result = moved(policy, files);
    CHECK(result.policy == policy);
    CHECK(result.files == files);
    CHECK(render_problems(result.problems).find("cannot be added to the exceptions as they are written") !=
          std::string::npos);
}

TEST_CASE("rules of several files for one vulnerability become one exception that covers no more than each") {
    const Migration result =
        moved("", {{".trivyignore", "CVE-1 exp:2027-03-01 # not called\nCVE-2\n"},
                   {".trivyignore.yml", "vulnerabilities:\n  - {id: CVE-1, expired_at: 2027-01-01}\n"},
                   {".grype.yaml", R"(ignore:
  - vulnerability: CVE-1
    reason: only in tests
    package: {name: tar, version: "1.0", location: /usr/share/**}
  - {vulnerability: CVE-2, package: {name: tar}}
  - {vulnerability: CVE-2, package: {name: perl}}
)"}});
    const std::vector<Waiver> exceptions = policy_of(result.policy).waivers;
    REQUIRE(exceptions.size() == 3);
    CHECK(exceptions[0].id == "CVE-1");
    CHECK(exceptions[0].reason == "not called; only in tests");
    CHECK(exceptions[0].package == "tar");
    CHECK(exceptions[0].package_version == "1.0");
    CHECK(exceptions[0].paths == std::vector<std::string>{"/usr/share/**"});
    CHECK(exceptions[0].review_by == parse_date("2026-12-31"));
    CHECK(exceptions[1].package == "tar");
    CHECK(exceptions[2].package == "perl");
    for (const IgnoreFile& file : result.files) CHECK(file.text.empty());
}

TEST_CASE("a rule that the policy cannot express stays in its file and is reported by line with the reason") {
    const Migration result = moved("", {{".trivyignore",
                                         "CVE-1:exp:2027-01-02\nCVE-2\nCVE-3 exp:soon\n\xEF\xBB\xBF"
                                         "CVE-4\n"},
                                        {".trivyignore.yaml", R"(vulnerabilities:
  - id: CVE-5
    statement: not called
  - id: CVE-6
    purls: ["pkg:maven/org.x/y"]
  # of Debian
  - id: CVE-7
    purls: ["pkg:deb/debian/tar@1.34"]
misconfigurations:
  - id: AVD-1
secrets:
  - id: key
    paths: ["app/{a,b}"]
)"},
                                        {".grype.yml", R"(log: {level: warn}
exclude: ["/opt/**"]
ignore:
  - vulnerability: CVE-8
    package: {name: "linux-.*"}
  - vulnerability: CVE-9
    fix-state: wont-fix
  - package: {name: tar}
  - vulnerability: CVE-10
# how to print
output: json
)"},
                                        {".grype.toml", "[ignore]\n"}});
    const auto cannot = [](const std::string& place, const std::string& what) {
        return place + ": " + what + "\n  hint: write what it is meant for as an exception of the policy, by hand\n";
    };
    const std::string unread = "so trivy does not ignore it either";
    CHECK(
        render_problems(result.problems) ==
        cannot(".grype.toml:1",
               "this cannot be moved: TOML is not read here: write its ignore rules as exceptions, then remove them") +
            cannot(".grype.yml:2",
                   "this cannot be moved: \"exclude\" hides findings, which the policy does not: remove it") +
            cannot(".grype.yml:4", "CVE-8 cannot be moved: the policy has no patterns for names: linux-.*") +
            cannot(".grype.yml:6", "CVE-9 cannot be moved: the policy cannot say \"fix-state\"") +
            cannot(".grype.yml:8", "this cannot be moved: it names no vulnerability") +
            cannot(".trivyignore:1",
                   "CVE-1:exp:2027-01-02 cannot be moved: there has to be a blank before exp:, " + unread) +
            cannot(".trivyignore:3", "CVE-3 cannot be moved: \"soon\" is not a day; write it as exp:2026-12-31") +
            cannot(".trivyignore:4",
                   "\xEF\xBB\xBF"
                   "CVE-4 cannot be moved: there is an invisible or foreign character in the id, " +
                       unread) +
            cannot(".trivyignore.yaml:4", "CVE-6 cannot be moved: the policy cannot say \"purls\": pkg:maven/org.x/y") +
            cannot(".trivyignore.yaml:10",
                   "AVD-1 cannot be moved: misconfigurations are not judged here: remove the entry") +
            cannot(".trivyignore.yaml:12",
                   "key cannot be moved: a path of the policy has no brackets, braces or backslashes: app/{a,b}"));
    const std::vector<Waiver> exceptions = policy_of(result.policy).waivers;
    REQUIRE(exceptions.size() == 4);
    CHECK(exceptions[0].id == "CVE-2");
    CHECK(exceptions[1].id == "CVE-5");
    CHECK(exceptions[2].id == "CVE-7");
    CHECK(exceptions[2].package == "tar");
    CHECK(exceptions[2].package_version == "1.34");
    CHECK(exceptions[3].id == "CVE-10");
    CHECK(result.files[0].text ==
          "CVE-1:exp:2027-01-02\nCVE-3 exp:soon\n\xEF\xBB\xBF"
          "CVE-4\n");
    CHECK(result.files[1].text == R"(vulnerabilities:
  - id: CVE-6
    purls: ["pkg:maven/org.x/y"]
  # of Debian
misconfigurations:
  - id: AVD-1
secrets:
  - id: key
    paths: ["app/{a,b}"]
)");
    CHECK(result.files[2].text == R"(log: {level: warn}
exclude: ["/opt/**"]
ignore:
  - vulnerability: CVE-8
    package: {name: "linux-.*"}
  - vulnerability: CVE-9
    fix-state: wont-fix
  - package: {name: tar}
# how to print
output: json
)");
    const Migration again = moved(result.policy, result.files);
    CHECK(again.policy == result.policy);
    CHECK(again.files == result.files);
}

TEST_CASE("entries in flow style are moved together or not at all") {
    CHECK(moved(".grype.json", R"({"ignore": [
  {"vulnerability": "CVE-1"}, {"vulnerability": "CVE-2"}
]})")
              .files[0]
              .text.empty());
    const std::string mixed = "vulnerabilities: [{id: CVE-1}, {id: CVE-2, purls: ['pkg:maven/a/b']}]\n";
    const Migration result = moved(".trivyignore.yaml", mixed);
    CHECK(result.files[0].text == mixed);
    CHECK(result.policy.empty());
    CHECK(render_problems(result.problems)
              .find(".trivyignore.yaml:1: nothing was moved: its entries stand in "
                    "brackets, or share their lines") != std::string::npos);
}

TEST_CASE("the rest of .grype.yaml is kept, without its rules") {
    const std::string rules = R"(ignore:
  - vulnerability: CVE-1
    reason: not called
)";
    CHECK(moved(".grype.yaml", rules).files[0].text.empty());
    const Migration result =
        moved(".grype.yaml", "# how Grype looks\nquiet: true\n" + rules + "\n# and how not\nlog: {level: warn}\n");
    CHECK(result.files[0].text == "# how Grype looks\nquiet: true\nignore:\n\n# and how not\nlog: {level: warn}\n");
    CHECK(policy_of(result.policy).waivers.size() == 1);
}

TEST_CASE("each ignore file is an error on its first line, but not a Grype file that hides nothing") {
    const Problems problems = check_ignore_files({{".trivyignore", "CVE-1\nCVE-2:exp:2027-01-01\n"},
                                                  {".grype.yaml", "quiet: true\n"},
                                                  {".grype.yml", "only-fixed: true\n"},
                                                  {".trivyignore.yaml", "a: [\n"}},
                                                 policy_name);
    CHECK(has_errors(problems));
    const std::string text = render_problems(problems);
    for (const char* name : {".trivyignore", ".grype.yml", ".trivyignore.yaml"}) {
        INFO(text);
        CHECK(text.find(std::string(name) +
                        ":1: is no longer applied: risks are accepted in vulnerability-policy.yml only\n  hint: check "
                        "--fix moves it into vulnerability-policy.yml\n") != std::string::npos);
    }
    CHECK(text.find(".grype.yaml") == std::string::npos);
    CHECK(text.find(".trivyignore:2: CVE-2:exp:2027-01-01 cannot be moved: there has to be a blank before exp:") !=
          std::string::npos);
}

TEST_CASE("without rules to move nothing changes") {
    const std::vector<IgnoreFile> files = {{".grype.yaml", "quiet: true\n"}};
    const Migration result = moved("gate: {}\n", files);
    CHECK(result.policy == "gate: {}\n");
    CHECK(result.files == files);
    CHECK(result.problems.empty());
}
