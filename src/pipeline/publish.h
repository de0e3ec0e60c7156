// The publish stage: exactly the images that were built, scanned and judged.
#pragma once

#include <vector>

#include "contract/contract.h"
#include "pipeline/destination.h"
#include "pipeline/project.h"

/// Preflight before anything is built, where this run will publish to a named place: whether it lets us push, and
/// whether what is already published allows this version. Throws Error{failed} or Error{refused} if not.
void try_publication(const World& world, const Settings& settings, const Project& project);

Published publish_images(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                         const std::vector<ContractReport>& contracts);
