#include "verdict/acceptance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "plan/plan.h"

namespace {

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

/// What the report itself says it is about. Trivy takes the first image of a layout whatever platform it is asked for.
void check_identity(const Report& report, const Subject& subject, std::vector<std::string>& reasons) {
    check_same("reports on the configuration {}, not on {}", report.config, subject.config, reasons);
    if (report.scanner == Scanner::grype)
        check_same("reports on the image {}, not on {}", report.manifest, subject.manifest, reasons);
    if (!report.architecture.empty() && !subject.architecture.empty() && report.architecture != subject.architecture)
        reasons.push_back(
            fmt::format("reports on an image for {}, not for {}", report.architecture, subject.architecture));
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

/// Whether the report is about this image.
void check_subject(const ScanResult& scan, const Subject& subject, std::vector<std::string>& reasons) {
    if (scan.report->of_sbom || scan.receipt.of_sbom)
        check_sbom(*scan.report, scan.receipt, subject, reasons);
    else
        check_identity(*scan.report, subject, reasons);
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
    } else if (!report.unknown_system.empty()) {
        reasons.push_back(fmt::format("does not know the system {} {}: {}", report.os_family, report.os_version,
                                      report.unknown_system));
    } else if (report.lists_empty_system) {
        reasons.push_back(fmt::format("lists no packages of {} {}", report.os_family, report.os_version));
    } else if (report.system_not_scanned) {
        reasons.push_back(
            fmt::format("has no result about the packages of {}, so it did not look them up", report.os_family));
    }
    const bool counted = std::ranges::any_of(subject.scans, [](const ScanResult& scan) {
        return scan.receipt.bare && scan.report && scan.report->packages > 0;
    });
    if (receipt.packages == 0 && !(receipt.bare && counted)) reasons.emplace_back("counted no packages in the image");
    if (!report.hidden_by.empty()) {
        reasons.push_back("was configured to hide findings from its report by: " + joined(report.hidden_by, ", "));
    }
    constexpr std::array malicious = {"0.69.4", "0.69.5", "0.69.6"};  // Trivy (CVE-2026-33634; scanners.md §6)
    if (report.scanner == Scanner::trivy && std::ranges::find(malicious, report.scanner_version) != malicious.end())
        reasons.push_back(report.scanner_version + " is a release that was tampered with");
    if (!receipt.scanner_version.empty() && !report.scanner_version.empty() &&
        receipt.scanner_version != report.scanner_version) {
        reasons.push_back(
            fmt::format("is {} by its receipt and {} by its report", receipt.scanner_version, report.scanner_version));
    }
}

std::string render_too_old(Time time, Time now, std::chrono::hours max_age) {
    const auto age = std::chrono::duration_cast<std::chrono::hours>(now - time);
    return fmt::format("{}, {} old; at most {} are allowed", render_time(time),
                       counted(static_cast<std::size_t>(age.count()), "hour"),
                       counted(static_cast<std::size_t>(max_age.count()), "hour"));
}

void check_database(const ScanResult& scan, Time now, std::chrono::hours max_age, std::vector<std::string>& reasons) {
    if (!scan.report->database_fault.empty()) reasons.push_back("says of its database: " + scan.report->database_fault);
    if (max_age == std::chrono::hours::max()) return;
    // A day's difference is that of --today, which begins at midnight.
    const Time latest = now + std::chrono::days(1);
    const std::optional<Time> made = scan.report->created;
    if (made && now - *made > std::max(max_age, max_report_age))
        reasons.push_back("made its report on " + render_too_old(*made, now, std::max(max_age, max_report_age)));
    if (made && *made > latest)
        reasons.push_back(
            fmt::format("made its report on {}, which is yet to come: its age is not known", render_time(*made)));
    const std::optional<Time> date =
        scan.receipt.database_date ? scan.receipt.database_date : scan.report->database_date;
    if (!date) {
        if (!scan.receipt.bare) reasons.emplace_back("does not say how old its database is");
        return;
    }
    if (*date > latest)
        reasons.push_back(
            fmt::format("used a database of {}, which is yet to come: its age is not known", render_time(*date)));
    if (now - *date > max_age) reasons.push_back("used a database of " + render_too_old(*date, now, max_age));
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
    const std::size_t both = std::min(x.size(), y.size());
    return std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(both), y.begin());
}

/// The last day of Debian's long-term support, for which both scanners have data.
std::optional<Date> kept_until(const Report& report) {
    const std::vector<std::string> numbers = release_numbers(report.os_version);
    if (report.os_family != "debian" || numbers.empty() || numbers.front().size() > 3) return std::nullopt;
    const std::optional<DebianSuite> suite = find_suite(std::stoi(numbers.front()));
    return suite ? std::optional(suite->lts_ends) : std::nullopt;
}

}  // namespace

std::vector<std::string> reasons_against(const ScanResult& scan, const Subject& subject, Time now,
                                         std::chrono::hours max_database_age) {
    std::vector<std::string> reasons;
    const std::string scanner = render_scanner(scan.receipt.scanner);
    check_receipt(scan.receipt, subject, reasons);
    if (scan.report) {
        check_subject(scan, subject, reasons);
        check_substance(*scan.report, scan.receipt, subject, reasons);
        check_database(scan, now, max_database_age, reasons);
    } else if (reasons.empty() && scan.receipt.failure.empty()) {
        reasons.emplace_back("left no report");
    }
    for (std::string& reason : reasons) reason = scanner + " " + reason;
    if (!scan.receipt.failure.empty()) reasons.insert(reasons.begin(), scanner + ": " + scan.receipt.failure);
    return reasons;
}

std::vector<std::string> limits_of(const ScanResult& scan) {
    std::vector<std::string> limits;
    if (!scan.report) return limits;
    const std::string scanner = render_scanner(scan.report->scanner);
    for (const auto& [noun, count] : scan.report->not_judged)
        limits.push_back(fmt::format("{} reports {}, which {} not judged here", scanner, counted(count, noun),
                                     count == 1 ? "is" : "are"));
    // Trivy's report never does; then the day on which it was made has to do.
    const bool dated = scan.report->database_date || (scan.report->scanner == Scanner::trivy && scan.report->created);
    if (scan.receipt.bare && !dated) limits.push_back(scanner + " does not say how old its database is");
    return limits;
}

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

bool is_about_another(const ScanResult& scan, const Subject& subject) {
    if (!scan.report) return false;
    std::vector<std::string> reasons;
    check_subject(scan, subject, reasons);
    return !reasons.empty() || scan.receipt.manifest != subject.manifest;
}
