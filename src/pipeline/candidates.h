// The images of a plan as they would be published: one index for each, over all its platforms and their attestations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/destination.h"
#include "pipeline/project.h"
#include "registry/existing_tags.h"

struct Candidates {
    std::vector<Candidate> all;
    PublicationSources sources;  ///< where their bytes are
};

/// The digest of what goes into each image of the plan, as the work tree is now, by the image's name.
std::map<std::string, Digest> load_inputs(const World& world, const Settings& settings, const Project& project);

/// Composes the indexes of what lies in these layouts.
Candidates make_candidates(const World& world, const Settings& settings, const Project& project,
                           const std::vector<Layout>& layouts);

/// Replaces what was built for this image by what is published.
void reuse_published(Candidates& candidates, const PublishedIndex& image, const FetchedIndex& fetched);
