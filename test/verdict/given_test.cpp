// Pairs of reports of which something was lost on the way to the verdict, each judged as `judge --trivy --grype` does.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/text.h"
#include "verdict/advice.h"
#include "verdict/make.h"

namespace {

const std::string directory = fixtures_dir() + "/verdict/given/";

ScanResult bare_scan(Scanner scanner, const std::string& name) {
    ScanResult scan{
        .receipt = {
            .scanner = scanner, .manifest = sha256(""), .config = sha256(""), .report = sha256(""), .bare = true}};
    const std::string file = name + (scanner == Scanner::trivy ? "/trivy.json" : "/grype.json");
    const std::string text = text_of_file(directory + file);
    try {
        scan.report =
            scanner == Scanner::trivy ? parse_trivy_report(text, "trivy.json") : parse_grype_report(text, "grype.json");
    } catch (const Error& error) {
        scan.receipt.failure = render_problems(error.problems);
        return scan;
    }
    scan.receipt.packages = scan.report->packages;
    scan.receipt.database_date = scan.report->database_date;
    return scan;
}

struct Given {
    Policy policy;
    std::string said;  ///< reasons, warnings, advice, notes about the policy
    Outcome outcome = Outcome::unknown;
};

Given judge_given(const std::string& name) {
    const Time now = *parse_time("2026-11-29T00:00:00Z");
    Given given;
    const std::string policy = directory + name + "/vulnerability-policy.yml";
    if (std::filesystem::exists(policy)) given.policy = policy_of(text_of_file(policy));
    Subject subject{.name = name,
                    .target = "",
                    .manifest = sha256(""),
                    .config = sha256(""),
                    .scans = {bare_scan(Scanner::trivy, name), bare_scan(Scanner::grype, name)}};
    for (ScanResult& scan : subject.scans) {
        if (scan.report && scan.report->manifest) subject.manifest = *scan.report->manifest;
        if (scan.report && scan.report->config) subject.config = *scan.report->config;
    }
    for (ScanResult& scan : subject.scans) {
        scan.receipt.manifest = subject.manifest;
        scan.receipt.config = subject.config;
    }
    const Verdict verdict = judge(subject, given.policy, now, std::chrono::hours(48));
    given.outcome = verdict.outcome;
    for (const std::string& reason : verdict.unknown_because) given.said += reason + "\n";
    for (const std::string& warning : verdict.warnings) given.said += warning + "\n";
    FixPlan plan;
    for (const Finding& finding : verdict.blocking) plan.add(finding, {});
    for (const std::vector<Finding>* findings : {&verdict.blocking, &verdict.reported}) {
        for (const Finding& finding : *findings)
            given.said += render_severities(finding) + ": " + advise_outside(finding, plan).text + "\n" +
                          finding.ignored_because + "\n";
    }
    given.said += render_problems(check_waivers(given.policy, {verdict}, day_of(now), Judged::unknown_targets));
    return given;
}

struct Expected {
    std::string name;
    Outcome outcome;
    std::string said;
    std::string not_said = "\x01";
};

}  // namespace

TEST_CASE("nothing that a given report says is lost on the way to the verdict") {
    const std::vector<Expected> all = {
        {"database-age-nowhere", Outcome::clean, "grype does not say how old its database is"},
        {"eol-os", Outcome::unknown, "is past its end of life: nothing is reported for it any more"},
        {"fix-only-lower", Outcome::vulnerable, "fixed in 1.1.0-ubuntu1, below the installed 1.1.1t", "update"},
        {"log-line-before-json", Outcome::unknown,
         "begins with a line of a log, not with JSON: use --output, not 2>&1"},
        {"misconfiguration-dropped", Outcome::clean, "trivy reports 1 misconfiguration, which is not judged here"},
        {"not-affected", Outcome::clean, "high: not affected: nothing to do", "no fix yet"},
        {"os-result-without-packages", Outcome::unknown, "trivy lists no packages of debian 12.15"},
        {"policy-dsa-id", Outcome::vulnerable, "the exception for DSA-9999-1 covers nothing"},
        {"policy-target-in-bare-judge", Outcome::vulnerable, "is for targets: [production], and nothing says here"},
        {"python-fix-alpha-only", Outcome::clean, "fixed in 3.15.0a6, a pre-release", "raise"},
        {"severity-key-missing", Outcome::vulnerable,
         "critical (grype: critical by CVSS 9.8): update requests to 2.32.0"},
        {"severity-unknown-cvss-critical", Outcome::vulnerable,
         "critical (grype: critical by CVSS 9.8): update requests to 2.32.0"},
        {"source-package-trivy-only", Outcome::clean, ""},
        {"trivy-report-old", Outcome::unknown, "trivy made its report on 2024-01-01T00:00:00Z"},
        {"unused-exception-not-told", Outcome::vulnerable, "the exception for CVE-1999-0001 matches nothing"},
        {"vex-reason-lost", Outcome::vulnerable, "vulnerable_code_not_in_execute_path"},
    };
    for (const Expected& expected : all) {
        const Given given = judge_given(expected.name);
        INFO(expected.name << ":\n" << given.said);
        CHECK(given.outcome == expected.outcome);
        CHECK(given.said.find(expected.said) != std::string::npos);
        CHECK(given.said.find(expected.not_said) == std::string::npos);
    }
}
