#include "verdict/verdict.h"

#include <algorithm>

std::string render_outcome(Outcome outcome) {
    switch (outcome) {
        case Outcome::clean:
            return "clean";
        case Outcome::vulnerable:
            return "vulnerable";
        case Outcome::unknown:
            return "unknown";
    }
    return "unknown";
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

Outcome judge_run(const std::vector<Verdict>& verdicts) {
    const auto any = [&](Outcome outcome) {
        return std::any_of(verdicts.begin(), verdicts.end(),
                           [&](const Verdict& verdict) { return verdict.outcome == outcome; });
    };
    if (verdicts.empty() || any(Outcome::unknown)) return Outcome::unknown;
    return any(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::clean;
}
