// SARIF 2.1.0 for GitHub code scanning, composed by us: one file, one run, for one image on one platform (facts:
// sarif.md §0-6).
#pragma once

#include <optional>
#include <string>

#include "report/run.h"

struct SarifChoice {
    Severity from =
        Severity::medium;            ///< option sarif-severity; what blocks and what has no known severity is always in
    std::size_t max_results = 5000;  ///< GitHub shows no more of one run (sarif.md §2)
    std::string directory{};         ///< as in Run
};

struct Sarif {
    std::string text;
    std::size_t results = 0;
    std::size_t below = 0;  ///< findings omitted because they are below `from`
    std::size_t cut = 0;    ///< findings omitted because there were more than `max_results`: the least severe of those
                            ///< that do not block, and only then of those that do
};

/// The category is stable: equal for push, pull request and nightly, and across every bump of a patch version:
/// "images/3.13/production/linux-amd64/". The whole version stands in it only where two rows of the matrix share a
/// minor version.
std::string make_category(const Plan& plan, const Image& image, const std::string& platform);
/// One notice per minor version that two rows share: their alerts start anew with each patch version.
Problems check_categories(const Plan& plan);

/// What an alert is recognised by, "<16 hex digits>:1": the finding's key and the category, free of versions and
/// digests (sarif.md §5).
std::string make_fingerprint(const Finding& finding, const std::string& category);

/// Nothing for an image that was not judged or whose verdict is unknown: an upload would close every alert. A clean
/// image gives a valid run without results, which is what closes them. Blocking findings are errors, waived ones notes
/// (and suppressed), all else at most warnings.
std::optional<Sarif> render_sarif(const ImageRun& image, const std::string& program_version,
                                  const SarifChoice& choice = {});
