#include "verdict/finding.h"

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

std::string Finding::key() const {
    const std::string place = line > 0 ? path + ":" + std::to_string(line) : path;
    return id + "\n" + package + "\n" + place;
}
