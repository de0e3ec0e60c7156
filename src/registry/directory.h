// A registry that is just a directory: one OCI layout per repository, every tag the ref.name of an entry of index.json
// (OCI image-spec v1.1, image-layout.md). skopeo and crane read it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "publication/publication.h"
#include "registry/existing_tags.h"
#include "system/world.h"

/// Every tag of these repositories, with what its index says about itself. A directory that is not there holds none.
/// Throws Error{failed} for a layout that cannot be read.
std::vector<ExistingTag> load_existing_tags(Files& files, const std::filesystem::path& directory,
                                            const std::vector<std::string>& repositories);

/// Executes the steps in order. All blobs are in place before the first tag is written, and each repository's tags
/// are written at once. Throws Error{failed} that begins with what is visible by then.
void run_publication_to_directory(const World& world, const Publication& publication, const PublicationSources& sources,
                                  const std::filesystem::path& directory);
