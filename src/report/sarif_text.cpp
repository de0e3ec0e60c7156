#include "report/sarif_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/escape.h"
#include "report/words.h"

namespace {

struct Band {
    double low = 0;
    double high = 0;
    double usual = 0;  ///< where there is no score
};

/// 9.0 itself is shown as high by some of GitHub's readers and as critical by others: never written.
Band band_of(Severity severity) {
    switch (severity) {
        case Severity::critical:
            return {9.1, 10.0, 9.5};
        case Severity::high:
            return {7.0, 8.9, 8.0};
        case Severity::medium:
            return {4.0, 6.9, 5.5};
        case Severity::low:
            return {0.1, 3.9, 2.0};
        case Severity::negligible:
            return {0.1, 3.9, 0.1};
        case Severity::unknown:
            return {};
    }
    return {};
}

constexpr std::size_t packages_named = 10;

std::vector<std::string> package_list(const std::vector<const Finding*>& findings) {
    std::vector<std::string> names;
    for (const Finding* finding : findings) {
        const std::string name = finding->kind == FindingKind::secret ? shown_path(*finding) : finding->package;
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        if (names.size() == packages_named) {
            names.emplace_back("others");
            break;
        }
        names.push_back(name);
    }
    return names;
}

std::string kind_of(const Finding& finding) {
    return finding.kind == FindingKind::secret ? "Secret" : "Vulnerability";
}

std::vector<std::string> facts_of(const Finding& finding) {
    std::vector<std::string> facts{"Severity: " + render_severities(finding)};
    if (!finding.aliases.empty()) facts.push_back("Also known as: " + joined(finding.aliases, ", "));
    if (finding.cvss_score > 0) {
        const std::string vector = finding.cvss_vector.empty() ? "" : " " + finding.cvss_vector;
        facts.push_back(fmt::format("CVSS: {:.1f}{}", finding.cvss_score, vector));
    }
    if (finding.epss > 0)
        facts.push_back(fmt::format("Likelihood of an attack within 30 days (EPSS): {:.1f} %", finding.epss * 100));
    if (finding.known_exploited) facts.emplace_back("Known to be exploited");
    return facts;
}

std::string render_acceptance(const Waiver& waiver) {
    const std::string by = waiver.owner.empty() ? "" : " by " + waiver.owner;
    const std::string reason = waiver.reason.empty() ? "no reason is given" : waiver.reason;
    return fmt::format("Accepted{} {}: {} ({}).", by, render_waiver_until(waiver), reason, render_place(waiver.at));
}

}  // namespace

std::string sarif_level(const FindingRow& row) {
    if (row.state == FindingState::blocking) return "error";
    return row.state != FindingState::waived && row.finding->severity >= Severity::medium ? "warning" : "note";
}

std::string security_severity(Severity severity, double cvss_score) {
    const Band band = band_of(severity);
    if (band.high == 0) return "";
    return fmt::format("{:.1f}", cvss_score > 0 ? std::clamp(cvss_score, band.low, band.high) : band.usual);
}

std::string sarif_message(const FindingRow& row) {
    const Finding& finding = *row.finding;
    const ImageRun& image = *row.images.front();
    const std::string place =
        finding.path.empty() || finding.kind == FindingKind::secret ? "" : " (" + shown_path(finding) + ")";
    const std::string platform = image.platform.empty() ? "" : " on " + image.platform;  // bare reports name none
    std::string text = fmt::format("{}{}: {}{}: {}, {}.", image.image, platform, render_finding_name(finding), place,
                                   render_severities(finding), render_state(row.state));
    if (!finding.title.empty()) text += " " + finding.title + (finding.title.ends_with('.') ? "" : ".");
    if (finding.kind == FindingKind::vulnerability) text += " Fix: " + render_fix(finding) + ".";
    if (row.waiver != nullptr) text += " " + render_acceptance(*row.waiver);
    if (row.remedy != nullptr && row.waiver == nullptr) text += " What to do: " + row.remedy->text + ".";
    if (!finding.reported_by.empty()) text += " Reported by " + render_sightings(finding) + ".";
    if (!finding.ignored_because.empty()) text += " Note: " + render_suppression(finding) + ".";
    return escape_sarif(text, max_description);
}

std::string rule_short_description(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    return escape_sarif(
        first.title.empty() ? fmt::format("{} {}", kind_of(first), first.id) : first.id + ": " + first.title, 250);
}

std::string rule_description(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    return escape_sarif(fmt::format("{} {} in {}. {}.", kind_of(first), first.id, joined(package_list(findings), ", "),
                                    joined(facts_of(first), ". ")),
                        max_description - 1);
}

std::string rule_help(const std::string& description, const std::string& link) {
    return description + " Each alert says what to do about it." + (link.empty() ? "" : " More: " + link);
}

std::string rule_help_markdown(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    std::string text = fmt::format("**{}**{}\n\n", escape_markdown(first.id),
                                   first.title.empty() ? "" : ": " + escape_markdown(first.title));
    text += fmt::format("In {}.\n\n", escape_markdown(joined(package_list(findings), ", "), max_description));
    for (const std::string& fact : facts_of(first)) text += "- " + escape_markdown(fact, max_description) + "\n";
    if (const std::string link = make_link(first); !link.empty()) text += "- More: " + link + "\n";
    return text + "\nEach alert says what to do about it.\n";
}
