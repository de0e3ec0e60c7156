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

Outcome judge_run(const std::vector<Verdict>& verdicts) {
    const auto any = [&](Outcome outcome) {
        return std::any_of(verdicts.begin(), verdicts.end(),
                           [&](const Verdict& verdict) { return verdict.outcome == outcome; });
    };
    if (verdicts.empty() || any(Outcome::unknown)) return Outcome::unknown;
    return any(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::clean;
}
