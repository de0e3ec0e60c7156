// The decision, and the only place where it is made.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "base/text.h"
#include "plan/plan.h"
#include "verdict/verdict.h"

namespace {

// Whether a scan counts (ARCHITECTURE.md, rule 1): one that did not happen must never read as "nothing found" --------

std::string brief(const std::optional<Digest>& digest) {
    return digest ? std::string(digest->brief()) : "none";
}

/// "was given the image sha256:1…, not sha256:2…"
void check_same(const char* form, const std::optional<Digest>& found, const Digest& expected,
                std::vector<std::string>& reasons) {
    if (found != expected) reasons.push_back(fmt::format(fmt::runtime(form), brief(found), expected.brief()));
}

/// The receipt: what was given to the scanner, and how it ended.
void check_receipt(const Receipt& receipt, const Subject& subject, std::vector<std::string>& reasons) {
    if (receipt.exit_code != 0 && receipt.failure.empty())
        reasons.push_back(fmt::format("ended with exit code {}", receipt.exit_code));
    check_same("was given the image {}, not {}", receipt.manifest, subject.manifest, reasons);
    if (receipt.manifest == subject.manifest)
        check_same("was given the configuration {}, not {}", receipt.config, subject.config, reasons);
    if (!receipt.architecture.empty() && receipt.architecture != subject.architecture)
        reasons.push_back(
            fmt::format("was given an image for {}, not for {}", receipt.architecture, subject.architecture));
}

/// A scan of the scanner's own SBOM: where the image's configuration would stand, Trivy names the one that the SBOM
/// names (0.74), else the SBOM's own hash; Grype keeps the manifest.
void check_sbom(const Report& report, const Receipt& receipt, const Subject& subject,
                std::vector<std::string>& reasons) {
    if (!receipt.of_sbom || !receipt.sbom) {
        reasons.emplace_back("reports on an SBOM that no receipt binds to the image");
    } else if (report.scanner == Scanner::trivy && report.config && report.config != receipt.sbom &&
               report.config != subject.config) {
        reasons.push_back(fmt::format("reports on {}, neither the image's configuration {} nor its SBOM {}",
                                      brief(report.config), subject.config.brief(), receipt.sbom->brief()));
    } else if (report.manifest) {
        check_same("reports on the image {}, not on {}", report.manifest, subject.manifest, reasons);
    }
}

/// Whether the report says itself that it is about this image. Trivy takes the first image of a layout whatever
/// platform it is asked for.
void check_subject(const ScanResult& scan, const Subject& subject, std::vector<std::string>& reasons) {
    const Report& report = *scan.report;
    if (report.of_sbom || scan.receipt.of_sbom) return check_sbom(report, scan.receipt, subject, reasons);
    check_same("reports on the configuration {}, not on {}", report.config, subject.config, reasons);
    if (report.scanner == Scanner::grype)
        check_same("reports on the image {}, not on {}", report.manifest, subject.manifest, reasons);
    if (!report.architecture.empty() && !subject.architecture.empty() && report.architecture != subject.architecture)
        reasons.push_back(
            fmt::format("reports on an image for {}, not for {}", report.architecture, subject.architecture));
}

/// Without an operating system no Debian advisory applies, and both scanners still end with 0.
void check_substance(const Report& report, const Receipt& receipt, const Subject& subject,
                     std::vector<std::string>& reasons) {
    // Both scanners keep their data by the number of a release. A codename alone ("trixie/sid") is that of a release
    // that is not out: they know nothing about it.
    const bool is_release = !report.os_version.empty() && report.os_version[0] >= '0' && report.os_version[0] <= '9';
    if (report.os_family.empty()) {
        reasons.emplace_back("recognised no operating system in the image, so it looked up no Debian package");
    } else if (!is_release) {
        reasons.push_back(fmt::format("does not say which release of {} it saw{}, so it looked up no package of it",
                                      report.os_family,
                                      report.os_version.empty() ? "" : " (\"" + report.os_version + "\")"));
    } else if (!report.system_fault.empty()) {
        reasons.push_back(report.system_fault);
    }
    const bool counted = std::ranges::any_of(subject.scans, [](const ScanResult& scan) {
        return scan.receipt.bare && scan.report && scan.report->packages > 0;
    });
    if (receipt.packages == 0 && !(receipt.bare && counted)) reasons.emplace_back("counted no packages in the image");
    if (!report.hidden_by.empty()) {
        reasons.push_back("was configured to hide findings from its report by: " + joined(report.hidden_by, ", "));
    }
    constexpr std::array malicious = {"0.69.4", "0.69.5", "0.69.6"};  // Trivy (CVE-2026-33634)
    if (report.scanner == Scanner::trivy && std::ranges::find(malicious, report.scanner_version) != malicious.end())
        reasons.push_back(report.scanner_version + " is a release that was tampered with");
    if (!receipt.scanner_version.empty() && !report.scanner_version.empty() &&
        receipt.scanner_version != report.scanner_version) {
        reasons.push_back(
            fmt::format("is {} by its receipt and {} by its report", receipt.scanner_version, report.scanner_version));
    }
}

void check_age(const std::string& what, Time made, Time now, std::chrono::hours max_age,
               std::vector<std::string>& reasons) {
    // A day's difference is that of --today, which begins at midnight.
    if (made > now + std::chrono::days(1))
        reasons.push_back(fmt::format("{} {}, which is yet to come: its age is not known", what, render_time(made)));
    if (std::chrono::ceil<std::chrono::hours>(now - made) <= max_age) return;
    const auto age = std::chrono::duration_cast<std::chrono::hours>(now - made);
    reasons.push_back(fmt::format("{} {}, {} old; at most {} are allowed", what, render_time(made),
                                  counted(static_cast<std::size_t>(age.count()), "hour"),
                                  counted(static_cast<std::size_t>(max_age.count()), "hour")));
}

void check_database(const ScanResult& scan, Time now, std::chrono::hours max_age, std::vector<std::string>& reasons) {
    if (!scan.report->database_fault.empty()) reasons.push_back("says of its database: " + scan.report->database_fault);
    if (scan.report->created)
        check_age("made its report on", *scan.report->created, now, std::max(max_age, max_report_age), reasons);
    const std::optional<Time> date =
        scan.receipt.database_date ? scan.receipt.database_date : scan.report->database_date;
    if (date)
        check_age("used a database of", *date, now, max_age, reasons);
    else if (!scan.receipt.bare)
        reasons.emplace_back("does not say how old its database is");
}

/// One name for what the two scanners call differently.
std::string system_name(const std::string& family) {
    static const std::map<std::string, std::string, std::less<>> names = {{"rhel", "redhat"},
                                                                          {"rockylinux", "rocky"},
                                                                          {"almalinux", "alma"},
                                                                          {"ol", "oracle"},
                                                                          {"oraclelinux", "oracle"},
                                                                          {"amzn", "amazon"},
                                                                          {"amazonlinux", "amazon"},
                                                                          {"mariner", "cbl-mariner"},
                                                                          {"opensuse-leap", "opensuse"},
                                                                          {"opensuse.leap", "opensuse"},
                                                                          {"opensuse-tumbleweed", "opensuse"},
                                                                          {"suse linux enterprise server", "sles"}};
    const std::string lower = lower_case(family);
    const auto found = names.find(lower);
    return found == names.end() ? lower : found->second;
}

/// The numbers of a release: "12.15" -> {"12", "15"}, "2 (Karoo)" -> {"2"}.
std::vector<std::string> release_numbers(const std::string& version) {
    return fields_of(version.substr(0, version.find_first_not_of("0123456789.")), '.');
}

/// The same family, and no other number as far as both give them: Grype says 12 where Trivy says 12.15.
bool is_same_system(const Report& a, const Report& b) {
    if (system_name(a.os_family) != system_name(b.os_family)) return false;
    const std::vector<std::string> x = release_numbers(a.os_version);
    const std::vector<std::string> y = release_numbers(b.os_version);
    const auto [end_of_x, end_of_y] = std::ranges::mismatch(x, y);
    return end_of_x == x.end() || end_of_y == y.end();
}

/// The last day of Debian's long-term support, for which both scanners have data.
std::optional<Date> kept_until(const Report& report) {
    const std::vector<std::string> numbers = release_numbers(report.os_version);
    if (report.os_family != "debian" || numbers.empty() || numbers.front().size() > 3) return std::nullopt;
    const std::optional<DebianSuite> suite = find_suite(std::stoi(numbers.front()));
    return suite ? std::optional(suite->lts_ends) : std::nullopt;
}

/// Why this scan does not count, and what its report leaves open although it does: sentences that begin with the
/// scanner's name.
void check_scan(const ScanResult& scan, const Subject& subject, Time now, std::chrono::hours max_age,
                Verdict& verdict) {
    const std::string scanner = render_scanner(scan.receipt.scanner);
    std::vector<std::string> reasons;
    check_receipt(scan.receipt, subject, reasons);
    if (scan.report) {
        check_subject(scan, subject, reasons);
        check_substance(*scan.report, scan.receipt, subject, reasons);
        check_database(scan, now, max_age, reasons);
    } else if (reasons.empty() && scan.receipt.failure.empty()) {
        reasons.emplace_back("left no report");
    }
    if (!scan.receipt.failure.empty()) verdict.unknown_because.push_back(scanner + ": " + scan.receipt.failure);
    for (const std::string& reason : reasons) verdict.unknown_because.push_back(scanner + " " + reason);
    if (!scan.report) return;
    for (const auto& [noun, count] : scan.report->not_judged)
        verdict.warnings.push_back(fmt::format("{} reports {}, which {} not judged here", scanner, counted(count, noun),
                                               count == 1 ? "is" : "are"));
    // Trivy's report never does; the day on which it was made is used instead.
    const bool dated = scan.report->database_date || (scan.report->scanner == Scanner::trivy && scan.report->created);
    if (scan.receipt.bare && !dated) verdict.warnings.push_back(scanner + " does not say how old its database is");
}

/// True if the report is about another image: then its findings are not this image's either.
bool is_about_another(const ScanResult& scan, const Subject& subject) {
    if (!scan.report) return false;
    std::vector<std::string> reasons;
    check_subject(scan, subject, reasons);
    return !reasons.empty() || scan.receipt.manifest != subject.manifest;
}

/// What all scans together say about the operating system: whether they are about the same one, and whether it is
/// past its end of life, where nothing is reported any more.
void check_system(const Subject& subject, std::size_t scanners_that_count, Time now, Verdict& verdict) {
    const Report* first = nullptr;
    std::vector<std::string> ended;
    for (const ScanResult& scan : subject.scans) {
        if (!scan.report || scan.report->os_family.empty() || is_about_another(scan, subject)) continue;
        const Report& report = *scan.report;
        if (!report.end_of_life.empty()) ended.push_back(render_scanner(report.scanner) + ": " + report.end_of_life);
        if (first == nullptr) {
            first = &report;
        } else if (!is_same_system(*first, report)) {
            verdict.unknown_because.push_back(fmt::format(
                "{} saw {} {} in the image and {} saw {} {}", render_scanner(first->scanner), first->os_family,
                first->os_version, render_scanner(report.scanner), report.os_family, report.os_version));
        }
    }
    if (ended.empty()) return;
    const std::string system = first->os_family + " " + first->os_version;
    const std::string said = joined(ended, "; ");
    if (const std::optional<Date> kept = kept_until(*first); kept && day_of(now) <= *kept) {
        verdict.warnings.push_back(
            fmt::format("{} has only long-term support, until {} ({})", system, render_date(*kept), said));
    } else if (ended.size() < std::max<std::size_t>(scanners_that_count, 1)) {
        verdict.warnings.push_back(fmt::format(
            "{} is past its end of life, where vulnerabilities may not be reported any more ({})", system, said));
    } else {
        verdict.unknown_because.push_back(
            fmt::format("{} is past its end of life: nothing is reported for it any more, so finding nothing means "
                        "nothing ({})",
                        system, said));
    }
}

// The decision --------------------------------------------------------------------------------------------------------

/// The exception that covers the finding today; nothing if none does.
const Waiver* find_exception(const Finding& finding, const Subject& subject, const Policy& policy, Date today) {
    const auto found = std::ranges::find_if(policy.waivers, [&](const Waiver& waiver) {
        return !has_ended(waiver.review_by, today) &&
               !is_ended_by_base(waiver, subject.base_rebuilt, subject.base_created) &&
               covers_finding(waiver, finding, subject.target);
    });
    return found == policy.waivers.end() ? nullptr : &*found;
}

bool blocks(const Finding& finding, const Subject& subject, const Policy& policy, Date today) {
    if (finding.kind == FindingKind::secret) return true;
    if (finding.fix == FixState::not_affected) return false;
    const Gate& gate = policy.gate;
    const Severity severity = finding.severity == Severity::unknown ? gate.unknown_severity : finding.severity;
    if (severity < gate.severity) return false;
    if (gate.only_fixed && finding.fix != FixState::fixed) return false;
    return std::ranges::none_of(policy.scopes, [&](const Scope& scope) {
        return !has_ended(scope.review_by, today) && severity < scope.gate_from &&
               covers_place(scope, finding, subject.target);
    });
}

/// Every scanner that is not paused has to have done its work.
void check_scans(const Subject& subject, const Policy& policy, Time now, std::chrono::hours max_age, Verdict& verdict) {
    std::ranges::copy_if(policy.pauses, std::back_inserter(verdict.paused),
                         [&](const ScannerPause& pause) { return !has_ended(pause.until, day_of(now)); });
    std::size_t scanners_that_count = 0;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        if (std::ranges::find(verdict.paused, scanner, &ScannerPause::scanner) != verdict.paused.end()) continue;
        bool has_scanned = false;
        for (const ScanResult& scan : subject.scans) {
            if (scan.receipt.scanner != scanner) continue;
            has_scanned = true;
            check_scan(scan, subject, now, max_age, verdict);
        }
        if (!has_scanned) verdict.unknown_because.push_back(render_scanner(scanner) + " has not looked at the image");
        ++scanners_that_count;
    }
    check_system(subject, scanners_that_count, now, verdict);
    if (scanners_that_count == 0)
        verdict.unknown_because.emplace_back("all scanners are paused, so the image was not scanned");
}

void classify(std::vector<Finding> findings, const Subject& subject, const Policy& policy, Date today,
              Verdict& verdict) {
    // An unknown verdict exempts nothing: more may be there than is known.
    const bool only_new = policy.gate.new_only && verdict.unknown_because.empty();
    for (Finding& finding : findings) {
        if (const Waiver* exception = find_exception(finding, subject, policy, today)) {
            verdict.waived.push_back({std::move(finding), *exception});
        } else if (!blocks(finding, subject, policy, today)) {
            verdict.reported.push_back(std::move(finding));
        } else if (only_new && subject.published.contains(finding.key())) {
            verdict.pre_existing.insert(finding.key());
            verdict.reported.push_back(std::move(finding));
        } else {
            verdict.blocking.push_back(std::move(finding));
        }
    }
}

}  // namespace

std::string render_outcome(Outcome outcome) {
    constexpr std::array words = {"clean", "vulnerable", "unknown"};
    return words.at(static_cast<std::size_t>(outcome));
}

Outcome parse_outcome(std::string_view word) {
    if (word == render_outcome(Outcome::clean)) return Outcome::clean;
    return word == render_outcome(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::unknown;
}

std::vector<const Finding*> gated_findings(const Verdict& verdict) {
    std::vector<const Finding*> findings;
    for (const Finding& finding : verdict.blocking) findings.push_back(&finding);
    for (const WaivedFinding& waived : verdict.waived) findings.push_back(&waived.finding);
    for (const Finding& finding : verdict.reported) findings.push_back(&finding);
    return findings;
}

Outcome judge_run(const std::vector<Outcome>& outcomes) {
    const auto any = [&](Outcome outcome) { return std::ranges::find(outcomes, outcome) != outcomes.end(); };
    if (outcomes.empty() || any(Outcome::unknown)) return Outcome::unknown;
    return any(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::clean;
}

Verdict judge(Subject subject, const Policy& policy, Time now, std::chrono::hours max_database_age) {
    Verdict verdict{.name = subject.name,
                    .target = subject.target,
                    .manifest = subject.manifest,
                    .decided = now,
                    .stand_in_bases = subject.stand_in_bases,
                    .base_rebuilt = subject.base_rebuilt,
                    .base_created = subject.base_created};
    for (const ScanResult& scan : subject.scans) {
        verdict.receipts.push_back(scan.receipt);
        verdict.sample_data = verdict.sample_data || scan.receipt.sample_data;
    }
    check_scans(subject, policy, now, max_database_age, verdict);
    if (subject.python_unseen)
        verdict.warnings.emplace_back("grype lists no Python in the image, so it looked up no vulnerability of it");
    std::vector<Report*> reports;
    for (ScanResult& scan : subject.scans) {
        if (scan.report && !is_about_another(scan, subject)) reports.push_back(&*scan.report);
    }
    MergedReports merged = merge_reports(reports);
    verdict.suppressed = std::move(merged.ignored);
    classify(std::move(merged.findings), subject, policy, day_of(now), verdict);
    verdict.outcome = !verdict.unknown_because.empty() ? Outcome::unknown
                      : verdict.blocking.empty()       ? Outcome::clean
                                                       : Outcome::vulnerable;
    return verdict;
}

ImageSize size_of(const Verdict& verdict) {
    ImageSize size;
    for (const Receipt& receipt : verdict.receipts) {
        size.compressed = std::max(size.compressed, receipt.size.compressed);
        size.unpacked = std::max(size.unpacked, receipt.size.unpacked);
    }
    return size;
}

std::set<std::string> finding_keys(const Verdict& verdict) {
    std::set<std::string> keys;
    for (const Finding* finding : gated_findings(verdict)) keys.insert(finding->key());
    return keys;
}

std::vector<Finding> missing_from(const Verdict& other, const Verdict& verdict) {
    const std::set<std::string> keys = finding_keys(other);
    std::vector<Finding> missing;
    for (const Finding* finding : gated_findings(verdict)) {
        if (!keys.contains(finding->key())) missing.push_back(*finding);
    }
    return missing;
}

bool is_no_worse(const Verdict& published, const Verdict& now) {
    if (published.outcome == Outcome::unknown || now.outcome == Outcome::unknown) return false;
    std::set<std::string> before;
    for (const Finding& finding : published.blocking) before.insert(finding.key());
    return std::ranges::all_of(now.blocking, [&](const Finding& finding) { return before.contains(finding.key()); });
}
