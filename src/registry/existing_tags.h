// What a registry holds now under the tags that a publication wants (the same for directories: directory.h).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "oci/manifest.h"
#include "publication/publication.h"
#include "registry/client.h"
#include "registry/upload.h"

namespace registry {

struct TagName {
    std::string repository;
    std::string tag;

    auto operator<=>(const TagName&) const = default;
};

/// The version tags and moving tags of these candidates, in their order, without those that are not there. One HEAD per
/// tag (before a push, one GET for the first of them, and for the next one where that is absent), and one GET per index
/// that is not known then. Throws Error{failed} if the registry may not be asked, or what a tag names is no image.
std::vector<ExistingTag> load_existing_tags(Client& client, const std::string& host,
                                            const std::vector<Candidate>& candidates, const PublicationSources& sources,
                                            std::size_t jobs);

/// The same for any tags: with list_tags, what a rollback chooses from.
std::vector<ExistingTag> load_existing_tags(Client& client, const std::string& host, const std::vector<TagName>& names,
                                            std::size_t jobs);

/// A tag with what its index says about itself.
ExistingTag make_existing_tag(const std::string& repository, const std::string& tag, const Digest& digest,
                              const Manifest& index);

}  // namespace registry
