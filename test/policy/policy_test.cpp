#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <random>

#include "base/text.h"
#include "expect.h"
#include "policy/migration.h"
#include "verdict/make.h"

namespace {

std::string complaint_of_policy(const std::string& yaml) {
    return thrown_by([&] { policy_of(yaml); }, Exit::bad_input);
}

}  // namespace

TEST_CASE("a policy with all possible keys is parsed") {
    Problems warnings;
    const Policy policy = parse_policy(R"(# who may ship
gate:
  severity: high
  only_fixed: false
  publish: no-worse
  pull_requests: new-only
scopes:
  - id: bundled
    paths: ["/opt/tool/**"]
    packages: [pip]
    targets: [development]
    gate_from: critical
    reason: not reachable in production
    review_by: 2026-12-31
exceptions:
  - id: CVE-2026-0001
    aliases: [GHSA-aaaa-bbbb-cccc]
    component: libssl3
    version: 3.0.11-1
    paths: ["/usr/lib/*"]
    targets: [production, development]
    reason: not called
    owner: "@defra/python"
    added: 2026-11-01
    review_by: 2026-12-01
    until: base-rebuilt
pauses:
  - scanner: grype
    reason: its database server is down
    owner: "@defra/python"
    until: 2026-11-30
)",
                                       "policy.yml", warnings);
    CHECK(warnings.empty());
    CHECK(policy.gate.severity == Severity::high);
    CHECK_FALSE(policy.gate.only_fixed);
    CHECK(policy.gate.publish_no_worse);
    CHECK(policy.gate.new_only);

    REQUIRE(policy.scopes.size() == 1);
    CHECK(policy.scopes[0].id == "bundled");
    CHECK(policy.scopes[0].paths == std::vector<std::string>{"/opt/tool/**"});
    CHECK(policy.scopes[0].packages == std::vector<std::string>{"pip"});
    CHECK(policy.scopes[0].targets == std::vector<std::string>{"development"});
    CHECK(policy.scopes[0].review_by == parse_date("2026-12-31"));
    CHECK(policy.scopes[0].at == Place{"policy.yml", 8});

    REQUIRE(policy.waivers.size() == 1);
    const Waiver& waiver = policy.waivers[0];
    CHECK(waiver.id == "CVE-2026-0001");
    CHECK(waiver.aliases == std::vector<std::string>{"GHSA-aaaa-bbbb-cccc"});
    CHECK(waiver.package == "libssl3");
    CHECK(waiver.package_version == "3.0.11-1");
    CHECK(waiver.paths == std::vector<std::string>{"/usr/lib/*"});
    CHECK(waiver.targets.size() == 2);
    CHECK(waiver.owner == "@defra/python");
    CHECK(waiver.added == parse_date("2026-11-01"));
    CHECK(waiver.review_by == parse_date("2026-12-01"));
    CHECK(waiver.until_base_rebuilt);
    CHECK(waiver.at == Place{"policy.yml", 16});

    REQUIRE(policy.pauses.size() == 1);
    CHECK(policy.pauses[0].scanner == Scanner::grype);
    CHECK(policy.pauses[0].until == parse_date("2026-11-30"));
}

TEST_CASE("the defaults of a policy are: medium and above, with a fix, strict") {
    const Policy policy = policy_of("gate: {}\n");
    CHECK(policy.gate.severity == Severity::medium);
    CHECK(policy.gate.only_fixed);
    CHECK_FALSE(policy.gate.publish_no_worse);
    CHECK_FALSE(policy.gate.new_only);
}

TEST_CASE("an empty policy means the defaults and is reported") {
    Problems warnings;
    CHECK(parse_policy("# nothing yet\n", "policy.yml", warnings).waivers.empty());
    CHECK(render_problems(warnings) ==
          "policy.yml: warning: is empty: the default gate holds, and nothing is accepted\n");
}

TEST_CASE("every mistake of a policy is reported at once, with its line and what to do") {
    CHECK(complaint_of_policy(R"(gates:
  severity: high
gate:
  severity: moderate
  only_fixed: yes
scopes:
  - id: all
    reason: none
    gate_from: critical
exceptions:
  - id: CVE-1
    reviewby: 2026-12-31
    review_by: 2026-02-30
    targets: [prod]
    owner: me
  - id: CVE-2
    reason: x
    owner: me
    added: 2026-12-01
    review_by: 2026-11-01
  - reason: y
    owner: me
    version: "1"
    until: base-rebuilt
pauses:
  - scanner: snyk
    reason: z
    owner: me
)") ==
          R"(vulnerability-policy.yml:1: "gates" is not a key of the policy
  hint: did you mean "gate"?
vulnerability-policy.yml:4: "severity": "moderate" is not a severity
  hint: write one of: negligible, low, medium, high, critical
vulnerability-policy.yml:5: "only_fixed": "yes" is not possible
  hint: write one of: true, false
vulnerability-policy.yml:7: the scope "all" names no place, so it would loosen everything
  hint: add paths, packages or targets
vulnerability-policy.yml:11: "reason" is missing
  hint: say why this risk is acceptable
vulnerability-policy.yml:12: "reviewby" is not a key of an exception
  hint: did you mean "review_by"?
vulnerability-policy.yml:13: "review_by": "2026-02-30" is not a day
  hint: write it as 2026-12-31
vulnerability-policy.yml:14: "targets": "prod" is not a target
  hint: there are: development, production
vulnerability-policy.yml:20: the exception for CVE-2 ends before it was added
  hint: check the year of review_by and of added
vulnerability-policy.yml:21: "id" is missing
  hint: name the vulnerability: CVE-…, GHSA-…, or a secret's rule
vulnerability-policy.yml:23: this entry names a version of no component
  hint: add "component", or remove "version"
vulnerability-policy.yml:24: it is not known which rebuild ends this entry
  hint: add the day from which on a rebuilt base ends it: "added: 2026-12-31"
vulnerability-policy.yml:26: "scanner": "snyk" is not possible
  hint: write one of: trivy, grype
vulnerability-policy.yml:26: "until" is missing
  hint: a scanner may only be off until a day: "until: 2026-12-31"
)");
}

TEST_CASE("an entry with blank values is an error, not an entry for everything") {
    CHECK(complaint_of_policy(R"(exceptions:
  - {id: CVE-1, reason: r, owner: me, component: , paths: []}
  - {id: CVE-2, reason: r, owner: me, targets: [], component: a, version: }
scopes:
  - {id: s, targets: [production], packages: , reason: r}
)") == R"(vulnerability-policy.yml:2: "component" is empty, which would cover everything
  hint: fill it in, or remove the line
vulnerability-policy.yml:2: "paths" is empty, which would cover everything
  hint: fill it in, or remove the line
vulnerability-policy.yml:3: "version" is empty, which would cover everything
  hint: fill it in, or remove the line
vulnerability-policy.yml:3: "targets" is empty, which would cover everything
  hint: fill it in, or remove the line
vulnerability-policy.yml:5: "packages" is empty, which would cover everything
  hint: fill it in, or remove the line
)");
}

TEST_CASE("invalid YAML or a wrong structure is rejected with its line") {
    CHECK(
        complaint_of_policy("gate: {severity: high\nscopes: []\n").find("vulnerability-policy.yml:2: is not YAML: ") ==
        0);
    CHECK(complaint_of_policy("- a\n- b\n") ==
          "vulnerability-policy.yml:1: the policy is not a map\n"
          "  hint: write it as KEY: VALUE lines; known are: gate, scopes, exceptions, pauses\n");
    CHECK(complaint_of_policy("gate:\n  severity: low\ngate:\n  severity: high\n") ==
          "vulnerability-policy.yml:3: \"gate\" is given twice in the policy\n  hint: keep one of the two\n");
    CHECK(complaint_of_policy("exceptions:\n  CVE-1: because\n") ==
          "vulnerability-policy.yml:2: \"exceptions\" is not a list\n  hint: begin each of its entries with a dash\n");
    CHECK(complaint_of_policy("gate: {}\n---\ngate: {}\n") ==
          "vulnerability-policy.yml:3: a second document begins\n  hint: remove the ---\n");
    CHECK(complaint_of_policy(std::string("gate: {}\n\0", 10)) ==
          "vulnerability-policy.yml:2: a NUL character\n  hint: remove it\n");
    CHECK(complaint_of_policy(std::string(2U << 20U, '#')) ==
          "vulnerability-policy.yml: is larger than 1 MiB\n  hint: nothing that a person writes is\n");
    CHECK(complaint_of_policy(std::string(5000, '[')) != "no error");
}

TEST_CASE("unusual but readable values in a policy are warnings") {
    Problems warnings;
    parse_policy(R"(scopes:
  - {id: weak, paths: ["/x"], gate_from: low, reason: r, review_by: 2027-01-01}
exceptions:
  - {id: CVE-1, reason: r, owner: your name or team, review_by: 2027-01-01}
)",
                 "policy.yml", warnings);
    CHECK(
        render_problems(warnings) ==
        R"(policy.yml:2: warning: the scope "weak" changes nothing: gate_from low is not above the gate's severity medium
  hint: raise gate_from, or remove the scope
policy.yml:4: warning: the exception for CVE-1 has no owner yet
  hint: write who has accepted this risk
)");
}

TEST_CASE("a damaged policy or ignore file is parsed or rejected without a crash") {
    std::mt19937 random(GENERATE(range(0U, 100U)));
    std::string text = R"(gate: {severity: high}
scopes: &list
  - {id: a, paths: ["/x/**"], reason: r}
exceptions: *list
ignore:
  - package: {name: "a.*", location: "/{a,b}/[c]"}
vulnerabilities:
  - {id: CVE-1, purls: ["pkg:deb/x@1"], paths: ["{a}"], expired_at: 2026-01-01}
)";
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = "0{}[],\":&*\n!?-"[random() % 15];
    CHECK_NOTHROW(thrown_by([&] { policy_of(text); }, Exit::bad_input));
    for (const std::string& name : ignore_file_names)
        CHECK_NOTHROW(thrown_by([&] { check_ignore_files({{name, text}}, "it"); }, Exit::bad_input));
    CHECK_NOTHROW(thrown_by(
        [&] {
            migrate_ignore_files("", "it", {{".trivyignore.yaml", text}}, today);
        },
        Exit::bad_input));
}

TEST_CASE("the policy in docs/policy.md is valid, and its tables list every key of an exception") {
    const std::string document = text_of_file(repository_dir() + "/docs/policy.md");
    const std::size_t begin = document.find("```yaml\n") + 8;
    Problems warnings;
    const Policy policy = parse_policy(document.substr(begin, document.find("```", begin) - begin), "docs", warnings);
    CHECK(render_problems(warnings).empty());
    CHECK(policy.gate == Gate{});  // the documented defaults
    CHECK(policy.waivers.size() == 1);
    CHECK(policy.scopes.size() == 1);
    CHECK(policy.pauses.size() == 1);
    const std::string unknown_key = complaint_of_policy("exceptions: [{xyz: 1}]");
    const std::size_t known = unknown_key.find("known are: ") + 11;
    for (const std::string& key : fields_of(unknown_key.substr(known, unknown_key.find('\n', known) - known), ',')) {
        INFO(key);
        CHECK(document.find("`" + key) != std::string::npos);
    }
    for (const char* name : {".trivyignore", ".trivyignore.yaml", ".grype.yaml"})
        CHECK(document.find(std::string("`") + name + "`") != std::string::npos);
}

TEST_CASE("an id is accepted in lower case, and rejected with foreign characters") {
    CHECK(policy_of("exceptions: [{id: cve-2026-1234, reason: r, owner: me}]").waivers[0].id == "CVE-2026-1234");
    CHECK(policy_of("exceptions: [{id: ghsa-AAAA-bbbb-cccc, reason: r, owner: me}]").waivers[0].id ==
          "GHSA-aaaa-bbbb-cccc");
    CHECK(policy_of("exceptions: [{id: aws-access-key-id, reason: r, owner: me}]").waivers[0].id ==
          "aws-access-key-id");
    CHECK(complaint_of_policy("exceptions: [{id: CVE\u20112026\u20111234, reason: r, owner: me}]\n")
              .find("is not an id of a vulnerability\n  hint: write it with plain hyphens") != std::string::npos);
    CHECK(complaint_of_policy("exceptions: [{id: X-1, aliases: [CVE\u20112026\u20111234], reason: r, owner: me}]\n")
              .find("is not an id of a vulnerability") != std::string::npos);
    CHECK(policy_of("exceptions: [{id: X-1, aliases: [cve-2026-1], reason: r, owner: me}]").waivers[0].aliases ==
          std::vector<std::string>{"CVE-2026-1"});
}

TEST_CASE("an exception may contain the line of a secret in its file") {
    const std::string begin = "exceptions: [{id: aws-access-key-id, reason: r, owner: me, ";
    CHECK(policy_of(begin + "paths: [/app/.env], line: 12}]").waivers[0].line == 12);
    CHECK(complaint_of_policy(begin + "line: 12}]").find("\"line\" is given without the file") != std::string::npos);
    for (const char* wrong : {"0", "-1", "x", "1.5", "123456789"}) {
        CHECK(complaint_of_policy(begin + "paths: [/app/.env], line: " + wrong + "}]").find("is not a line") !=
              std::string::npos);
    }
    CHECK(complaint_of_policy(begin + "paths: [/app/.env], line: }]").find("would cover everything") !=
          std::string::npos);
}
