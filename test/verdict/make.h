// Sample values for the tests of verdict/, findings/ and policy/.
#pragma once

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/digest.h"
#include "findings/finding.h"
#include "places.h"
#include "verdict/verdict.h"

inline std::string fixture(const std::string& name) {
    return text_of_file(fixtures_dir() + "/verdict/" + name);
}

/// The text with another first occurrence of `from`.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

inline const Digest the_manifest = sha256("manifest");  // as in the fixtures
inline const Digest the_config = sha256("config");
inline const Time noon = *parse_time("2026-11-23T12:00:00Z");
inline const Date today = day_of(noon);

/// A vulnerability in a Debian package, with a fix, reported by one scanner.
inline Finding found(Scanner scanner, const std::string& id, const std::string& package, Severity severity,
                     FixState fix = FixState::fixed) {
    Finding finding;
    finding.id = id;
    finding.package = package;
    finding.package_type = "deb";
    finding.version = "1.0";
    finding.severity = severity;
    finding.fix = fix;
    if (fix == FixState::fixed) finding.fixed_in = {"1.1"};
    Detection detection;
    detection.scanner = scanner;
    detection.id = id;
    detection.severity = severity;
    detection.fix = fix;
    detection.fixed_in = finding.fixed_in;
    finding.reported_by = {detection};
    return finding;
}

inline Finding found_at(Scanner scanner, const std::string& id, const std::string& package, Severity severity,
                        const std::string& path) {
    Finding finding = found(scanner, id, package, severity);
    finding.package_type = "python";
    finding.path = path;
    finding.paths = {path};
    return finding;
}

inline Report report_of(Scanner scanner, const std::vector<Finding>& findings) {
    Report report;
    report.scanner = scanner;
    report.config = the_config;
    if (scanner == Scanner::grype) report.manifest = the_manifest;
    report.architecture = "amd64";
    report.os_family = "debian";
    report.os_version = "12.15";
    report.packages = findings.size();
    report.findings = findings;
    return report;
}

/// A valid scan.
inline ScanResult scan_of(Scanner scanner, const std::vector<Finding>& findings) {
    const Receipt receipt{.scanner = scanner,
                          .scanner_version = "",
                          .database = "sample",
                          .database_date = noon - std::chrono::hours(6),
                          .manifest = the_manifest,
                          .config = the_config,
                          .architecture = "amd64",
                          .report = sha256("report"),
                          .packages = 90};
    return {receipt, report_of(scanner, findings)};
}

/// An image scanned by both scanners.
inline Subject image_with(const std::vector<Finding>& by_trivy, const std::vector<Finding>& by_grype) {
    return {.name = "3.13.3-production-linux-amd64",
            .target = "production",
            .manifest = the_manifest,
            .config = the_config,
            .architecture = "amd64",
            .scans = {scan_of(Scanner::trivy, by_trivy), scan_of(Scanner::grype, by_grype)}};
}

inline Policy policy_of(const std::string& yaml) {
    Problems warnings;
    return parse_policy(yaml, "vulnerability-policy.yml", warnings);
}

inline Verdict judged(const Subject& subject, const Policy& policy) {
    return judge(subject, policy, noon, std::chrono::hours(48));
}

inline std::vector<Finding> merge_findings(std::vector<Report> reports) {
    std::vector<Report*> list;
    for (Report& report : reports) list.push_back(&report);
    return merge_reports(list).findings;
}

inline const Finding& with_id(const std::vector<Finding>& findings, const std::string& id) {
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.id == id; });
    REQUIRE(found != findings.end());
    return *found;
}

/// The ids of findings in order, such as "CVE-1 CVE-2".
inline std::string ids_of(const std::vector<Finding>& findings) {
    std::string ids;
    for (const Finding& finding : findings) ids += (ids.empty() ? "" : " ") + finding.id;
    return ids;
}

inline std::string ids_of(const std::vector<WaivedFinding>& findings) {
    std::string ids;
    for (const WaivedFinding& waived : findings) ids += (ids.empty() ? "" : " ") + waived.finding.id;
    return ids;
}
