// What a pull request is compared with: the published images that its own would take the place of, scanned in the same
// run with the same databases.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "pipeline/project.h"
#include "report/run.h"

/// For a pull request only: finds for each image what its moving tags name, in their order, then what its version tag
/// names; fetches and scans it into out/scans/published/NAME, NAME being that of our own image. An image for which
/// nothing is published, or nothing that can be fetched, has no baseline; that is no failure.
void scan_baseline(const World& world, const Settings& settings, const Project& project,
                   const std::vector<Layout>& layouts);

/// By our image's name.
struct Baseline {
    std::map<std::string, Verdict> published;    ///< none of them is unknown; all judged by our policy
    std::map<std::string, std::string> missing;  ///< why there is none
    std::filesystem::path scans;                 ///< of the published images
};

/// Judges what scan_baseline left. Images that `are_published` (pipeline/unchanged.h) are compared with their own
/// scans. Empty unless this is a pull request.
Baseline judge_baseline(const World& world, const Settings& settings, const Project& project,
                        const std::vector<Layout>& layouts, bool are_published = false);

/// Puts into the run what each image changes, and which images have no baseline. Packages come from the inventories
/// beside the scans in out/scans, rows of the contract from the release that holds the results of this very published
/// image, if it was fetched (compare_with_release). What is missing is not compared.
void add_changes(const World& world, const Settings& settings, const Project& project, const Baseline& baseline,
                 Run& run);
