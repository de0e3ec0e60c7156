// What a reference names now: its digest, how old it is, and how many layers it has.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/digest.h"
#include "registry/client.h"

namespace registry {

struct ResolvedReference {
    Reference reference;  ///< as asked for
    Reference found_at;   ///< after mirrors, with the digest: what a build is pinned to
    Digest digest;        ///< of the index, or of the manifest where there is no index
    std::optional<Time> created;
    std::map<std::string, std::size_t> layers;  ///< by platform
};

/// Asks for the reference, and for what its manifests say about these platforms. Throws Error{failed} naming the
/// reference and the registry's own words: if it is not there, may not be read, or its bytes are not what their digest
/// says.
ResolvedReference resolve_reference(const World& world, Client& client, const std::string& reference,
                                    const std::vector<std::string>& platforms);

}  // namespace registry
