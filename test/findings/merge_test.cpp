#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <random>
#include <set>

#include "places.h"
#include "verdict/make.h"

namespace {

using Reports = std::vector<Report>;

Reports both() {
    return {parse_trivy_report(fixture("trivy.json"), "trivy.json"),
            parse_grype_report(fixture("grype.json"), "grype.json")};
}

Finding named(Finding finding, const std::vector<std::string>& aliases) {
    finding.aliases = aliases;
    return finding;
}

/// Reports of both scanners with few names, so that many findings match.
Reports random_reports(unsigned int seed) {
    std::mt19937 random(seed);
    const auto pick = [&](const std::vector<std::string>& words) { return words[random() % words.size()]; };
    Reports reports;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        std::vector<Finding> findings;
        for (int i = 0; i < 40; ++i) {
            Finding finding = found_at(scanner, pick({"CVE-1", "CVE-2", "CVE-3", "GHSA-1", "GHSA-2", "PYSEC-1"}),
                                       pick({"a", "b"}), static_cast<Severity>(random() % 6), pick({"/x", "/y"}));
            if (random() % 2 == 0) finding.aliases = {pick({"GHSA-1", "GHSA-2", "GHSA-3", "PYSEC-1", "PYSEC-2"})};
            std::erase(finding.aliases, finding.id);
            finding.title = pick({"", "one", "two"});
            finding.reported_by[0].fixed_in = {std::to_string(i)};  // so that each is unique
            findings.push_back(finding);
        }
        reports.push_back(report_of(scanner, findings));
    }
    return reports;
}

}  // namespace

TEST_CASE("two reports of one image are merged into one list, most severe first") {
    const std::vector<Finding> merged = merge_findings(both());
    CHECK(ids_of(merged) ==
          "CVE-2026-0001 CVE-2026-0003 CVE-2026-0006 CVE-2026-0007 GHSA-gggg-hhhh-jjjj CVE-2026-0002 CVE-2026-0005 "
          "CVE-2026-0004 TEMP-0000001-ABCDEF");
}

TEST_CASE("a merged finding keeps the details of each scanner, also if they differ") {
    const std::vector<Finding> merged = merge_findings(both());
    const Finding& urllib = with_id(merged, "CVE-2026-0006");
    REQUIRE(urllib.reported_by.size() == 2);
    CHECK(urllib.severity == Severity::high);
    CHECK(urllib.reported_by[0].severity == Severity::medium);
    CHECK(urllib.reported_by[1].id == "GHSA-dddd-eeee-ffff");
    CHECK(urllib.fixed_in == std::vector<std::string>{"1.26.17", "2.0.6"});

    const Finding& tar = with_id(merged, "CVE-2026-0004");
    CHECK(tar.severity == Severity::low);
    CHECK(tar.fix == FixState::wont_fix);
    CHECK(tar.reported_by[0].fix == FixState::none);

    const Finding& ssl = with_id(merged, "CVE-2026-0001");
    CHECK(ssl.known_exploited);
    CHECK(ssl.title == "openssl: a <b>bold</b> overflow");
    CHECK(ssl.layer == sha256("base").text());
}

TEST_CASE("a finding suppressed by a built-in rule of one scanner says so if the other reports it") {
    CHECK(with_id(merge_findings(both()), "CVE-2026-0003").ignored_because ==
          "grype suppressed it by a built-in rule (CVE-2026-0003, zlib1g, deb)");
}

TEST_CASE("aliases are joined transitively") {
    const Finding a = named(found_at(Scanner::trivy, "PYSEC-1", "a", Severity::low, "/x"), {"GHSA-1"});
    const Finding b = named(found_at(Scanner::grype, "GHSA-1", "a", Severity::high, "/x"), {"OSV-1"});
    const Finding c = named(found_at(Scanner::grype, "CVE-1", "a", Severity::low, "/x"), {"OSV-1"});
    const std::vector<Finding> merged =
        merge_findings(Reports{report_of(Scanner::trivy, {a}), report_of(Scanner::grype, {b, c})});
    REQUIRE(ids_of(merged) == "CVE-1");
    CHECK(merged[0].aliases == std::vector<std::string>{"GHSA-1", "OSV-1", "PYSEC-1"});
    CHECK(merged[0].reported_by.size() == 3);
}

TEST_CASE("two CVEs stay two findings, also if an advisory names both") {
    const Finding a = named(found_at(Scanner::trivy, "CVE-1", "a", Severity::low, "/x"), {"GHSA-1"});
    const Finding b = named(found_at(Scanner::trivy, "CVE-2", "a", Severity::low, "/x"), {"GHSA-1"});
    const Finding c = found_at(Scanner::grype, "GHSA-1", "a", Severity::high, "/x");
    const std::vector<Finding> merged =
        merge_findings(Reports{report_of(Scanner::trivy, {a, b}), report_of(Scanner::grype, {c})});
    CHECK(ids_of(merged) == "CVE-1 CVE-2");
}

TEST_CASE("the same vulnerability in two packages, or at two paths, is two findings") {
    const std::vector<Finding> merged = merge_findings(
        Reports{report_of(Scanner::trivy, {found_at(Scanner::trivy, "CVE-1", "a", Severity::low, "/x"),
                                           found_at(Scanner::trivy, "CVE-1", "a", Severity::low, "/y"),
                                           found_at(Scanner::trivy, "CVE-1", "b", Severity::low, "/x")})});
    CHECK(merged.size() == 3);
}

TEST_CASE("the order of the reports and of their findings does not matter") {
    const unsigned int seed = GENERATE(range(0U, 40U));
    Reports reports = seed == 0 ? both() : random_reports(seed);
    const std::vector<Finding> merged = merge_findings(reports);
    std::mt19937 random(seed);
    std::reverse(reports.begin(), reports.end());
    for (Report& report : reports) std::shuffle(report.findings.begin(), report.findings.end(), random);
    CHECK(merge_findings(reports) == merged);
}

TEST_CASE("merging is idempotent") {
    const unsigned int seed = GENERATE(range(0U, 40U));
    const Reports reports = seed == 0 ? both() : random_reports(seed);
    const std::vector<Finding> merged = merge_findings(reports);
    Report again = report_of(Scanner::trivy, merged);
    CHECK(merge_findings(Reports{again}) == merged);
    CHECK(merge_findings(Reports{again, again}) == merged);
}

TEST_CASE("keys are unique, and every reported finding is in exactly one merged finding") {
    const unsigned int seed = GENERATE(range(1U, 40U));
    const Reports reports = random_reports(seed);
    const std::vector<Finding> merged = merge_findings(reports);
    std::set<std::string> keys;
    for (const Finding& finding : merged) CHECK(keys.insert(finding.key()).second);
    for (const Report& report : reports) {
        for (const Finding& finding : report.findings) {
            CHECK(std::any_of(merged.begin(), merged.end(), [&](const Finding& one) {
                return one.package == finding.package && one.path == finding.path &&
                       std::find(one.reported_by.begin(), one.reported_by.end(), finding.reported_by[0]) !=
                           one.reported_by.end();
            }));
        }
    }
}

TEST_CASE("removing a finding never changes the key of another") {
    const unsigned int seed = GENERATE(range(1U, 25U));
    const Reports reports = random_reports(seed);
    const std::vector<Finding> merged = merge_findings(reports);
    for (const Finding& removed : merged) {
        Reports without = reports;
        for (Report& report : without) {
            std::erase_if(report.findings, [&](const Finding& finding) {
                return finding.package == removed.package && finding.path == removed.path &&
                       std::find(removed.reported_by.begin(), removed.reported_by.end(), finding.reported_by[0]) !=
                           removed.reported_by.end();
            });
        }
        std::set<std::string> expected;
        for (const Finding& finding : merged) expected.insert(finding.key());
        expected.erase(removed.key());
        std::set<std::string> left;
        for (const Finding& finding : merge_findings(without)) left.insert(finding.key());
        CHECK(left == expected);
    }
}
