#include "verdict/acceptance.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace {

/// Releases of Trivy that were tampered with (CVE-2026-33634; scanners.md §6).
bool is_malicious(const Report& report) {
    const std::string& version = report.scanner_version;
    return report.scanner == Scanner::trivy && (version == "0.69.4" || version == "0.69.5" || version == "0.69.6");
}

std::string brief(const std::optional<Digest>& digest) {
    return digest ? std::string(digest->brief()) : "none";
}

/// The receipt: what was given to the scanner, and how it ended.
void check_receipt(const Receipt& receipt, const Subject& subject, std::vector<std::string>& reasons) {
    if (receipt.exit_code != 0 && receipt.failure.empty()) {
        reasons.push_back(fmt::format("ended with exit code {}", receipt.exit_code));
    }
    if (receipt.manifest != subject.manifest) {
        reasons.push_back(
            fmt::format("was given the image {}, not {}", receipt.manifest.brief(), subject.manifest.brief()));
    } else if (receipt.config != subject.config) {
        reasons.push_back(
            fmt::format("was given the configuration {}, not {}", receipt.config.brief(), subject.config.brief()));
    }
    if (!receipt.architecture.empty() && receipt.architecture != subject.architecture) {
        reasons.push_back(
            fmt::format("was given an image for {}, not for {}", receipt.architecture, subject.architecture));
    }
}

/// What the report itself says it is about. Trivy takes the first image of a layout whatever platform it is asked for.
void check_identity(const Report& report, const Subject& subject, std::vector<std::string>& reasons) {
    if (report.config != subject.config) {
        reasons.push_back(
            fmt::format("reports on the configuration {}, not on {}", brief(report.config), subject.config.brief()));
    }
    if (report.scanner == Scanner::grype && report.manifest != subject.manifest) {
        reasons.push_back(
            fmt::format("reports on the image {}, not on {}", brief(report.manifest), subject.manifest.brief()));
    }
    if (!report.architecture.empty() && !subject.architecture.empty() && report.architecture != subject.architecture) {
        reasons.push_back(
            fmt::format("reports on an image for {}, not for {}", report.architecture, subject.architecture));
    }
}

/// A scan of the scanner's own SBOM: where the image's configuration would stand, Trivy names the one that the SBOM
/// tells of (0.74), else the SBOM's own hash; Grype keeps the manifest.
void check_sbom(const Report& report, const Receipt& receipt, const Subject& subject,
                std::vector<std::string>& reasons) {
    if (!receipt.sbom) {
        reasons.emplace_back("reports on an SBOM that no receipt binds to the image");
    } else if (report.scanner == Scanner::trivy && report.config && report.config != receipt.sbom &&
               report.config != subject.config) {
        reasons.push_back(fmt::format("reports on {}, neither the image's configuration {} nor its SBOM {}",
                                      brief(report.config), subject.config.brief(), receipt.sbom->brief()));
    } else if (report.manifest && report.manifest != subject.manifest) {
        reasons.push_back(
            fmt::format("reports on the image {}, not on {}", brief(report.manifest), subject.manifest.brief()));
    }
}

/// Debian's testing has none in the file that Grype reads: it goes by the codename then, which Trivy tells.
bool is_version_known(const Subject& subject) {
    return std::any_of(subject.scans.begin(), subject.scans.end(),
                       [](const ScanResult& scan) { return scan.report && !scan.report->os_version.empty(); });
}

/// Without an operating system no Debian advisory applies, and both scanners still end with 0.
void check_substance(const Report& report, const Receipt& receipt, const Subject& subject,
                     std::vector<std::string>& reasons) {
    if (report.os_family.empty()) {
        reasons.emplace_back("recognised no operating system in the image, so it looked up no Debian package");
    } else if (!is_version_known(subject)) {
        reasons.push_back(
            fmt::format("does not say which version of {} it saw, and no other scan does", report.os_family));
    } else if (report.system_left_out) {
        reasons.push_back(
            fmt::format("has no result about the packages of {}, so it did not look them up", report.os_family));
    }
    const bool counted = std::any_of(subject.scans.begin(), subject.scans.end(), [](const ScanResult& scan) {
        return scan.receipt.bare && scan.report && scan.report->packages > 0;
    });
    if (receipt.packages == 0 && !(receipt.bare && counted)) reasons.emplace_back("counted no packages in the image");
    if (!report.hidden_by.empty()) {
        reasons.push_back("was told to hide findings from its report by: " + joined(report.hidden_by, ", "));
    }
    if (is_malicious(report)) reasons.push_back(report.scanner_version + " is a release that was tampered with");
    if (!receipt.scanner_version.empty() && !report.scanner_version.empty() &&
        receipt.scanner_version != report.scanner_version) {
        reasons.push_back(
            fmt::format("is {} by its receipt and {} by its report", receipt.scanner_version, report.scanner_version));
    }
}

void check_database(const ScanResult& scan, Time now, std::chrono::hours max_age, std::vector<std::string>& reasons) {
    if (!scan.report->database_fault.empty()) reasons.push_back("says of its database: " + scan.report->database_fault);
    if (max_age == std::chrono::hours::max()) return;
    const std::optional<Time> date =
        scan.receipt.database_date ? scan.receipt.database_date : scan.report->database_date;
    if (!date) {
        if (!scan.receipt.bare) reasons.emplace_back("does not say how old its database is");
        return;
    }
    // A day's difference is that of --today, which begins at midnight.
    if (*date > now + std::chrono::days(1)) {
        reasons.push_back(
            fmt::format("used a database of {}, which is yet to come: its age is not known", render_time(*date)));
    }
    const auto age = std::chrono::duration_cast<std::chrono::hours>(now - *date);
    if (now - *date <= max_age) return;
    reasons.push_back(fmt::format("used a database of {}, {} old; at most {} are allowed", render_time(*date),
                                  counted(static_cast<std::size_t>(age.count()), "hour"),
                                  counted(static_cast<std::size_t>(max_age.count()), "hour")));
}

}  // namespace

std::vector<std::string> reasons_against(const ScanResult& scan, const Subject& subject, Time now,
                                         std::chrono::hours max_database_age) {
    std::vector<std::string> reasons;
    const std::string scanner = render_scanner(scan.receipt.scanner);
    check_receipt(scan.receipt, subject, reasons);
    if (scan.report) {
        const bool of_sbom = scan.report->of_sbom || scan.receipt.sbom;
        if (of_sbom) check_sbom(*scan.report, scan.receipt, subject, reasons);
        if (!of_sbom) check_identity(*scan.report, subject, reasons);
        check_substance(*scan.report, scan.receipt, subject, reasons);
        check_database(scan, now, max_database_age, reasons);
    } else if (reasons.empty() && scan.receipt.failure.empty()) {
        reasons.emplace_back("left no report");
    }
    for (std::string& reason : reasons) reason = scanner + " " + reason;
    if (!scan.receipt.failure.empty()) reasons.insert(reasons.begin(), scanner + ": " + scan.receipt.failure);
    return reasons;
}

bool is_about_another(const ScanResult& scan, const Subject& subject) {
    if (!scan.report) return false;
    std::vector<std::string> reasons;
    if (scan.report->of_sbom || scan.receipt.sbom) {
        check_sbom(*scan.report, scan.receipt, subject, reasons);
    } else {
        check_identity(*scan.report, subject, reasons);
    }
    return !reasons.empty() || scan.receipt.manifest != subject.manifest;
}
