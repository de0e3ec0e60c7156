#include "report/words.h"

#include <catch2/catch_test_macros.hpp>

#include "report/samples.h"

using namespace std::chrono_literals;

TEST_CASE("durations and ages have the unit that fits") {
    CHECK(render_duration(48s) == "48 s");
    CHECK(render_duration(252s) == "4 min 12 s");
    CHECK(render_duration(7500s) == "2 h 5 min");
    CHECK(render_duration(-1s) == "0 s");
    CHECK(render_age(59min) == "less than an hour");
    CHECK(render_age(1h) == "1 hour");
    CHECK(render_age(47h) == "47 hours");
    CHECK(render_age(49h) == "2 days");
}

TEST_CASE("bytes have the unit that fits, never as a thousand of one") {
    CHECK(render_bytes(1) == "1 byte");
    CHECK(render_bytes(999) == "999 bytes");
    CHECK(render_bytes(1000) == "1.0 kB");
    CHECK(render_bytes(999'949) == "999.9 kB");
    CHECK(render_bytes(999'950) == "1.0 MB");
    CHECK(render_bytes(61'598'720) == "61.6 MB");
    CHECK(render_bytes(1'234'567'890) == "1234.6 MB");
}

TEST_CASE("a waiver applies until the end of its last day") {
    const Date today = Date(std::chrono::year(2026) / 11 / 23);
    CHECK(render_days_left(today + std::chrono::days(2), today) == "2 days left");
    CHECK(render_days_left(today + std::chrono::days(1), today) == "1 day left");
    CHECK(render_days_left(today, today) == "the last day");
    CHECK(render_days_left(today - std::chrono::days(3), today) == "over for 3 days");
    CHECK(render_days_left(std::nullopt, today) == "no date");
}

TEST_CASE("a severity is shown once where the scanners agree, and per scanner where they do not") {
    Finding finding = make_finding("CVE-2026-1", "a", Severity::high);
    Detection trivy;
    trivy.severity = Severity::high;
    Detection grype;
    grype.scanner = Scanner::grype;
    grype.severity = Severity::high;
    finding.reported_by = {trivy, grype};
    CHECK(render_severities(finding) == "high");
    finding.reported_by[1].severity = Severity::low;
    CHECK(render_severities(finding) == "high (trivy: high, grype: low)");
    CHECK(render_detections(finding) == "trivy (high, not known), grype (low, not known)");
    finding.reported_by[1].severity = Severity::critical;
    finding.reported_by[1].severity_basis = "CVSS 9.8";
    CHECK(render_severities(finding) == "high (trivy: high, grype: critical by CVSS 9.8)");
    finding.kind = FindingKind::secret;
    CHECK(render_detections(finding) == "trivy (high), grype (critical by CVSS 9.8)");
    CHECK(render_fix(finding).empty());
}

TEST_CASE("only ids of a known form become links") {
    Finding finding = make_finding("CVE-2026-1", "a", Severity::high);
    CHECK(make_link(finding) == "https://www.cve.org/CVERecord?id=CVE-2026-1");
    finding.package_type = "deb";
    CHECK(make_link(finding) == "https://security-tracker.debian.org/tracker/CVE-2026-1");
    finding.id = "CVE-2026-1\"onclick=";
    CHECK(make_link(finding) == "");
    finding.id = "GHSA-aaaa-bbbb-cccc";
    CHECK(make_link(finding) == "https://github.com/advisories/GHSA-aaaa-bbbb-cccc");
    finding.id = "PYSEC-2026-12";
    CHECK(make_link(finding) == "https://osv.dev/vulnerability/PYSEC-2026-12");
    finding.id = "CVE-";
    CHECK(make_link(finding) == "");
}

TEST_CASE("the oldest database of each scanner is shown") {
    Run run = clean_run();
    CHECK(render_scanners(run) ==
          std::vector<std::string>{"trivy 0.74.0, database 5 hours old", "grype 0.116.0, database 30 hours old"});
    run.images[2].verdict->receipts[0].database_date = run.finished - 72h;
    run.images[3].verdict->receipts[0].scanner_version = "0.75.0";
    for (ImageRun& image : run.images) image.verdict->receipts[1].database_date.reset();
    CHECK(render_scanners(run) == std::vector<std::string>{"trivy 0.74.0 and 0.75.0, database 3 days old",
                                                           "grype 0.116.0, age of its database not known"});
}

TEST_CASE("a path is shown as in the image, and a secret with its line") {
    Finding finding = make_finding("CVE-2026-1", "urllib3", Severity::high);
    finding.path = "/s/urllib3.dist-info/METADATA";
    finding.paths = {"/s/urllib3-2.0.5.dist-info/METADATA"};
    CHECK(shown_path(finding) == "/s/urllib3-2.0.5.dist-info/METADATA");
    finding.kind = FindingKind::secret;
    finding.id = "private-key";
    finding.path = "/app/.env";
    finding.paths = {"/app/.env"};
    finding.line = 3;
    CHECK(render_finding_name(finding) == "private-key in /app/.env:3");
}
