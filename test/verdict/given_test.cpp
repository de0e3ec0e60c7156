// Pairs of reports whose details once got lost on the way to the verdict, judged as by `judge --trivy --grype`.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/text.h"
#include "verdict/advice.h"
#include "verdict/make.h"

namespace {

const std::string directory = fixtures_dir() + "/verdict/given/";

ScanResult bare_scan(Scanner scanner, const std::string& text) {
    ScanResult scan{
        .receipt = {
            .scanner = scanner, .manifest = sha256(""), .config = sha256(""), .report = sha256(""), .bare = true}};
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
    std::string text;  ///< reasons, warnings, advice, notes about the policy
    Outcome outcome = Outcome::unknown;
};

Given judge_texts(const std::string& trivy, const std::string& grype, const Policy& policy) {
    const Time now = *parse_time("2026-11-29T00:00:00Z");
    Given given{.policy = policy};
    Subject subject{.name = "image",
                    .target = "",
                    .manifest = sha256(""),
                    .config = sha256(""),
                    .scans = {bare_scan(Scanner::trivy, trivy), bare_scan(Scanner::grype, grype)}};
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
    for (const std::string& reason : verdict.unknown_because) given.text += reason + "\n";
    for (const std::string& warning : verdict.warnings) given.text += warning + "\n";
    FixPlan plan;
    for (const Finding& finding : verdict.blocking) plan.add(finding, {});
    for (const std::vector<Finding>* findings : {&verdict.blocking, &verdict.reported}) {
        for (const Finding& finding : *findings)
            given.text += render_severities(finding) + ": " + advise(finding, {}, plan).text + "\n" +
                          finding.ignored_because + "\n";
    }
    given.text += render_problems(check_waivers(given.policy, {verdict}, day_of(now), Judged::unknown_targets));
    return given;
}

Given judge_given(const std::string& name) {
    const std::string policy = directory + name + "/vulnerability-policy.yml";
    return judge_texts(text_of_file(directory + name + "/trivy.json"), text_of_file(directory + name + "/grype.json"),
                       std::filesystem::exists(policy) ? policy_of(text_of_file(policy)) : Policy{});
}

struct Expected {
    std::string name;
    Outcome outcome;
    std::string text;
    std::string absent_text = "\x01";
};

}  // namespace

TEST_CASE("no detail of a given report is lost in the verdict") {
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
        {"unused-exception-not-reported", Outcome::vulnerable, "the exception for CVE-1999-0001 matches nothing"},
        {"vex-reason-lost", Outcome::vulnerable, "vulnerable_code_not_in_execute_path"},
    };
    for (const Expected& expected : all) {
        const Given given = judge_given(expected.name);
        INFO(expected.name << ":\n" << given.text);
        CHECK(given.outcome == expected.outcome);
        CHECK(given.text.find(expected.text) != std::string::npos);
        CHECK(given.text.find(expected.absent_text) == std::string::npos);
    }
}

namespace {

/// A change to one report of a clean pair.
struct Change {
    std::string what;
    Scanner scanner;
    std::string from;
    std::string to;
    Outcome outcome;
    std::string text;
    std::string policy = {};
};

std::string match_of(const std::string& rating, const std::string& fix) {
    return R"({"vulnerability": {"id": "CVE-2099-1", )" + rating + R"("fix": )" + fix +
           R"(}, "artifact": {"name": "requests", "version": "2.31.0", "type": "python"}})";
}

}  // namespace

TEST_CASE("every single change to a clean report is detected") {
    const std::string trivy = text_of_file(directory + "python-fix-alpha-only/trivy.json");
    const std::string grype = text_of_file(directory + "misconfiguration-dropped/grype.json");
    CHECK(judge_texts(trivy, grype, {}).outcome == Outcome::clean);
    const std::string no_matches = R"("matches": [])";
    const std::string system_result = R"("Type": "debian"
  })";
    const std::string high = R"("severity": "High", )";
    const std::string fixed = R"({"versions": ["2.32.0"], "state": "fixed"})";
    const std::vector<Change> changes = {
        {"a version with the fix, without the word", Scanner::grype, no_matches,
         "\"matches\": [" + match_of(high, R"({"versions": ["2.32.0"], "state": ""})") + "]", Outcome::vulnerable,
         "update requests to 2.32.0"},
        {"the word, without a version", Scanner::grype, no_matches,
         "\"matches\": [" + match_of(high, R"({"versions": [], "state": "fixed"})") + "]", Outcome::vulnerable,
         "fixed in a version that no scanner names"},
        {"a finding that is ignored by no rule", Scanner::grype, no_matches,
         no_matches + R"(, "ignoredMatches": [)" + match_of(high, fixed) + "]", Outcome::vulnerable,
         "update requests to 2.32.0"},
        {"a second list of matches", Scanner::grype, no_matches,
         no_matches + ", \"matches\": [" + match_of(high, fixed) + "]", Outcome::unknown, "matches is given twice"},
        {"a second list of results", Scanner::trivy, "\"Results\": [", R"("Results": [], "Results": [)",
         Outcome::unknown, "Results is given twice"},
        {"alerts in another form", Scanner::grype, no_matches,
         no_matches + R"(, "alertsByPackage": {"libc6": [{"type": "distro-eol"}]})", Outcome::unknown,
         "alertsByPackage is not a list"},
        {"a system that is switched off", Scanner::grype, no_matches,
         no_matches + R"(, "alertsByPackage": [{"alerts": [{"type": "distro-disabled", "message": "no data"}]}])",
         Outcome::unknown, "grype does not know the system debian 12.15: no data"},
        {"a report of a day that is yet to come", Scanner::trivy, "2026-11-23T16", "2027-11-23T16", Outcome::unknown,
         "trivy made its report on 2027-11-23T16:52:59Z, which is yet to come"},
        {"an old report in another time zone", Scanner::trivy, "2026-11-23T16:52:59.97261288Z",
         "2026-11-21T23:30:00.123456789-01:00", Outcome::clean, ""},
        {"an older report in another time zone", Scanner::trivy, "2026-11-23T16:52:59.97261288Z",
         "2026-11-22T00:30:00.123456789+01:00", Outcome::unknown, "trivy made its report on 2026-11-21T23:30:00Z"},
        {"another release of the system", Scanner::trivy, "\"Name\": \"12.15\"", "\"Name\": \"13.1\"", Outcome::unknown,
         "trivy saw debian 13.1 in the image and grype saw debian 12.15"},
        {"a score as text and an unknown word", Scanner::grype, no_matches,
         "\"matches\": [" +
             match_of(R"("severity": "Moderate", "cvss": [{"version": "3.1", "metrics": {"baseScore": "9.1"}}], )",
                      fixed) +
             "]",
         Outcome::vulnerable, "critical (grype: critical by CVSS 9.1)"},
        {"something unknown that was suppressed", Scanner::trivy, system_result,
         R"("Type": "debian", "ExperimentalModifiedFindings": [{"Type": "malware", "Finding": {}}]})", Outcome::clean,
         "trivy reports 1 suppressed result of an unknown kind, which is not judged here"},
        {"two secrets in a file, of which one is accepted", Scanner::trivy, system_result,
         system_result + R"(, {"Target": "/app/.env", "Class": "secret", "Secrets": [
            {"RuleID": "aws-access-key-id", "Severity": "CRITICAL", "StartLine": 3},
            {"RuleID": "aws-access-key-id", "Severity": "CRITICAL", "StartLine": 9}]})",
         Outcome::vulnerable, "take /app/.env:9 out of the image",
         "exceptions: [{id: aws-access-key-id, paths: [/app/.env], line: 3, reason: r, owner: me, review_by: "
         "2027-01-01}]"},
    };
    for (const Change& change : changes) {
        const bool in_trivy = change.scanner == Scanner::trivy;
        const Given given =
            judge_texts(in_trivy ? replaced(trivy, change.from, change.to) : trivy,
                        in_trivy ? grype : replaced(grype, change.from, change.to), policy_of(change.policy));
        INFO(change.what << ":\n" << given.text);
        CHECK(given.outcome == change.outcome);
        CHECK(given.text.find(change.text) != std::string::npos);
    }
}
