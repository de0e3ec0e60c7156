// The images of a plan as they would be published: one index for each, over all its platforms and their attestations.
#pragma once

#include <vector>

#include "pipeline/destination.h"
#include "pipeline/project.h"
#include "registry/sources.h"

struct Candidates {
    std::vector<Candidate> all;
    PublicationSources sources;  ///< where their bytes are
};

/// Composes the indexes of what lies in these layouts.
Candidates make_candidates(const World& world, const Settings& settings, const Project& project,
                           const std::vector<Layout>& layouts);

/// Replaces what was built for this image by what is published.
void reuse_published(Candidates& candidates, const PublishedIndex& image, const FetchedIndex& fetched);
