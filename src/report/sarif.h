// SARIF 2.1.0 for GitHub code scanning, composed by us: one file, one run, for one image on one platform (facts:
// sarif.md §0-6).
#pragma once

#include <optional>
#include <string>

#include "report/run.h"

struct SarifChoice {
    /// Option sarif-severity; what blocks and what has no known severity is always in.
    Severity from = Severity::medium;
    std::size_t max_results = 5000;  ///< GitHub shows no more of one run (sarif.md §2)
    std::string directory{};         ///< as in Run
};

struct Sarif {
    std::string text;
    std::size_t results = 0;
    std::size_t below = 0;  ///< omitted because they are below `from`
    std::size_t cut = 0;    ///< omitted because there were more than `max_results`: first those that do not block
};

/// Nothing for an image that was not judged or whose verdict is unknown: an upload would close every alert. A clean
/// image gives a valid run without results, which is what closes them. Blocking findings are errors, waived ones notes
/// (and suppressed), all else at most warnings.
std::optional<Sarif> render_sarif(const ImageRun& image, const std::string& program_version,
                                  const SarifChoice& choice = {});
