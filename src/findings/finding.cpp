#include "findings/finding.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace {

// In the order of Severity.
constexpr std::array<std::string_view, 6> severity_words = {"unknown", "negligible", "low",
                                                            "medium",  "high",       "critical"};

}  // namespace

std::string render_severity(Severity severity) {
    return std::string(severity_words.at(static_cast<std::size_t>(severity)));
}

std::optional<Severity> parse_severity(std::string_view word) {
    const auto found = std::ranges::find(severity_words, lower_case(word));
    if (found == severity_words.end()) return std::nullopt;
    return static_cast<Severity>(found - severity_words.begin());
}

std::string render_scanner(Scanner scanner) {
    return scanner == Scanner::trivy ? "trivy" : "grype";
}

std::string shown_path(const Finding& finding) {
    if (finding.path.empty()) return "";
    const std::string path = finding.paths.empty() ? finding.path : finding.paths.front();
    return finding.line > 0 ? path + ":" + std::to_string(finding.line) : path;
}

std::string render_severities(const Finding& finding) {
    const std::vector<Detection>& seen = finding.reported_by;
    const bool plain = std::ranges::all_of(seen, [&](const Detection& detection) {
        return detection.severity == seen.front().severity && detection.severity_basis.empty();
    });
    if (plain) return render_severity(finding.severity);
    std::vector<std::string> parts;
    for (const Detection& detection : seen) {
        parts.push_back(render_scanner(detection.scanner) + ": " + render_severity(detection.severity) +
                        (detection.severity_basis.empty() ? "" : " by " + detection.severity_basis));
    }
    return render_severity(finding.severity) + " (" + joined(parts, ", ") + ")";
}

std::string Finding::key() const {
    const std::string place = line > 0 ? path + ":" + std::to_string(line) : path;
    return id + "\n" + package + "\n" + place;
}
