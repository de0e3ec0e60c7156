// Uploads to a registry (distribution-spec, "Pushing blobs", "Mounting a blob from another repository", "Pushing
// manifests"): everything that a publication stores by digest, and one attempt at a tag.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "oci/layout.h"
#include "publication/publication.h"
#include "registry/client.h"

/// Where the bytes of a publication are.
struct PublicationSources {
    std::map<std::string, Layout> layouts;       ///< by Member::name
    std::map<std::string, std::string> indexes;  ///< bytes of each candidate's index, by Candidate::name
};

namespace registry {

/// What a push came to.
struct Pushed {
    std::size_t sent = 0;     ///< blobs
    std::size_t mounted = 0;  ///< blobs that another repository of the registry had
    std::size_t present = 0;  ///< blobs and manifests that were there already, as far as they were asked for
    std::uint64_t bytes = 0;  ///< of blobs and manifests, sent
    std::size_t requests = 0;
    Problems warnings{};  ///< what another run did meanwhile
};

std::string render_pushed(const Pushed& pushed);  ///< "34 blobs sent (193.9 MB), 1 mounted, 118 requests"

/// Stores everything that the publication's tags name, `jobs` uploads at the same time, and finds out whether it can be
/// read; writes no tag. Nothing new is begun after a failure or a cancellation. Throws Error{failed} if it cannot be
/// done. Neither counts requests nor warns.
Pushed store_content(Client& client, Files& files, const std::string& host, const Publication& publication,
                     const PublicationSources& sources, std::size_t jobs);

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
