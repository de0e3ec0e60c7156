// Everything that replays a decision, as files of a release, and back again: enough to scan its images again without a
// pull.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "github/api.h"
#include "github/releases.h"
#include "oci/layout.h"
#include "pipeline/project.h"
#include "publication/publication.h"
#include "report/evidence.h"
#include "report/run.h"

/// Packs out/release/: publication.json, report.html, evidence.tar.gz (matrix, JOB.env, Dockerfile, policy, bases,
/// verdicts, contract results), evidence-VERSION.tar.gz for each Python version (of each of its images both scanners'
/// reports, inventories and receipts, SARIF, the image's manifest and configuration) and checksums.txt over all of
/// them. Throws Error{failed} if a scan's directory is empty.
std::vector<github::AssetFile> pack_evidence(const World& world, const Settings& settings, const Project& project,
                                             const std::vector<Layout>& layouts, const Run& run);

/// A release that this action made, without its scans.
struct FetchedRelease {
    github::Release release;
    PublicationRecord record;
    Evidence evidence;
    std::filesystem::path directory;  ///< holds what evidence.tar.gz held, as it was named in the work tree
    std::map<std::string, std::string> checksums;  ///< of its files, by name
};

/// Fetches what a release published and how that was decided into out/releases/VERSION, each file checked against
/// checksums.txt. Nothing if the release does not have both: it was not made by this action. Throws Error{failed} for
/// what was changed or cut off.
std::optional<FetchedRelease> fetch_release(const World& world, const Settings& settings, github::Api& api,
                                            const github::Release& release);

/// Fetches the scans of its images as well.
void fetch_scans(const World& world, github::Api& api, const FetchedRelease& fetched);

/// Moves the archived scans of the plan's images to out/scans, where rescan_images finds them. Returns these images as
/// layouts without layers. An image that was published as an earlier attempt had built it is not the one that was
/// scanned for this release: it is left out, and so is one whose scans are not there.
std::vector<Layout> take_archived_scans(const World& world, const Settings& settings, const FetchedRelease& fetched,
                                        const Plan& plan);

/// The release's bases.json becomes out/bases.json. Throws Error{failed} if it cannot be parsed.
void take_archived_bases(const World& world, const Settings& settings, const FetchedRelease& fetched);
