// Everything that replays a decision, as files of a release, and back again.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "github/releases.h"
#include "oci/layout.h"
#include "pipeline/project.h"
#include "publication/record.h"
#include "report/evidence.h"
#include "report/run.h"

/// Packs out/release/: publication.json, report.html, evidence.tar.gz (matrix, JOB.env, Dockerfile, policy, bases,
/// verdicts, contract results), evidence-VERSION.tar.gz for each Python version (of each of its images both scanners'
/// reports, inventories and receipts, SARIF, the image's manifest and configuration) and checksums.txt over all of
/// them. Throws Error{failed} if a scan's directory is empty.
std::vector<github::AssetFile> pack_evidence(const World& world, const Settings& settings, const Project& project,
                                             const std::vector<Layout>& layouts, const Run& run);

struct FetchedEvidence {
    Evidence evidence;
    std::filesystem::path directory;  ///< holds what evidence.tar.gz held, as it was named in the work tree
};

enum class Scans { fetched, left_out };

/// Fetches a release's evidence into out/releases/VERSION, each file checked against checksums.txt. Nothing if the
/// release has none: it was made before this action. Throws Error{failed} for what was changed or cut off.
std::optional<FetchedEvidence> fetch_evidence(const World& world, const Settings& settings, github::Api& api,
                                              const github::Release& release, Scans scans);

/// One of its images as a layout that has its manifest and its configuration, but none of its layers. Nothing if the
/// evidence does not hold these, or holds those of another image.
std::optional<Layout> load_kept_layout(const World& world, const FetchedEvidence& fetched, const EvidenceImage& image);

/// What a release published. Nothing if it does not say.
std::optional<PublicationRecord> fetch_publication(const World& world, const Settings& settings, github::Api& api,
                                                   const github::Release& release);
