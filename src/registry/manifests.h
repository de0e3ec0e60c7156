// Asking a registry for manifests and tags (distribution-spec, "Pulling manifests", "Listing Tags"; registry.md §1,
// §5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "registry/client.h"

namespace registry {

/// A manifest that is longer is refused by registries, and by us (distribution-spec: at least 4 MiB).
inline constexpr std::size_t max_manifest_size = 4U << 20U;

/// The value of Accept: all four types. A registry that is not told a type may say that the tag does not exist.
std::string accepted_types();

/// What a tag names now, asked for by HEAD, which no pull limit counts; nothing if there is no such tag. Where a
/// registry does not tell the digest, the bytes are fetched and hashed. Throws Error{failed} with the registry's own
/// words if it may not be asked or cannot say.
std::optional<Digest> ask_tag(Client& client, const std::string& host, const std::string& repository,
                              const std::string& tag);

/// False if there is no such tag, or if these credentials may not read the repository, which is also Docker Hub's
/// answer about a repository that does not exist. Throws Error{failed} if the registry cannot say.
bool shows_tag(Client& client, const std::string& host, const std::string& repository, const std::string& tag);

/// True if the repository holds this manifest.
bool ask_manifest(Client& client, const std::string& host, const std::string& repository, const Digest& digest);

/// The bytes of a manifest by its digest. Throws Error{failed}: if it is not there, or its bytes are not what the
/// digest says.
std::string load_manifest(Client& client, const std::string& host, const std::string& repository, const Digest& digest);

/// All tags of a repository, sorted; none if it is not there. Follows the pages of the list.
std::vector<std::string> list_tags(Client& client, const std::string& host, const std::string& repository);

}  // namespace registry
