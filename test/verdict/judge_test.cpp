#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <functional>
#include <random>
#include <set>

#include "base/text.h"
#include "policy/policy.h"
#include "verdict/advice.h"
#include "verdict/make.h"

namespace {

constexpr Scanner trivy = Scanner::trivy;
constexpr Scanner grype = Scanner::grype;

std::string why_unknown(const Subject& subject, const Policy& policy = {}) {
    const Verdict verdict = judged(subject, policy);
    CHECK((verdict.outcome == Outcome::unknown) == !verdict.unknown_because.empty());
    CHECK(verdict.may_ship() == (verdict.outcome == Outcome::clean));
    return joined(verdict.unknown_because, "\n");
}

const std::string one_waiver = R"(exceptions:
  - id: CVE-1
    reason: not called
    owner: me
    review_by: 2026-11-23
)";

}  // namespace

TEST_CASE("an image is clean if both scanners scanned it and nothing blocks") {
    CHECK(judged(image_with({}, {}), {}).outcome == Outcome::clean);
    const Verdict verdict = judged(image_with({found(trivy, "CVE-1", "a", Severity::low)}, {}), {});
    CHECK(verdict.outcome == Outcome::clean);
    CHECK(ids_of(verdict.reported) == "CVE-1");
}

TEST_CASE("the gate: medium and above, with a fix, reported by either scanner") {
    const Verdict verdict = judged(image_with({found(trivy, "CVE-1", "a", Severity::medium),
                                               found(trivy, "CVE-2", "a", Severity::critical, FixState::none),
                                               found(trivy, "CVE-3", "a", Severity::low)},
                                              {found(grype, "CVE-4", "a", Severity::high)}),
                                   {});
    CHECK(verdict.outcome == Outcome::vulnerable);
    CHECK(ids_of(verdict.blocking) == "CVE-4 CVE-1");
    CHECK(ids_of(verdict.reported) == "CVE-2 CVE-3");
}

TEST_CASE("the gate can be configured") {
    const Subject image = image_with(
        {found(trivy, "CVE-1", "a", Severity::medium), found(trivy, "CVE-2", "a", Severity::critical, FixState::none)},
        {});
    CHECK(ids_of(judged(image, policy_of("gate: {severity: high}")).blocking).empty());
    CHECK(ids_of(judged(image, policy_of("gate: {only_fixed: false}")).blocking) == "CVE-2 CVE-1");
}

TEST_CASE("a fix or a high severity reported by one scanner is enough") {
    const Verdict verdict = judged(image_with({found(trivy, "CVE-1", "a", Severity::low, FixState::fixed)},
                                              {found(grype, "CVE-1", "a", Severity::high, FixState::none)}),
                                   {});
    CHECK(ids_of(verdict.blocking) == "CVE-1");
}

TEST_CASE("a missing scan or one of another image is not clean") {
    const Digest other = sha256("other");
    const std::string theirs(other.brief());
    const std::string manifest(the_manifest.brief());
    const std::string config(the_config.brief());
    /// A change to Grype's scan of a clean image, and why the verdict is unknown then.
    struct Fault {
        std::function<void(Receipt&, std::optional<Report>&)> put;
        std::string reason;
    };
    const std::vector<Fault> faults = {
        {[](Receipt& receipt, std::optional<Report>& report) {
             receipt.failure = "the report is empty";
             report.reset();
         },
         "grype: the report is empty"},
        {[](Receipt& receipt, auto&) { receipt.exit_code = 2; }, "grype ended with exit code 2"},
        {[](Receipt&, auto& report) { report.reset(); }, "grype left no report"},
        {[&](Receipt& receipt, auto&) { receipt.manifest = other; },
         "grype was given the image " + theirs + ", not " + manifest},
        {[&](Receipt& receipt, auto&) { receipt.config = other; },
         "grype was given the configuration " + theirs + ", not " + config},
        {[](Receipt& receipt, auto&) { receipt.architecture = "arm64"; },
         "grype was given an image for arm64, not for amd64"},
        {[&](Receipt&, auto& report) { report->manifest = other; },
         "grype reports on the image " + theirs + ", not on " + manifest},
        {[](Receipt&, auto& report) { report->manifest.reset(); },
         "grype reports on the image none, not on " + manifest},
        {[&](Receipt&, auto& report) { report->config = other; },
         "grype reports on the configuration " + theirs + ", not on " + config},
        {[](Receipt&, auto& report) { report->architecture = "arm64"; },
         "grype reports on an image for arm64, not for amd64"},
        {[](Receipt&, auto& report) { report->os_family.clear(); },
         "grype recognised no operating system in the image, so it looked up no Debian package"},
        {[](Receipt& receipt, auto&) { receipt.packages = 0; }, "grype counted no packages in the image"},
        {[](Receipt& receipt, auto&) { receipt.database_date = noon - std::chrono::hours(49); },
         "grype used a database of 2026-11-21T11:00:00Z, 49 hours old; at most 48 hours are allowed"},
        {[](Receipt& receipt, auto&) { receipt.database_date.reset(); }, "grype does not say how old its database is"},
        {[](Receipt&, auto& report) { report->hidden_by = {"only-fixed"}; },
         "grype was configured to hide findings from its report by: only-fixed"},
        {[](Receipt& receipt, auto& report) {
             receipt.scanner_version = "0.1";
             report->scanner_version = "0.2";
         },
         "grype is 0.1 by its receipt and 0.2 by its report"},
        {[](Receipt&, auto& report) { report->system_fault = "lists no packages of debian"; },
         "grype lists no packages of debian"},
        {[](Receipt&, auto& report) { report->database_fault = "checksum mismatch"; },
         "grype says of its database: checksum mismatch"},
    };
    for (const Fault& fault : faults) {
        Subject image = image_with({}, {});
        fault.put(image.scans[1].receipt, image.scans[1].report);
        CHECK(why_unknown(image) == fault.reason);
    }
    Subject image = image_with({}, {});
    image.scans[0].report->scanner_version = "0.69.4";
    CHECK(why_unknown(image) == "trivy 0.69.4 is a release that was tampered with");
    image.scans.pop_back();
    image.scans[0].report->scanner_version = "";
    CHECK(why_unknown(image) == "grype has not looked at the image");
    image.scans.clear();
    CHECK(why_unknown(image) == "trivy has not looked at the image\ngrype has not looked at the image");
}

TEST_CASE("an operating system without a release, or with two different names, gives an unknown verdict") {
    struct Pair {
        std::string trivy_family, trivy_release, grype_family, grype_release;
        std::string reason;  ///< empty if the systems match
    };
    const std::vector<Pair> pairs = {
        {"debian", "12.15", "debian", "12", ""},
        {"alpine", "3.19.1", "alpine", "3.19.1", ""},
        {"amazon", "2 (Karoo)", "amazonlinux", "2", ""},
        {"redhat", "9.4", "rhel", "9.4", ""},
        {"rocky", "9.4", "rockylinux", "9.4", ""},
        {"debian", "trixie/sid", "debian", "13", "trivy does not say which release of debian it saw (\"trixie/sid\")"},
        {"debian", "13", "debian", "", "grype does not say which release of debian it saw"},
        {"debian", "12.15", "debian", "11", "trivy saw debian 12.15 in the image and grype saw debian 11"},
        {"debian", "12", "ubuntu", "22.04", "trivy saw debian 12 in the image and grype saw ubuntu 22.04"},
        {"ubuntu", "22.04", "ubuntu", "22.10", "trivy saw ubuntu 22.04 in the image and grype saw ubuntu 22.10"},
    };
    for (const Pair& pair : pairs) {
        Subject image = image_with({}, {});
        image.scans[0].report->os_family = pair.trivy_family;
        image.scans[0].report->os_version = pair.trivy_release;
        image.scans[1].report->os_family = pair.grype_family;
        image.scans[1].report->os_version = pair.grype_release;
        INFO(pair.trivy_family << " " << pair.trivy_release << ", " << pair.grype_family << " " << pair.grype_release);
        const std::string why = why_unknown(image);
        CHECK(why.empty() == pair.reason.empty());
        CHECK(why.find(pair.reason) != std::string::npos);
    }
}

TEST_CASE("end of life: unknown if both scanners say so, otherwise a warning; not during long-term support") {
    Subject image = image_with({}, {});
    for (ScanResult& scan : image.scans) scan.report->os_version = "10";
    image.scans[0].report->end_of_life = "debian 10 is not supported";
    CHECK(judged(image, {}).outcome == Outcome::clean);
    CHECK(judged(image, {}).warnings ==
          std::vector<std::string>{"debian 10 is past its end of life, where vulnerabilities may not be reported any "
                                   "more (trivy: debian 10 is not supported)"});
    Policy without_grype;
    without_grype.pauses = {{grype, "down", "me", today, {"p", 1}}};
    image.scans.pop_back();
    CHECK(judged(image, without_grype).outcome == Outcome::unknown);
    image.scans.push_back(scan_of(grype, {}));
    image.scans[1].report->os_version = "10";
    image.scans[1].report->end_of_life = "end-of-life distro: debian 10";
    CHECK(why_unknown(image) ==
          "debian 10 is past its end of life: nothing is reported for it any more, so finding nothing means nothing "
          "(trivy: debian 10 is not supported; grype: end-of-life distro: debian 10)");
    for (ScanResult& scan : image.scans) scan.report->os_version = "12";
    CHECK(judged(image, {}).outcome == Outcome::clean);
    REQUIRE(judged(image, {}).warnings.size() == 1);
    CHECK(judged(image, {}).warnings[0].starts_with("debian 12 has only long-term support, until 2028-06-30"));
}

TEST_CASE("an unrated finding has the severity of the policy, and a not affected one never blocks") {
    const Subject unrated = image_with({found(trivy, "CVE-1", "a", Severity::unknown)}, {});
    CHECK(ids_of(judged(unrated, {}).blocking) == "CVE-1");
    CHECK(judged(unrated, {}).blocking[0].severity == Severity::unknown);
    CHECK(ids_of(judged(unrated, policy_of("gate: {unknown_severity: low}")).reported) == "CVE-1");
    CHECK(ids_of(judged(unrated, policy_of("gate: {severity: high}")).reported) == "CVE-1");
    CHECK(ids_of(judged(unrated, policy_of("gate: {severity: high, unknown_severity: critical}")).blocking) == "CVE-1");
    const Finding not_affected = found(trivy, "CVE-1", "a", Severity::high, FixState::not_affected);
    const Policy strict = policy_of("gate: {only_fixed: false}");
    CHECK(ids_of(judged(image_with({not_affected}, {}), strict).reported) == "CVE-1");
    const Finding affected = found(grype, "CVE-1", "a", Severity::high, FixState::none);
    CHECK(ids_of(judged(image_with({not_affected}, {affected}), strict).blocking) == "CVE-1");
}

TEST_CASE("a report above the age limit does not count; one without a database is a warning") {
    Subject image = image_with({}, {});
    image.scans[0].report->created = noon - std::chrono::days(7);
    CHECK(judged(image, {}).outcome == Outcome::clean);
    image.scans[0].report->created = noon - std::chrono::days(7) - std::chrono::hours(1);
    CHECK(why_unknown(image) ==
          "trivy made its report on 2026-11-16T11:00:00Z, 169 hours old; at most 168 hours are allowed");
    CHECK(judge(image, {}, noon, std::chrono::hours(1000)).outcome == Outcome::clean);
    Subject bare = image_with({}, {});
    for (ScanResult& scan : bare.scans) {
        scan.receipt.bare = true;
        scan.receipt.database_date.reset();
        scan.report->created = noon;
    }
    bare.scans[0].report->packages = 1;
    CHECK(judged(bare, {}).warnings == std::vector<std::string>{"grype does not say how old its database is"});
}

TEST_CASE("what a report holds and is not judged is counted") {
    Subject image = image_with({}, {});
    image.scans[0].report->not_judged = {{"misconfiguration", 1}, {"licence", 12}};
    CHECK(judged(image, {}).warnings ==
          std::vector<std::string>{"trivy reports 12 licences, which are not judged here",
                                   "trivy reports 1 misconfiguration, which is not judged here"});
}

TEST_CASE("a Debian package has no path, although Grype lists dpkg's files") {
    Finding perl = found(grype, "CVE-1", "perl-base", Severity::high);
    perl.paths = {"/usr/share/doc/perl-base/copyright", "/var/lib/dpkg/status"};
    const Subject image = image_with({}, {perl});
    CHECK(judged(image, policy_of("scopes: [{id: s, paths: ['/usr/share/**'], reason: r}]")).outcome ==
          Outcome::vulnerable);
    CHECK(judged(image, policy_of("exceptions: [{id: CVE-1, paths: ['/usr/**'], reason: r, owner: me}]")).outcome ==
          Outcome::vulnerable);
}

TEST_CASE("a database of exactly the allowed age is accepted") {
    Subject image = image_with({}, {});
    image.scans[0].receipt.database_date = noon - std::chrono::hours(48);
    CHECK(judged(image, {}).outcome == Outcome::clean);
    image.scans[0].receipt.database_date = noon - std::chrono::hours(48) - std::chrono::seconds(1);
    CHECK(judged(image, {}).outcome == Outcome::unknown);
    CHECK(judge(image, {}, noon, std::chrono::hours::max()).outcome == Outcome::clean);
    image.scans[0].receipt.database_date.reset();
    CHECK(judge(image, {}, noon, std::chrono::hours::max()).outcome == Outcome::unknown);
}

TEST_CASE("a database with a future date has an unknown age") {
    Subject image = image_with({}, {});
    image.scans[1].receipt.database_date = noon + std::chrono::hours(24);
    CHECK(judged(image, {}).outcome == Outcome::clean);
    image.scans[1].receipt.database_date = *parse_time("2099-01-01T00:00:00Z");
    CHECK(why_unknown(image) ==
          "grype used a database of 2099-01-01T00:00:00Z, which is yet to come: its age is not known");
}

TEST_CASE("findings are kept if the verdict is unknown, but not those of another image") {
    Subject image =
        image_with({found(trivy, "CVE-1", "a", Severity::high)}, {found(grype, "CVE-2", "a", Severity::high)});
    image.scans[1].receipt.exit_code = 1;
    Verdict verdict = judged(image, {});
    CHECK(verdict.outcome == Outcome::unknown);
    CHECK(ids_of(verdict.blocking) == "CVE-1 CVE-2");
    image.scans[1].report->config = sha256("other");
    CHECK(ids_of(judged(image, {}).blocking) == "CVE-1");
}

TEST_CASE("a scan of an SBOM counts if the receipt binds the SBOM to the image") {
    Subject image = image_with({}, {});
    const Digest sbom = sha256("sbom");
    Report& report = *image.scans[0].report;
    report.of_sbom = true;
    report.config = sbom;
    CHECK(why_unknown(image) == "trivy reports on an SBOM that no receipt binds to the image");
    image.scans[0].receipt.sbom = sbom;
    CHECK_FALSE(why_unknown(image).empty());  // the image was scanned, not its SBOM
    image.scans[0].receipt.of_sbom = true;
    CHECK(why_unknown(image).empty());
    image.scans[0].receipt.sbom = sha256("another");
    CHECK(why_unknown(image) == "trivy reports on " + std::string(sbom.brief()) +
                                    ", neither the image's configuration " + std::string(image.config.brief()) +
                                    " nor its SBOM " + std::string(sha256("another").brief()));
    report.config = image.config;
    CHECK(why_unknown(image).empty());
    report.config = sbom;
    image.scans[0].receipt.sbom = sbom;
    image.scans[1].receipt.sbom = sha256("grype's");
    image.scans[1].receipt.of_sbom = true;
    image.scans[1].report->config.reset();  // Grype reports a short id there
    CHECK(why_unknown(image).empty());
    image.scans[1].report->manifest = sha256("other");
    CHECK_FALSE(why_unknown(image).empty());
}

TEST_CASE("two bare reports of one image make a verdict, without counted packages or known ages") {
    Subject image = image_with({found(trivy, "CVE-1", "a", Severity::low)}, {});
    for (ScanResult& scan : image.scans) {
        scan.receipt.bare = true;
        scan.receipt.packages = 0;
        scan.receipt.database_date.reset();
    }
    CHECK(why_unknown(image).empty());
    image.scans[0].report->packages = 0;
    CHECK(why_unknown(image) == "trivy counted no packages in the image\ngrype counted no packages in the image");
}

TEST_CASE("one scanner may be paused until a day, with a warning; not both") {
    const std::string pause = "  - {scanner: grype, reason: down, owner: me, until: 2026-11-23}\n";
    Subject image = image_with({}, {});
    image.scans.pop_back();
    const Verdict verdict = judged(image, policy_of("pauses:\n" + pause));
    CHECK(verdict.outcome == Outcome::clean);
    REQUIRE(verdict.paused.size() == 1);
    CHECK(verdict.paused[0].owner == "me");
    CHECK(judge(image, policy_of("pauses:\n" + pause), noon + std::chrono::hours(24), std::chrono::hours::max())
              .outcome == Outcome::unknown);
    const std::string other = "  - {scanner: trivy, reason: down, owner: me, until: 2026-11-23}\n";
    CHECK(why_unknown(image, policy_of("pauses:\n" + pause + other)) ==
          "all scanners are paused, so the image was not scanned");
}

TEST_CASE("a verdict records sample data and stand-in bases") {
    Subject image = image_with({}, {});
    image.stand_in_bases = true;
    image.scans[0].receipt.sample_data = true;
    const Verdict verdict = judged(image, {});
    CHECK(verdict.stand_in_bases);
    CHECK(verdict.sample_data);
}

TEST_CASE("a waiver matches any id of a vulnerability, for both scanners") {
    Finding finding = found(grype, "CVE-1", "a", Severity::high);
    finding.aliases = {"GHSA-1"};
    const Subject image = image_with({found(trivy, "CVE-1", "a", Severity::high)}, {finding});
    for (const std::string id : {"CVE-1", "GHSA-1"}) {
        const Verdict verdict = judged(image, policy_of("exceptions: [{id: " + id + ", reason: r, owner: me}]"));
        CHECK(verdict.outcome == Outcome::clean);
        REQUIRE(ids_of(verdict.waived) == "CVE-1");
        CHECK(verdict.waived[0].waiver.owner == "me");
    }
    CHECK(judged(image, policy_of("exceptions: [{id: X, aliases: [GHSA-1], reason: r, owner: me}]")).outcome ==
          Outcome::clean);
    CHECK(judged(image, policy_of("exceptions: [{id: CVE-2, reason: r, owner: me}]")).outcome == Outcome::vulnerable);
}

TEST_CASE("an exception for a Debian advisory covers nothing and is a warning") {
    Finding finding = found(trivy, "CVE-1", "a", Severity::high);
    finding.advisories = {"DSA-1"};
    const Policy policy = policy_of("exceptions: [{id: DSA-1, reason: r, owner: me, review_by: 2027-01-01}]");
    const Verdict verdict = judged(image_with({finding}, {}), policy);
    CHECK(verdict.outcome == Outcome::vulnerable);
    CHECK(render_problems(check_waivers(policy, {verdict}, today, Judged::some_images)) ==
          "vulnerability-policy.yml:1: warning: the exception for DSA-1 covers nothing: an advisory may stand for "
          "several vulnerabilities\n  hint: name the vulnerability: CVE-1\n");
}

TEST_CASE("an exception for a target covers no image without a target, and is a warning") {
    const Policy policy =
        policy_of("exceptions: [{id: CVE-1, targets: [production], reason: r, owner: me, review_by: 2027-01-01}]");
    Subject image = image_with({found(trivy, "CVE-1", "a", Severity::high)}, {});
    image.target = "";
    const Verdict verdict = judged(image, policy);
    CHECK(verdict.outcome == Outcome::vulnerable);
    CHECK(render_problems(check_waivers(policy, {verdict}, today, Judged::unknown_targets)) ==
          "vulnerability-policy.yml:1: warning: the exception for CVE-1 is for targets: [production], and nothing says "
          "here which target the image is\n  hint: omit targets where images have none\n");
}

TEST_CASE("accepting one CVE does not accept another of the same advisory") {
    Finding one = found(trivy, "CVE-1", "a", Severity::high);
    Finding two = found(trivy, "CVE-2", "a", Severity::high);
    one.aliases = two.aliases = {"GHSA-1"};
    Finding both = found(grype, "CVE-3", "b", Severity::high);
    both.aliases = {"ALAS-1", "CVE-4"};
    const Subject image = image_with({one, two}, {both});
    const auto waived = [&](const std::string& names) {
        return ids_of(judged(image, policy_of("exceptions: [{reason: r, owner: me, " + names + "}]")).waived);
    };
    CHECK(waived("id: CVE-1, aliases: [GHSA-1]") == "CVE-1");
    CHECK(waived("id: GHSA-1") == "CVE-1 CVE-2");  // the advisory itself is accepted
    CHECK(waived("id: CVE-4").empty());
    CHECK(waived("id: CVE-4, aliases: [CVE-3]") == "CVE-3");
    Problems warnings;
    const Policy pasted =
        parse_policy("exceptions:\n" + render_waiver(one, today) + render_waiver(both, today), "p", warnings);
    CHECK(ids_of(judged(image, pasted).waived) == "CVE-1 CVE-3");
}

TEST_CASE("a waiver for a version does not cover another version in the same program") {
    const auto crate = [](Scanner scanner, const std::string& version) {
        Finding finding = found_at(scanner, "CVE-1", "hashbrown", Severity::high, "/usr/local/bin/uv");
        finding.version = finding.reported_by[0].version = version;
        return finding;
    };
    const Policy policy =
        policy_of("exceptions: [{id: CVE-1, component: hashbrown, version: 0.12.3, reason: r, owner: me}]");
    const Subject twice = image_with({crate(trivy, "0.12.3"), crate(trivy, "0.14.0")}, {crate(grype, "0.12.3")});
    REQUIRE(judged(twice, policy).blocking.size() == 1);
    CHECK(judged(twice, policy).blocking[0].version == "0.12.3, 0.14.0");
    CHECK(judged(image_with({crate(trivy, "0.12.3")}, {crate(grype, "0.12.3")}), policy).outcome == Outcome::clean);
    const Subject spelled = image_with({crate(trivy, "0.12.3")}, {crate(grype, "v0.12.3")});
    CHECK(judged(spelled, policy).outcome == Outcome::clean);
    CHECK(judged(spelled, {}).blocking[0].version == "0.12.3");
}

TEST_CASE("a waiver can be limited to a version, path, target or source package") {
    Finding finding = found_at(grype, "CVE-1", "a", Severity::high, "/usr/lib/a");
    finding.reported_by[0].upstreams = {"source"};
    const Subject image = image_with({}, {finding});
    const auto outcome = [&](const std::string& narrowed) {
        return judged(image, policy_of("exceptions: [{id: CVE-1, reason: r, owner: me, " + narrowed + "}]")).outcome;
    };
    CHECK(outcome("component: a, version: '1.0'") == Outcome::clean);
    CHECK(outcome("component: a, version: '2.0'") == Outcome::vulnerable);
    CHECK(outcome("component: source") == Outcome::clean);
    CHECK(outcome("paths: ['/usr/**']") == Outcome::clean);
    CHECK(outcome("paths: ['/opt/**']") == Outcome::vulnerable);
    CHECK(outcome("targets: [production]") == Outcome::clean);
    CHECK(outcome("targets: [development]") == Outcome::vulnerable);
}

TEST_CASE("an exception for one secret does not cover another in the same file") {
    std::vector<Finding> secrets;
    for (const int line : {3, 9}) {
        secrets.push_back(found_at(trivy, "aws-access-key-id", "", Severity::critical, "/app/.env"));
        secrets.back().kind = FindingKind::secret;
        secrets.back().line = line;
    }
    const std::string entry =
        "exceptions: [{id: aws-access-key-id, reason: r, owner: me, review_by: 2027-01-01, paths: [";
    const Verdict one = judged(image_with(secrets, {}), policy_of(entry + "/app/.env], line: 3}]"));
    REQUIRE(one.waived.size() == 1);
    CHECK(one.waived[0].finding.line == 3);
    REQUIRE(one.blocking.size() == 1);
    CHECK(one.blocking[0].line == 9);
    CHECK(judged(image_with(secrets, {}), policy_of(entry + "/app/.env]}]")).waived.size() == 2);
    // If the secret has moved, the exception covers nothing and is reported as unused.
    const Policy moved = policy_of(entry + "/app/.env], line: 4}]");
    const Verdict verdict = judged(image_with(secrets, {}), moved);
    CHECK(verdict.blocking.size() == 2);
    CHECK(render_problems(check_waivers(moved, {verdict}, today)).find("matches nothing") != std::string::npos);
    // The suggested exception covers only this one.
    const Policy pasted = policy_of("exceptions:\n" + render_waiver(secrets[0], today));
    CHECK(judged(image_with(secrets, {}), pasted).waived.size() == 1);
}

TEST_CASE("a secret blocks at any severity, also without a policy and in scopes, until it is waived") {
    Finding secret = found_at(trivy, "private-key", "", Severity::low, "/app/key.pem");
    secret.kind = FindingKind::secret;
    secret.fix = FixState::unknown;
    const Subject image = image_with({secret}, {});
    CHECK(judged(image, {}).outcome == Outcome::vulnerable);
    CHECK(judged(image, policy_of("scopes: [{id: s, paths: ['/app/**'], reason: r}]")).outcome == Outcome::vulnerable);
    CHECK(judged(image, policy_of("exceptions: [{id: private-key, paths: ['/app/*'], reason: test key, owner: me}]"))
              .outcome == Outcome::clean);
}

TEST_CASE("G9: a waiver until the base is rebuilt ends when a newer base exists or is used, and is reported then") {
    const Policy policy =
        policy_of("exceptions: [{id: CVE-1, reason: r, owner: me, added: 2026-11-20, until: base-rebuilt}]");
    Subject image = image_with({found(trivy, "CVE-1", "a", Severity::high)}, {});
    CHECK(judged(image, policy).outcome == Outcome::clean);
    image.base_created = *parse_time("2026-11-20T23:00:00Z");
    CHECK(judged(image, policy).outcome == Outcome::clean);
    CHECK(check_waivers(policy, {judged(image, policy)}, today).empty());
    image.base_created = *parse_time("2026-11-21T00:00:00Z");
    CHECK(judged(image, policy).outcome == Outcome::vulnerable);
    image.base_created.reset();
    image.base_rebuilt = true;
    CHECK(judged(image, policy).outcome == Outcome::vulnerable);
    image.base_created = *parse_time("2026-11-20T00:00:00Z");
    const Problems problems = check_waivers(policy, {judged(image, policy)}, today);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].at.line == 1);
    CHECK(problems[0].what == "the base was rebuilt, so the exception for CVE-1 no longer applies to 1 finding");
}

TEST_CASE("where no base is known a waiver until it is rebuilt has no end, and that is reported") {
    const Subject image = image_with({found(trivy, "CVE-1", "a", Severity::high)}, {});
    const std::string entry = "{id: CVE-1, reason: r, owner: me, added: 2026-11-20, until: base-rebuilt";
    const Policy endless = policy_of("exceptions: [" + entry + "}]");
    CHECK(render_problems(check_waivers(endless, {judged(image, endless)}, today)) ==
          "vulnerability-policy.yml:1: warning: the exception for CVE-1 has no end here, where it is not known when "
          "the base was rebuilt\n  hint: add review_by, the last day on which it holds\n");
    CHECK(check_waivers(endless, {}, today).empty());
    const Policy dated = policy_of("exceptions: [" + entry + ", review_by: 2027-01-01}]");
    CHECK(check_waivers(dated, {judged(image, dated)}, today).empty());
}

TEST_CASE("G1: every finding is in the verdict exactly once") {
    const auto all = [](Scanner scanner) {
        return std::vector<Finding>{found(scanner, "CVE-1", "a", Severity::high),
                                    found(scanner, "CVE-2", "a", Severity::high),
                                    found(scanner, "CVE-3", "a", Severity::low)};
    };
    const Verdict verdict = judged(image_with(all(trivy), all(grype)), policy_of(one_waiver));
    CHECK(ids_of(verdict.blocking) == "CVE-2");
    CHECK(ids_of(verdict.waived) == "CVE-1");
    CHECK(ids_of(verdict.reported) == "CVE-3");
}

TEST_CASE("G5: a waiver covers its component, and is used if it matches an unfixed finding") {
    const Policy policy = policy_of(R"(exceptions:
  - {id: CVE-1, component: libssl3, reason: r, owner: me, review_by: 2027-01-01}
)");
    CHECK(judged(image_with({found(trivy, "CVE-1", "libssl3", Severity::high)}, {}), policy).outcome == Outcome::clean);
    CHECK(judged(image_with({found(trivy, "CVE-1", "curl", Severity::high)}, {}), policy).outcome ==
          Outcome::vulnerable);
    for (const FixState fix : {FixState::none, FixState::fixed}) {
        for (const Severity severity : {Severity::low, Severity::high}) {
            const Verdict verdict = judged(image_with({found(trivy, "CVE-1", "libssl3", severity, fix)}, {}), policy);
            CHECK(check_waivers(policy, {verdict}, today).empty());
        }
    }
}

TEST_CASE("G6: a scope applies to all locations of a package, and aliases are transitive") {
    const Policy policy =
        policy_of("scopes: [{id: npm, paths: ['/usr/lib/npm/**'], reason: r, review_by: 2027-01-01}]");
    Finding finding = found_at(grype, "CVE-1", "a", Severity::high, "/elsewhere/package.json");
    CHECK(judged(image_with({}, {finding}), policy).outcome == Outcome::vulnerable);
    finding.paths.push_back("/usr/lib/npm/package.json");
    CHECK(judged(image_with({}, {finding}), policy).outcome == Outcome::clean);
    finding.severity = Severity::critical;
    finding.reported_by[0].severity = Severity::critical;
    CHECK(judged(image_with({}, {finding}), policy).outcome == Outcome::vulnerable);
}

TEST_CASE("G7: a waiver applies until the end of its last day, UTC") {
    const Subject image = image_with({found(trivy, "CVE-1", "a", Severity::high)}, {});
    const auto outcome_at = [&](const Policy& policy, const std::string& time) {
        return judge(image, policy, *parse_time(time), std::chrono::hours::max()).outcome;
    };
    const Policy policy = policy_of(one_waiver);
    CHECK(outcome_at(policy, "2026-11-23T23:59:59Z") == Outcome::clean);
    CHECK(outcome_at(policy, "2026-11-24T00:00:00Z") == Outcome::vulnerable);
    CHECK(outcome_at(policy, "2026-11-24T01:00:00+02:00") == Outcome::clean);
    const Policy scope = policy_of("scopes: [{id: s, packages: [a], reason: r, review_by: 2026-11-23}]");
    CHECK(outcome_at(scope, "2026-11-23T23:59:59Z") == Outcome::clean);
    CHECK(outcome_at(scope, "2026-11-24T00:00:00Z") == Outcome::vulnerable);
}

TEST_CASE("a finding suppressed only by a scanner's built-in rule is shown and does not block") {
    Subject image = image_with({}, {});
    Finding hidden = found(grype, "CVE-1", "linux-libc-dev", Severity::high);
    hidden.ignored_because = "grype suppressed it by a built-in rule (linux-libc-dev)";
    image.scans[1].report->ignored = {hidden};
    Verdict verdict = judged(image, {});
    CHECK(verdict.outcome == Outcome::clean);
    CHECK(ids_of(verdict.suppressed) == "CVE-1");
    image.scans[0].report->findings = {found(trivy, "CVE-1", "linux-libc-dev", Severity::high)};
    verdict = judged(image, {});
    CHECK(verdict.suppressed.empty());
    REQUIRE(ids_of(verdict.blocking) == "CVE-1");
    CHECK(verdict.blocking[0].ignored_because == hidden.ignored_because);
}

TEST_CASE("in real reports of one image, medium and higher findings with a fix block") {
    const Report by_trivy = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    const Report by_grype = parse_grype_report(fixture("grype.json"), "grype.json");
    Subject image = image_with({}, {});
    image.scans[0].report = by_trivy;
    image.scans[1].report = by_grype;
    const Verdict verdict = judged(image, {});
    CHECK(verdict.outcome == Outcome::vulnerable);
    CHECK(ids_of(verdict.blocking) ==
          "CVE-2026-0001 CVE-2026-0006 CVE-2026-0007 GHSA-gggg-hhhh-jjjj CVE-2026-0002 CVE-2026-0005");
    CHECK(ids_of(verdict.reported) == "CVE-2026-0003 CVE-2026-0004 TEMP-0000001-ABCDEF");
    CHECK(ids_of(verdict.suppressed) == "CVE-2026-0008");
}

TEST_CASE("adding a waiver never adds a blocking finding") {
    std::mt19937 random(GENERATE(range(1U, 40U)));
    const auto pick = [&](const std::vector<std::string>& words) { return words[random() % words.size()]; };
    std::vector<Finding> by[2];
    for (const Scanner scanner : {trivy, grype}) {
        for (int i = 0; i < 12; ++i) {
            const auto severity = static_cast<Severity>(random() % 6);
            const auto fix = static_cast<FixState>(random() % 4);
            by[scanner == grype ? 1 : 0].push_back(
                found(scanner, pick({"CVE-1", "CVE-2", "GHSA-1"}), pick({"a", "b"}), severity, fix));
        }
    }
    const Subject image = image_with(by[0], by[1]);
    Policy policy;
    std::set<std::string> blocking;
    for (const Finding& finding : judged(image, policy).blocking) blocking.insert(finding.key());
    for (int i = 0; i < 6; ++i) {
        Waiver waiver;
        waiver.id = pick({"CVE-1", "CVE-2", "GHSA-1", "CVE-9"});
        if (random() % 2 == 0) waiver.package = pick({"a", "b"});
        if (random() % 4 == 0) waiver.review_by = today - std::chrono::days(1);
        policy.waivers.push_back(waiver);
        std::set<std::string> now;
        for (const Finding& finding : judged(image, policy).blocking) now.insert(finding.key());
        CHECK(std::includes(blocking.begin(), blocking.end(), now.begin(), now.end()));
        blocking = now;
    }
}

TEST_CASE("a run has the outcome of its worst image, and is unknown without images") {
    const Outcome clean = judged(image_with({}, {}), {}).outcome;
    const Outcome vulnerable = judged(image_with({found(trivy, "CVE-1", "a", Severity::high)}, {}), {}).outcome;
    Subject unscanned = image_with({}, {});
    unscanned.scans.clear();
    const Outcome unknown = judged(unscanned, {}).outcome;
    CHECK(judge_run({}) == Outcome::unknown);
    CHECK(judge_run({clean, clean}) == Outcome::clean);
    CHECK(judge_run({clean, vulnerable}) == Outcome::vulnerable);
    CHECK(judge_run({vulnerable, unknown, clean}) == Outcome::unknown);
}

TEST_CASE("entries that ended, will end, did nothing or say the same twice are reported, with their line") {
    const Policy policy = policy_of(R"(scopes:
  - {id: old, paths: ["/x/**"], reason: r, review_by: 2026-11-01}
  - {id: dateless, packages: [a], reason: r}
  - {id: idle, paths: ["/nowhere/**"], reason: r, review_by: 2027-01-01}
exceptions:
  - {id: CVE-1, reason: r, owner: me, review_by: 2026-11-22}
  - {id: CVE-2, reason: r, owner: me, review_by: 2026-11-23}
  - {id: CVE-3, reason: r, owner: me, review_by: 2026-12-07}
  - {id: CVE-4, reason: r, owner: me, review_by: 2026-12-08}
  - {id: CVE-5, reason: r, owner: me}
  - {id: CVE-6, reason: r, owner: me, review_by: 2027-01-01}
  - {id: CVE-4, reason: again, owner: me, review_by: 2027-01-01}
pauses:
  - {scanner: grype, reason: down, owner: me, until: 2026-11-22}
)");
    std::vector<Finding> by_trivy;
    for (const char* id : {"CVE-1", "CVE-2", "CVE-3", "CVE-4", "CVE-5"})
        by_trivy.push_back(found(trivy, id, "a", Severity::critical));
    by_trivy.push_back(found(trivy, "CVE-1", "b", Severity::low));
    const Verdict verdict = judged(image_with(by_trivy, {}), policy);
    CHECK(ids_of(verdict.blocking) == "CVE-1");
    CHECK(render_problems(check_waivers(policy, {verdict}, today)) ==
          R"(vulnerability-policy.yml:2: warning: the scope "old" ended on 2026-11-01 and no longer applies
  hint: decide again with a new date, or remove it
vulnerability-policy.yml:3: warning: the scope "dateless" has no date, so it is never reviewed
  hint: add review_by, the last day on which it holds
vulnerability-policy.yml:4: warning: the scope "idle" matches nothing in any image
  hint: remove it
vulnerability-policy.yml:6: warning: the exception for CVE-1 ended on 2026-11-22 and no longer applies; it would cover 2 findings
  hint: decide again with a new date, or remove it
vulnerability-policy.yml:7: warning: the exception for CVE-2 holds for the last time today (2026-11-23)
  hint: decide again with a new date, or remove it
vulnerability-policy.yml:8: warning: the exception for CVE-3 ends in 14 days, after 2026-12-07
  hint: decide again with a new date, or remove it
vulnerability-policy.yml:10: warning: the exception for CVE-5 has no date, so it is never reviewed
  hint: add review_by, the last day on which it holds
vulnerability-policy.yml:11: warning: the exception for CVE-6 matches nothing in any image
  hint: remove it
vulnerability-policy.yml:12: warning: the exception for CVE-4 is already in vulnerability-policy.yml:9, with another date
  hint: keep one of the two: the later date holds as long as both are there
vulnerability-policy.yml:14: warning: the pause of grype ended on 2026-11-22: it counts again
  hint: remove the entry
)");
}

TEST_CASE("no entry is reported as unused with an invalid scan or a paused scanner; some images give a notice") {
    const Policy policy = policy_of("exceptions: [{id: CVE-1, reason: r, owner: me, review_by: 2027-01-01}]");
    Subject image = image_with({}, {});
    CHECK(check_waivers(policy, {judged(image, policy)}, today).size() == 1);
    CHECK(check_waivers(policy, {}, today).empty());
    CHECK(render_problems(check_waivers(policy, {judged(image, policy)}, today, Judged::some_images)) ==
          "vulnerability-policy.yml:1: note: the exception for CVE-1 matches nothing in what was judged here\n"
          "  hint: remove it, unless another image needs it\n");
    image.scans[0].receipt.exit_code = 1;
    CHECK(check_waivers(policy, {judged(image, policy)}, today).empty());
    Policy paused = policy;
    paused.pauses = {{grype, "down", "me", today, {"p", 1}}};
    image.scans[0].receipt.exit_code = 0;
    CHECK(render_problems(check_waivers(paused, {judged(image, paused)}, today)) ==
          "p:1: warning: grype is off until 2026-11-23 (me, down): what only it sees is not known\n"
          "  hint: remove the entry as soon as it works again\n");
}

TEST_CASE("an entry used in one image of the run is not unused") {
    const Policy policy = policy_of("exceptions: [{id: CVE-1, reason: r, owner: me, review_by: 2027-01-01}]");
    const Verdict with = judged(image_with({found(trivy, "CVE-1", "a", Severity::high)}, {}), policy);
    const Verdict without = judged(image_with({}, {}), policy);
    CHECK(check_waivers(policy, {without, with}, today).empty());
}
