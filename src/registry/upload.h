// Bringing blobs and manifests into a repository (distribution-spec, "Pushing blobs", "Mounting a blob from another
// repository", "Pushing manifests"; registry.md §1, §5).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/digest.h"
#include "registry/client.h"

namespace registry {

struct Blob {
    Digest digest;
    std::uint64_t size = 0;
    std::filesystem::path file;  ///< streamed from here
};

enum class Arrival {
    there_already,  ///< the registry said so when it was asked for a mount
    mounted,        ///< from another repository
    found,          ///< it took the mount for an upload, but has the blob
    sent,
};

/// Asks for the blob and for a place to send it to in one request: a mount from `held_by`, which may be the repository
/// itself. `ask_first`: where that comes to nothing a HEAD asks once more before the bytes are sent, for registries
/// that do not mount. An upload that breaks is begun anew. Throws Error{failed} if it cannot be done.
Arrival upload_blob(Client& client, Files& files, const std::string& host, const std::string& repository,
                    const Blob& blob, const std::string& held_by, bool ask_first);

/// Puts the bytes as they are, under a tag or, where that is empty, under their digest. `media_type` is theirs. Throws
/// Error{failed} with the registry's own words; of a tag that already names something else also that it may be
/// immutable.
void put_manifest(Client& client, const std::string& host, const std::string& repository, const std::string& tag,
                  const std::string& bytes, const std::string& media_type);

/// Tries whether the credentials may push: begins an upload and ends it again. Throws Error{failed} if they may not.
void try_push(Client& client, const std::string& host, const std::string& repository);

}  // namespace registry
