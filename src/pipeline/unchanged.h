// Whether anything has to be built. A version that is published from the same inputs is not built again: what its
// release archives of the images is scanned with today's databases.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "pipeline/evidence.h"

/// The release of this DEFRA_VERSION, if its images are what a build would make: the release is complete and has
/// exactly the planned images, in the same repositories, from the same inputs and the given stand-ins; every version
/// tag and moving tag names the recorded index, which holds exactly the platform manifests that were scanned and,
/// unless --contract is off, passed the contract of this very version of the program. Nothing if images have to be
/// built, also where the release or the registry cannot be read; then the log says why, in one sentence. Throws only
/// Error{cancelled}.
std::optional<FetchedRelease> find_unchanged(const World& world, const Settings& settings, const Project& project);

/// "nothing has to be built: 1.0.0 is published, and …": for outputs and reports.
std::string render_not_built(const FetchedRelease& unchanged);
Problem make_not_built_notice(const FetchedRelease& unchanged);

/// The images of a run, with all that is known about them before they are judged.
struct ScannedImages {
    std::vector<Layout> layouts;
    std::vector<ContractReport> contracts;
    Problems notices;
    /// They were not built: these are the ones of this release, without layers.
    std::optional<FetchedRelease> release;
};

/// The images of find_unchanged, scanned again into out/scans, with out/bases.json, out/tests and out/publication.json
/// as the release has them. Nothing if images have to be built, also because one of them cannot be scanned without its
/// layers.
std::optional<ScannedImages> rescan_unchanged(const World& world, const Settings& settings, const Project& project);
