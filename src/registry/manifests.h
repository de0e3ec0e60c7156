// Asking a registry for manifests and tags (distribution-spec, "Pulling manifests", "Listing Tags").
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/digest.h"
#include "registry/client.h"

namespace registry {

/// A manifest that is longer is refused by registries, and by us (distribution-spec: at least 4 MiB).
inline constexpr std::size_t max_manifest_size = 4U << 20U;

/// How much a 404 is trusted. A lagging replica or a proxy may respond to HEAD with 404 although the tag exists.
enum class TagRead {
    head,           ///< one HEAD, which no pull limit counts: enough where the tag is read again before it is written
    head_then_get,  ///< a 404 is confirmed by GET
    get,            ///< one GET: for tags that are probably absent
};

/// What a tag (or a digest) names now; nothing if it does not exist. Without HEAD (405) or the digest in its response
/// the bytes are fetched and hashed. `may_be_new` is asked when the read is denied (401, 403): true means that the
/// repository does not exist yet. Throws Error{failed} with the registry's own words for every other response.
std::optional<Digest> ask_tag(Client& client, const std::string& host, const std::string& repository,
                              const std::string& tag, TagRead read = TagRead::head_then_get,
                              const std::function<bool()>& may_be_new = {});

/// The same by one GET, with the bytes that the tag names.
std::optional<std::string> get_tag(Client& client, const std::string& host, const std::string& repository,
                                   const std::string& tag, const std::function<bool()>& may_be_new = {});

/// The bytes of a manifest by its digest; nothing if it is not there (the tag may outlive it). Throws Error{failed} if
/// its bytes are not what the digest says.
std::optional<std::string> find_manifest(Client& client, const std::string& host, const std::string& repository,
                                         const Digest& digest);

/// The same where a manifest that is not there is an Error{failed}, too.
std::string load_manifest(Client& client, const std::string& host, const std::string& repository, const Digest& digest);

/// All tags of a repository, sorted; none if it is not there. Follows the pages of the list.
std::vector<std::string> list_tags(Client& client, const std::string& host, const std::string& repository);

struct ResolvedReference {
    Reference reference;  ///< as asked for
    Reference found_at;   ///< after mirrors, with the digest: what a build is pinned to
    Digest digest;        ///< of the index, or of the manifest where there is no index
    std::optional<Time> created;
    std::map<std::string, std::size_t> layers;  ///< by platform
};

/// Asks for the reference, and for what its manifests say about these platforms. Throws Error{failed}, naming it, with
/// the registry's own words: if it is not there, may not be read, or its bytes are not what their digest says.
ResolvedReference resolve_reference(Client& client, const std::string& reference,
                                    const std::vector<std::string>& platforms);

}  // namespace registry
