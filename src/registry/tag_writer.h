// The visible half of a publication: writes tags and verifies them, and knows at every moment what others see.
//
// A registry cannot compare and swap. Two runs that publish at once find each other by reading: each tag is read
// immediately before every attempt to write it, and again afterwards. Of two runs of the same version the one that is
// late at the first version tag writes no other; of two versions the newer one gets the moving tags. What a run wrote
// before it found out, it restores. docs/publishing.md explains it for users.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "publication/publication.h"
#include "registry/client.h"

namespace registry {

struct TagsWritten {
    std::uint64_t bytes = 0;  ///< of indexes, sent
    Problems warnings{};      ///< what another run did meanwhile
};

/// Calls `store`, which sends everything that the tags name, and writes the publication's tags: all version tags, then
/// the moving tags; each is seen before this returns. `indexes`: the bytes that the tags name, by candidate; what is
/// not among them is fetched. `note_done` is called with the number of steps that are done, counted from the first,
/// by one thread at a time. Every Error, also one of `store`, begins with what is visible by then. Throws
/// Error{refused} if a version tag names an image made from other inputs by then; Error{failed} for one made from the
/// same inputs, for a newer version that was published meanwhile (its moving tags stay, or are put back), and for a tag
/// that the registry accepted twice and does not show.
TagsWritten write_tags(const World& world, Client& client, const std::string& host, const Publication& publication,
                       const std::map<std::string, std::string>& indexes, const std::function<void()>& store,
                       const std::function<void(std::size_t done)>& note_done);

}  // namespace registry
