// What a release archives of its images: enough to scan them again without a pull.
#pragma once

#include <vector>

#include "pipeline/evidence.h"
#include "registry/client.h"

/// Moves the archived scans of the plan's images to out/scans, where rescan_images finds them. Returns these images as
/// layouts without layers. An image that was published as an earlier attempt had built it is not the one that was
/// scanned for this release: it is left out, and so is one whose scans are not there.
std::vector<Layout> take_archived_scans(const World& world, const Settings& settings, const FetchedEvidence& fetched,
                                        const PublicationRecord& record, const Plan& plan);

/// The release's bases.json becomes out/bases.json. Throws Error{failed} if it cannot be parsed.
void take_archived_bases(const World& world, const Settings& settings, const FetchedEvidence& fetched);

/// Asks what the references in out/bases.json name now: for people and for waivers that end with a base. It decides
/// nothing else, so a base that cannot be asked about keeps its recorded digest, with a warning.
void renew_bases(const World& world, registry::Client& client, const Settings& settings, Problems& warnings);
