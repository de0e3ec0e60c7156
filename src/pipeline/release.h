// The release stage: the GitHub release of DEFRA_VERSION, with everything that replays the decision.
#pragma once

#include <vector>

#include "github/releases.h"
#include "oci/layout.h"
#include "pipeline/project.h"
#include "pipeline/result.h"
#include "report/run.h"

/// Makes the release of what out/publication.json records as published, or finds it. Throws Error{refused} if the
/// publication is not complete, of other images, or of some only (--only), or the images are only for trying out.
github::MadeRelease release_images(const World& world, const Settings& settings, const Project& project,
                                   const std::vector<Layout>& layouts, const Run& run);

/// Sets the outputs `release` and `created`, with a warning if the release was not made by this action.
void add_release(const github::MadeRelease& made, Result& result);
