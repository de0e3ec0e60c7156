// Uploads blobs and manifests to a repository (distribution-spec, "Pushing blobs", "Mounting a blob from another
// repository", "Pushing manifests").
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

/// Asks for the blob and for a place to send it to in one request: a mount from `mount_from`, which may be the
/// repository itself; one that is refused or fails is dropped. With `ask_first` a HEAD asks before the bytes are sent,
/// for registries that do not mount. An upload that breaks is begun again, after a HEAD: the registry may have stored
/// the blob, and only its response was lost. Throws Error{failed} if it cannot be done.
Arrival upload_blob(Client& client, Files& files, const std::string& host, const std::string& repository,
                    const Blob& blob, const std::string& mount_from, bool ask_first);

/// Puts the bytes as they are, under their digest. Throws Error{failed} with the registry's own words.
void put_manifest(Client& client, const std::string& host, const std::string& repository, const std::string& bytes);

/// How one attempt to write a tag ended.
struct TagPut {
    bool taken = false;                   ///< the registry says so
    bool is_worth_a_second_look = false;  ///< it may not find yet what it was given a moment ago
    Response response{};
    Call call{};
};

/// Puts the bytes under a tag, in one attempt: a tag is read again before each attempt to write it. Throws
/// Error{failed} if the registry took other bytes.
TagPut put_tag(Client& client, const std::string& host, const std::string& repository, const std::string& tag,
               const std::string& bytes);

/// A registry that refuses a push: Error{failed} with its own words and what to do.
[[noreturn]] void refuse_push(const Client& client, const Call& call, const Response& response);

/// Tries whether the credentials may push: begins an upload and ends it again. Throws Error{failed} if they may not.
void try_push(Client& client, const std::string& host, const std::string& repository);

}  // namespace registry
