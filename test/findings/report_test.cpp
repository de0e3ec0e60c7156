#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <filesystem>
#include <map>
#include <random>

#include "expect.h"
#include "places.h"
#include "verdict/make.h"

namespace {

std::string report_of(const std::string& path) {
    const std::string file = corpus_dir() + "/" + path;
    if (!std::filesystem::exists(file)) SKIP("the corpus is not here: " << file);
    return text_of_file(file);
}

std::string of_trivy(const std::string& name) {
    return report_of("aquasecurity+trivy/integration/testdata/" + name);
}
std::string of_grype(const std::string& name) {
    return report_of("anchore+grype/grype/presenter/" + name);
}
std::string of_dojo(const std::string& name) {
    return report_of("DefectDojo+django-DefectDojo/unittests/scans/" + name);
}

std::string complaint_of_trivy(const std::string& text) {
    return thrown_by([&] { parse_trivy_report(text, "trivy.json"); });
}

std::string complaint_of_grype(const std::string& text) {
    return thrown_by([&] { parse_grype_report(text, "grype.json"); });
}

/// The number of findings by severity, such as "critical 2, medium 4".
std::string severities(const std::vector<Finding>& findings) {
    std::map<Severity, int> counts;
    for (const Finding& finding : findings) ++counts[finding.severity];
    std::string text;
    for (auto it = counts.rbegin(); it != counts.rend(); ++it) {
        text += (text.empty() ? "" : ", ") + render_severity(it->first) + " " + std::to_string(it->second);
    }
    return text;
}

}  // namespace

TEST_CASE("a Trivy report has its image and findings") {
    const Report report = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    CHECK(report.scanner_version == "0.74.0");
    CHECK(report.config == the_config);
    CHECK_FALSE(report.manifest);
    CHECK(report.architecture == "amd64");
    CHECK(report.os_family == "debian");
    CHECK(report.os_version == "12.15");
    CHECK_FALSE(report.of_sbom);
    CHECK(report.packages == 6);
    CHECK(report.unpacked == 9'801'728);
    REQUIRE(report.findings.size() == 8);

    const Finding& ssl = with_id(report.findings, "CVE-2026-0001");
    CHECK(ssl.severity == Severity::critical);
    CHECK(ssl.package_type == "deb");
    CHECK(ssl.path.empty());
    CHECK(ssl.fix == FixState::fixed);
    CHECK(ssl.fixed_in == std::vector<std::string>{"3.0.18-1"});
    CHECK(ssl.layer == sha256("base").text());
    CHECK(ssl.cvss_score == 9.8);
    CHECK(ssl.cvss_vector == "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
    CHECK(ssl.title == "openssl: a <b>bold</b> overflow");
}

TEST_CASE("a Debian advisory is not an alias: it may cover several vulnerabilities") {
    const Report report = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    const Finding& ssl = with_id(report.findings, "CVE-2026-0001");
    CHECK(ssl.aliases.empty());
    CHECK(ssl.advisories == std::vector<std::string>{"DSA-6000-1"});
}

TEST_CASE("the fix state in a Trivy report: a version counts, then the status") {
    const Report report = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    CHECK(with_id(report.findings, "CVE-2026-0003").fix == FixState::wont_fix);
    CHECK(with_id(report.findings, "CVE-2026-0004").fix == FixState::none);
    CHECK(with_id(report.findings, "TEMP-0000001-ABCDEF").fix == FixState::unknown);
    CHECK(with_id(report.findings, "CVE-2026-0006").fixed_in == std::vector<std::string>{"2.0.6", "1.26.17"});
}

TEST_CASE("a fix that a distribution ships is no pre-release, whatever its version and the distribution's name") {
    for (const std::string type : {"debian", "sles", "opensuse-leap", "a later one"}) {
        INFO(type);
        const Report report = parse_trivy_report(
            R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {}, "Results": [
                {"Target": "x", "Class": "os-pkgs", "Type": ")" +
                type + R"(", "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "grub2",
                  "InstalledVersion": "2.06-150500.29.25.12", "FixedVersion": "2.12~rc1-150600.8.6"}]}]})",
            "it");
        REQUIRE(report.findings.size() == 1);
        CHECK(report.findings[0].fix == FixState::fixed);
    }
}

TEST_CASE("a missing title is replaced by the first line of the description; unknown severity is kept") {
    const Report report = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    CHECK(with_id(report.findings, "CVE-2026-0004").title == "Tar keeps the setuid bit.");
    CHECK(with_id(report.findings, "TEMP-0000001-ABCDEF").severity == Severity::unknown);
}

TEST_CASE("a Python package has a path without its version; the crate of a program has the program's path") {
    const Report report = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    const Finding& jinja = with_id(report.findings, "CVE-2026-0005");
    CHECK(jinja.package == "jinja2");
    CHECK(jinja.package_type == "python");
    CHECK(jinja.path == "/usr/local/lib/python3.13/site-packages/Jinja2.dist-info/METADATA");
    CHECK(jinja.paths ==
          std::vector<std::string>{"/usr/local/lib/python3.13/site-packages/Jinja2-3.1.2.dist-info/METADATA"});
    CHECK(with_id(report.findings, "GHSA-gggg-hhhh-jjjj").path == "/usr/local/bin/uv");
}

TEST_CASE("a secret is its own kind of finding, without its text") {
    const Report report = parse_trivy_report(fixture("trivy-secret.json"), "trivy.json");
    REQUIRE(report.findings.size() == 1);
    const Finding& secret = report.findings[0];
    CHECK(secret.kind == FindingKind::secret);
    CHECK(secret.id == "aws-access-key-id");
    CHECK(secret.path == "/app/deploy.sh");
    CHECK(secret.title == "AWS Access Key ID");
    const Verdict verdict =
        judged({.name = "x",
                .target = "production",
                .manifest = the_manifest,
                .config = the_config,
                .architecture = "amd64",
                .scans = {{scan_of(Scanner::trivy, {}).receipt, report}, scan_of(Scanner::grype, {})}},
               Policy{});
    CHECK(ids_of(verdict.blocking) == "aws-access-key-id");
    CHECK(render_verdict_json(verdict).find("NOT-FOR-YOUR-EYES") == std::string::npos);
}

TEST_CASE("a Grype report has the manifest, the configuration and the date of its database") {
    const Report report = parse_grype_report(fixture("grype.json"), "grype.json");
    CHECK(report.scanner_version == "0.121.2");
    CHECK(report.manifest == the_manifest);
    CHECK(report.config == the_config);
    CHECK(report.architecture == "amd64");
    CHECK(report.os_family == "debian");
    CHECK(report.database_date == parse_time("2026-11-23T06:00:00Z"));
    CHECK(report.hidden_by.empty());
    CHECK(report.packages == 8);  // two of them only in the suppressed matches
    REQUIRE(report.findings.size() == 7);

    const Finding& ssl = with_id(report.findings, "CVE-2026-0001");
    CHECK(ssl.known_exploited);
    CHECK(ssl.epss == 0.64);
    CHECK(ssl.advisories == std::vector<std::string>{"DSA-6000-1"});
    CHECK(ssl.path.empty());
    CHECK(ssl.layer == sha256("base").text());  // not the last layer that changed dpkg's list
    CHECK(with_id(report.findings, "CVE-2026-0004").fix == FixState::wont_fix);
    CHECK(with_id(report.findings, "CVE-2026-0004").severity == Severity::negligible);
    const Finding& jinja = with_id(report.findings, "CVE-2026-0005");
    CHECK(jinja.aliases == std::vector<std::string>{"GHSA-aaaa-bbbb-cccc"});
    CHECK(jinja.path == "/usr/local/lib/python3.13/site-packages/Jinja2.dist-info/METADATA");
}

TEST_CASE("findings suppressed by built-in rules of Grype are kept separately, with the reason") {
    const Report report = parse_grype_report(fixture("grype.json"), "grype.json");
    REQUIRE(ids_of(report.ignored) == "CVE-2026-0003 CVE-2026-0008");
    CHECK(report.ignored[0].ignored_because == "grype suppressed it by a built-in rule (CVE-2026-0003, zlib1g, deb)");
    CHECK(report.ignored[1].ignored_because ==
          "grype suppressed it by a built-in rule (exact-indirect-match, linux-libc-dev, deb, linux)");
}

TEST_CASE("a finding ignored by a scanner's configured rule still counts: only our policy accepts risks") {
    SECTION("Grype") {
        const std::string rule = R"({"vulnerability": "CVE-2026-0003", "package": {"name": "zlib1g", "type": "deb"}},)";
        const Report report =
            parse_grype_report(replaced(fixture("grype.json"), "\"ignore\": [", "\"ignore\": [" + rule), "grype.json");
        CHECK(with_id(report.findings, "CVE-2026-0003").ignored_because ==
              "grype suppressed it by a rule that it was given (CVE-2026-0003, zlib1g, deb)");
        CHECK(ids_of(report.ignored) == "CVE-2026-0008");
    }
    SECTION("Trivy") {
        const Report report = parse_trivy_report(
            R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {}, "Results": [
                {"Target": "x, debian 12", "Class": "os-pkgs", "Type": "debian", "ExperimentalModifiedFindings": [
                  {"Type": "vulnerability", "Status": "ignored", "Statement": "later", "Source": ".trivyignore",
                   "Finding": {"VulnerabilityID": "CVE-1", "PkgName": "tar", "Severity": "HIGH"}}]}]
    })",
            "trivy.json");
        REQUIRE(ids_of(report.findings) == "CVE-1");
        CHECK(report.findings[0].ignored_because ==
              "trivy suppressed it by a rule that it was given (ignored, later, .trivyignore)");
    }
}

/// A Grype report with this match, ignored by this applied rule, and this rule in its configuration.
std::vector<Finding> found_by_rules(const std::string& given, const std::string& applied) {
    return parse_grype_report(
               R"({"matches": [], "descriptor": {"name": "grype", "configuration": {"ignore": [)" + given +
                   R"(]}}, "source": {"type": "image", "target": {}}, "ignoredMatches": [{"vulnerability":
                                  {"id": "CVE-1"}, "artifact": {"name": "libssl3"}, "appliedIgnoreRules": [)" +
                   applied + "]}]}",
               "it")
        .findings;
}

TEST_CASE("configured rules are recognised among the rules that Grype applied") {
    const std::string upstream = R"({"vulnerability": "", "package": {"name": "", "upstream-name": "openssl"}})";
    CHECK(found_by_rules(upstream, R"({"namespace": ""})").size() == 1);     // it omits the package
    CHECK(found_by_rules(R"({"namespace": "nvd:cpe"})", "{}").size() == 1);  // before 0.88
    CHECK(found_by_rules(R"({"vulnerability": "CVE-1", "match-type": "exact-direct-match"})",
                         R"({"vulnerability": "CVE-1"})")
              .size() == 1);
    CHECK(found_by_rules(upstream, R"({"vulnerability": "CVE-1", "reason": "DistroPackageFixed"})").empty());
    CHECK(found_by_rules(upstream, R"({"reason": "DistroPackageFixed"})").empty());
    CHECK(found_by_rules("", "{}").empty());
}

TEST_CASE("an advisory for several CVEs is a finding for each of them") {
    const Report report = parse_grype_report(
        R"({"matches": [{"vulnerability": {"id": "ALAS-1", "severity": "High"}, "artifact": {"name": "curl", "type": "rpm"},
            "relatedVulnerabilities": [{"id": "CVE-2"}, {"id": "CVE-1"}]}], "descriptor": {"name": "grype"},
            "source": {"type": "image", "target": {}}})",
        "it");
    CHECK(ids_of(report.findings) == "CVE-1 CVE-2");
    for (const Finding& finding : report.findings) {
        CHECK(finding.aliases.empty());
        CHECK(finding.advisories == std::vector<std::string>{"ALAS-1"});
        CHECK(finding.severity == Severity::high);
    }
}

TEST_CASE("a Java library has the same name and path for both scanners") {
    const Report trivy = parse_trivy_report(
        R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {}, "Results": [
            {"Target": "Java", "Class": "lang-pkgs", "Type": "jar", "Vulnerabilities": [
             {"VulnerabilityID": "CVE-1", "PkgName": "org.x:core", "PkgPath": "app/app.jar/BOOT-INF/lib/core-1.jar"},
             {"VulnerabilityID": "CVE-2", "PkgName": "org.x:shaded", "PkgPath": "app/app.jar"},
             {"VulnerabilityID": "CVE-3", "PkgName": "org.x:old", "PkgPath": "old.war/a.jar"}]}]})",
        "trivy.json");
    const auto match = [](const std::string& id, const std::string& name, const std::string& more) {
        return R"({"vulnerability": {"id": ")" + id + R"("}, "artifact": {"type": "java-archive", "name": ")" + name +
               R"(", "purl": "pkg:maven/org.x/)" + name + R"(@1", )" + more + "}}";
    };
    const Report grype = parse_grype_report(
        R"({"matches": [)" + match("CVE-1", "core", R"("locations": [{"path": "/app/app.jar",
                  "accessPath": "/app/app.jar:BOOT-INF/lib/core-1.jar"}])") +
            "," +
            match("CVE-2", "shaded",
                  R"("locations": [{"path": "/app/app.jar", "accessPath": "/app/app.jar:org.x:shaded"}])") +
            "," +
            match("CVE-3", "old",
                  R"("locations": [{"path": "/old.war"}], "metadata": {"virtualPath": "/old.war:a.jar"})") +
            R"(], "descriptor": {"name": "grype"}, "source": {"type": "image", "target": {}}})",
        "grype.json");
    CHECK(ids_of(merge_findings({trivy, grype})) == "CVE-1 CVE-2 CVE-3");
}

TEST_CASE("Trivy's report shows whether it looked the system's packages up") {
    const auto not_scanned = [](const std::string& results) {
        const std::string text = R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {})";
        return parse_trivy_report(text + results + "}", "it").system_fault.starts_with("has no result about");
    };
    CHECK(not_scanned(""));  // --scanners secret
    CHECK(not_scanned(R"(, "Results": [{"Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg"}])"));
    CHECK(not_scanned(R"(, "Results": [{"Target": "OS Packages", "Class": "license"}])"));
    CHECK_FALSE(not_scanned(R"(, "Results": [{"Target": "x, debian 12", "Class": "os-pkgs", "Type": "debian"
}])"));
    CHECK_FALSE(not_scanned(R"(, "Results": [{"Target": "x, debian 10", "Type": "debian"
}])"));  // without the classes of packages
}

TEST_CASE("Where Trivy lists packages, a system without a list has none") {
    const auto fault = [](const std::string& python) {
        const std::string text = R"({"SchemaVersion": 2, "ArtifactType": "container_image",
            "Metadata": {"OS": {"Family": "debian", "Name": "12.15"}}, "Results": [
                {"Target": "x, debian 12.15", "Class": "os-pkgs", "Type": "debian"},
                {"Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg")";
        return parse_trivy_report(text + python + "}]}", "it").system_fault;
    };
    CHECK(fault(R"(, "Packages": [{"Name": "requests", "Version": "2.31.0"}])") == "lists no packages of debian 12.15");
    CHECK(fault("").empty());  // --list-all-pkgs=false: it does not tell
}

TEST_CASE("Grype's warnings about its database are kept") {
    const auto fault = [](const std::string& status) {
        return parse_grype_report(R"({"matches": [], "descriptor": {"name": "grype", "db": {"status": )" + status +
                                      R"(}}, "source": {"type": "image", "target": {}}})",
                                  "it")
            .database_fault;
    };
    CHECK(fault(R"({"valid": true})").empty());
    CHECK(fault(R"({"valid": false})") == "it is not valid");
    CHECK(fault(R"({"valid": false, "error": "checksum mismatch"})") == "checksum mismatch");
}

TEST_CASE("settings of Grype that hide findings are detected") {
    const auto hidden_by = [](const std::string& configuration) {
        return parse_grype_report(R"({"matches": [], "descriptor": {"name": "grype", "configuration": )" +
                                      configuration + R"(}, "source": {"type": "image", "target": {}}})",
                                  "it")
            .hidden_by;
    };
    CHECK(hidden_by(R"({"distro": "", "match": {"stock": {"using-cpes": true}}})").empty());
    CHECK(hidden_by(R"({"distro": "debian:11", "match": {"stock": {"using-cpes": false}}})") ==
          std::vector<std::string>{"distro", "match.stock.using-cpes: false"});
    std::string text = replaced(fixture("grype.json"), "\"only-fixed\": false", "\"only-fixed\": true");
    text = replaced(text, "\"exclude\": []", "\"exclude\": [\"/usr/**\"]");
    CHECK(parse_grype_report(text, "grype.json").hidden_by == std::vector<std::string>{"only-fixed", "exclude"});
}

TEST_CASE("an invalid Trivy report is rejected with the reason") {
    CHECK(complaint_of_trivy("null") != "no error");
    CHECK(complaint_of_trivy("") == "trivy.json is empty\n");
    CHECK(complaint_of_trivy("[]") ==
          "trivy.json is of Trivy's schema 1, a bare list\n"
          "  hint: scan with Trivy 0.20 or newer\n");
    CHECK(complaint_of_trivy("{}") ==
          "trivy.json is not a report of Trivy: it has no SchemaVersion\n"
          "  hint: make it with: trivy image --format json\n");
    CHECK(complaint_of_trivy(R"({"SchemaVersion": 3})") ==
          "trivy.json has SchemaVersion 3; only 2 is known\n"
          "  hint: scan with a Trivy that writes SchemaVersion 2\n");
    CHECK(complaint_of_trivy(R"({"SchemaVersion": 2, "ArtifactType": "filesystem"})") ==
          "trivy.json is about an artifact of type \"filesystem\", not about a container image\n"
          "  hint: make it with: trivy image --format json\n");
    CHECK(complaint_of_trivy(R"({"SchemaVersion": 2, "ArtifactType": "container_image"})") ==
          "trivy.json has no Metadata, so it names no image\n");
    CHECK(complaint_of_trivy(
              R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {}, "Results": {}})") ==
          "trivy.json is not understood: Results is not a list\n  hint: it may be damaged; scan again\n");
    CHECK(complaint_of_trivy(R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {},
                                 "Results": [{"Vulnerabilities": [{"PkgName": "tar"}]}]})") ==
          "trivy.json is not understood: a vulnerability has no VulnerabilityID\n  hint: it may be damaged; scan "
          "again\n");
    CHECK(complaint_of_trivy(R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata":
                                 {}, "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "tar"}]})") ==
          "trivy.json is not understood: there are vulnerabilities outside of its results\n  hint: it may be damaged; "
          "scan again\n");
}

TEST_CASE("a vulnerability has the location of its result, also if that follows later in the report") {
    const std::string text = R"({"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {}, "Results": [
        {"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "A_b", "PkgPath": "x/a_b-1.0.dist-info/METADATA"}],
         "Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg"},
        {"Secrets": [{"RuleID": "key"}], "Target": "s"},
        {"Vulnerabilities": [{"VulnerabilityID": "CVE-2", "PkgName": "A_b"}, {"VulnerabilityID": "CVE-3", "PkgName": "c"}],
         "Target": "debian 12", "Class": "os-pkgs", "Type": "debian"}]})";
    const Report report = parse_trivy_report(text, "it");
    CHECK(report.findings.size() == 4);
    CHECK(with_id(report.findings, "CVE-1").package == "a-b");
    CHECK(with_id(report.findings, "CVE-1").path == "/x/a_b.dist-info/METADATA");
    CHECK(with_id(report.findings, "CVE-2").package == "A_b");
    CHECK(with_id(report.findings, "CVE-2").path.empty());
    CHECK(with_id(report.findings, "CVE-3").package_type == "deb");
    CHECK(with_id(report.findings, "key").path == "/s");
    CHECK(report.packages == 3);
}

TEST_CASE("an invalid Grype report is rejected with the reason") {
    const std::string hint = "\n  hint: make it with: grype IMAGE -o json\n";
    for (const char* text : {"", "[]", "null"}) CHECK(complaint_of_grype(text) != "no error");
    CHECK(complaint_of_grype("{}") == "grype.json is not a report of Grype: it has no list of matches" + hint);
    CHECK(complaint_of_grype(R"({"matches": null})") ==
          "grype.json is not a report of Grype: it has no list of matches" + hint);
    CHECK(complaint_of_grype(R"({"matches": []})") ==
          "grype.json is not a report of Grype: its descriptor names another tool" + hint);
    CHECK(complaint_of_grype(R"({"matches": [], "descriptor": {"name": "grype"}, "source": {"type": "directory"}})") ==
          "grype.json is about a source of type \"directory\", not about an image" + hint);
    CHECK(complaint_of_grype(
              R"({"matches": [{}], "descriptor": {"name": "grype"}, "source": {"type": "image", "target": {}}})") ==
          "grype.json is not understood: the vulnerability of a match has no id\n  hint: it may be damaged; scan "
          "again\n");
}

TEST_CASE("a truncated report is rejected, wherever it ends") {
    const std::string by_trivy = fixture("trivy.json");
    const std::string by_grype = fixture("grype.json");
    for (std::size_t end = 0; end < by_trivy.size(); end += 61)
        CHECK(complaint_of_trivy(by_trivy.substr(0, end)) != "no error");
    for (std::size_t end = 0; end < by_grype.size(); end += 61)
        CHECK(complaint_of_grype(by_grype.substr(0, end)) != "no error");
}

TEST_CASE("a damaged report is parsed or rejected without a crash") {
    std::mt19937 random(GENERATE(range(0U, 100U)));
    for (const std::string name : {"trivy.json", "grype.json", "trivy-secret.json"}) {
        std::string text = fixture(name);
        for (int i = 0; i < 3; ++i) text[random() % text.size()] = "0{}[],\":x\\-"[random() % 12];
        CHECK_NOTHROW(complaint_of_trivy(text));
        CHECK_NOTHROW(complaint_of_grype(text));
    }
}

TEST_CASE("Trivy reports of all versions in the corpus are parsed") {
    const Report clean = parse_trivy_report(of_trivy("alpine-39-skip.json.golden"), "it");
    CHECK(clean.findings.empty());
    CHECK(clean.os_family.empty());
    CHECK(clean.packages == 0);

    const Report alpine = parse_trivy_report(of_trivy("alpine-39.json.golden"), "it");
    CHECK(severities(alpine.findings) == "critical 2, medium 4");
    CHECK(alpine.os_version == "3.9.4");
    CHECK(severities(parse_trivy_report(of_trivy("alpine-39-high-critical.json.golden"), "it").findings) ==
          "critical 2");
    CHECK(severities(parse_trivy_report(of_trivy("alpine-310.json.golden"), "it").findings) == "medium 4");
    CHECK(parse_trivy_report(of_trivy("alpine-distroless.json.golden"), "it").findings.size() == 1);

    const Report buster = parse_trivy_report(of_trivy("debian-buster.json.golden"), "it");
    CHECK(with_id(buster.findings, "CVE-2019-18276").fix == FixState::none);
    CHECK(with_id(buster.findings, "CVE-2019-18224").advisories == std::vector<std::string>{"DSA-4613-1"});

    const Report gems = parse_trivy_report(of_trivy("fluentd-gems.json.golden"), "it");
    const Finding& gem = with_id(gems.findings, "CVE-2020-8165");
    CHECK(gem.fixed_in == std::vector<std::string>{"6.0.3.1", "5.2.4.3"});
    CHECK(gem.path == "/var/lib/gems/2.5.0/specifications/activesupport-6.0.2.1.gemspec");
    CHECK(gem.package_type == "gem");

    CHECK(parse_trivy_report(of_trivy("distroless-python27.json.golden"), "it").os_family == "debian");
    CHECK_FALSE(parse_trivy_report(of_trivy("ubuntu-1804.json.golden"), "it").findings.empty());
    CHECK(parse_trivy_report(of_dojo("trivy/scheme_2_no_vuln.json"), "it").findings.empty());
    CHECK(parse_trivy_report(of_dojo("trivy/license_scheme.json"), "it").findings.empty());

    const Report old = parse_trivy_report(of_dojo("trivy/scheme_2_many_vulns.json"), "it");
    CHECK(with_id(old.findings, "CVE-2020-15999").fix == FixState::fixed);  // no status in old reports
    CHECK(with_id(old.findings, "CVE-2020-15999").path.empty());
}

TEST_CASE("reports in the corpus that are not about images are rejected") {
    const std::string name = GENERATE("uv.json.golden", "pip.json.golden", "secrets.json.golden",
                                      "fixtures/convert/npm-with-suppressed.json.golden", "alpine-310.sarif.golden");
    INFO(name);
    const std::string report =
        of_trivy(name);  // outside a check, so that a missing corpus skips the test instead of failing it
    CHECK(complaint_of_trivy(report) != "no error");
    CHECK(complaint_of_grype(report) != "no error");
}

TEST_CASE("Grype reports of all versions in the corpus are parsed") {
    const Report busybox = parse_grype_report(of_dojo("anchore_grype/many_vulns_with_epss_values.json"), "it");
    CHECK(busybox.scanner_version == "0.94.0");
    CHECK(busybox.findings.size() == 15);
    CHECK(with_id(busybox.findings, "CVE-2022-28391").epss == 0.0719);
    CHECK(with_id(busybox.findings, "CVE-2022-28391").fix == FixState::unknown);
    CHECK(with_id(busybox.findings, "CVE-2022-28391").paths == std::vector<std::string>{"/bin/[", "/bin/busybox"});
    CHECK(busybox.database_date);

    const Report all = parse_grype_report(of_dojo("anchore_grype/check_all_fields.json"), "it");
    CHECK(all.findings.size() == 6);
    CHECK(all.database_date);
    CHECK(with_id(all.findings, "CVE-2021-44420").aliases == std::vector<std::string>{"GHSA-v6rh-hp5x-86rv"});
    CHECK(with_id(all.findings, "CVE-2021-44420").package == "django");

    const Report none = parse_grype_report(of_dojo("anchore_grype/no_vuln.json"), "it");
    CHECK(none.findings.empty());
    CHECK(none.scanner_version == "0.7.0");
    CHECK(none.packages == 0);

    const Report image = parse_grype_report(of_grype("json/testdata/snapshot/TestJsonImgsPresenter.golden"), "it");
    CHECK(with_id(image.findings, "CVE-1999-0002").known_exploited);
    CHECK(with_id(image.findings, "CVE-1999-0002").fix == FixState::unknown);
    CHECK(complaint_of_grype(of_grype("json/testdata/snapshot/TestJsonDirsPresenter.golden")) ==
          "grype.json is about a source of type \"directory\", not about an image\n"
          "  hint: make it with: grype IMAGE -o json\n");
    CHECK(complaint_of_grype(of_grype("json/testdata/snapshot/TestEmptyJsonPresenter.golden")) != "no error");
}

TEST_CASE("a real Grype report that names a vulnerability as GHSA and CVE gives one finding") {
    const Report report = parse_grype_report(of_grype("explain/testdata/ghsa-test.json"), "it");
    REQUIRE(report.findings.size() == 2);
    const std::vector<Finding> merged = merge_findings(std::vector<Report>{report});
    REQUIRE(ids_of(merged) == "CVE-2014-3577");
    CHECK(merged[0].aliases == std::vector<std::string>{"GHSA-cfh5-3ghh-wfjx"});
    CHECK(merged[0].fix == FixState::fixed);
    CHECK(merged[0].reported_by.size() == 2);
}

TEST_CASE("the reports of a real image have 15 findings: 14 by Trivy, and the interpreter by Grype only") {
    const std::string trivy = report_of("../recipes/scanners/reports/trivy-oci.json");
    for (const std::string name : {"grype-oci.json", "grype-registry-by-cve.json"}) {
        const Report by_grype = parse_grype_report(report_of("../recipes/scanners/reports/" + name), "it");
        const std::vector<Finding> merged =
            merge_findings(std::vector<Report>{parse_trivy_report(trivy, "it"), by_grype});
        REQUIRE(merged.size() == 15);
        const auto sees = [](const Finding& finding, Scanner scanner) {
            return std::any_of(finding.reported_by.begin(), finding.reported_by.end(),
                               [&](const Detection& detection) { return detection.scanner == scanner; });
        };
        std::string only_grype;
        std::string only_trivy;
        for (const Finding& finding : merged) {
            if (!sees(finding, Scanner::trivy)) only_grype += finding.id + " in " + finding.package + "; ";
            if (!sees(finding, Scanner::grype)) only_trivy += finding.id + " in " + finding.package + "; ";
        }
        CHECK(only_grype == "CVE-2023-24329 in python; ");
        CHECK(only_trivy == "CVE-2023-45853 in zlib1g; ");
        CHECK(with_id(merged, "CVE-2024-34064").aliases == std::vector<std::string>{"GHSA-h75v-3vvj-5mfj"});
    }
}
