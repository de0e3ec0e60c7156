// Publishes to a registry: everything by digest for the whole matrix (upload.h), then the version tags, then the moving
// tags (ARCHITECTURE.md, rules 4 to 6); and knows at every moment what others see.
//
// A registry cannot compare and swap. Two runs that publish at once find each other by reading: each tag is read
// immediately before every attempt to write it, and again afterwards. Of two runs of the same version the one that is
// late at the first version tag writes no other; of two versions the newer one gets the moving tags. What a run wrote
// before it found out, it restores. docs/publishing.md explains it for users.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "publication/publication.h"
#include "registry/client.h"
#include "registry/upload.h"

namespace registry {

struct PushSettings {
    std::string host;      ///< as people write it: "docker.io"
    std::size_t jobs = 4;  ///< uploads at the same time
    /// Called from several threads, one at a time, with the number of steps that are done, counted from the first: for
    /// the journal.
    std::function<void(std::size_t done)> note_done{};
};

/// Executes the steps. No tag is written before everything by digest is there, no moving tag before every version tag
/// of the matrix was seen; the tags of one repository one after the other. Nothing new is begun after a failure or a
/// cancellation. The bytes that a tag names are fetched if they are not among the sources. Every Error begins with what
/// is visible by then. Throws Error{refused} if a version tag names an image made from other inputs by then;
/// Error{failed} for one made from the same inputs, for a newer version that was published meanwhile (its moving tags
/// stay, or are put back), and for a tag that the registry accepted twice and does not show.
Pushed run_publication_to_registry(const World& world, Client& client, const Publication& publication,
                                   const PublicationSources& sources, const PushSettings& settings);

}  // namespace registry
