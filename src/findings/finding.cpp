#include "findings/finding.h"

#include <algorithm>

#include "base/text.h"

std::string render_severity(Severity severity) {
    switch (severity) {
        case Severity::unknown:
            return "unknown";
        case Severity::negligible:
            return "negligible";
        case Severity::low:
            return "low";
        case Severity::medium:
            return "medium";
        case Severity::high:
            return "high";
        case Severity::critical:
            return "critical";
    }
    return "unknown";
}

std::optional<Severity> parse_severity(std::string_view word) {
    const std::string lower = lower_case(word);
    for (const Severity severity : {Severity::unknown, Severity::negligible, Severity::low, Severity::medium,
                                    Severity::high, Severity::critical}) {
        if (lower == render_severity(severity)) return severity;
    }
    return std::nullopt;
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
