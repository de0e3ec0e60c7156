// Publishes to a registry: everything by digest for the whole matrix, then the version tags, then the moving tags
// (ARCHITECTURE.md, rules 4 to 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "publication/publication.h"
#include "registry/client.h"
#include "registry/existing_tags.h"

namespace registry {

struct PushSettings {
    std::string host;      ///< as people write it: "docker.io"
    std::size_t jobs = 4;  ///< uploads at the same time
    /// Called from several threads, one at a time, with the number of steps that are done, counted from the first: for
    /// the journal.
    std::function<void(std::size_t done)> note_done{};
};

/// What it came to.
struct Pushed {
    std::size_t sent = 0;     ///< blobs
    std::size_t mounted = 0;  ///< blobs that another repository of the registry had
    std::size_t present = 0;  ///< blobs and manifests that were there already, as far as they were asked for
    std::uint64_t bytes = 0;  ///< of blobs and manifests, sent
    std::size_t requests = 0;
    Problems warnings{};  ///< what another run did meanwhile
};

/// Executes the steps. No tag is written before everything by digest is there, no moving tag before every version
/// tag of the matrix was seen; the tags of one repository one after the other (tag_writer.h). Nothing new is begun
/// after a failure or a cancellation. Throws Error that begins with what is visible by then.
Pushed run_publication_to_registry(const World& world, Client& client, const Publication& publication,
                                   const PublicationSources& sources, const PushSettings& settings);

std::string render_pushed(const Pushed& pushed);  ///< "34 blobs sent (193.9 MB), 1 mounted, 118 requests"

}  // namespace registry
