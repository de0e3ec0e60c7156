// What a registry responds with when it needs credentials (RFC 9110 §11.6.1, distribution "token" authentication).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace registry {

struct Challenge {
    std::string scheme;                         ///< lower case: "bearer", "basic"
    std::map<std::string, std::string> values;  ///< by lower-case name: realm, service, scope, error
};

/// All challenges of all WWW-Authenticate headers; quoted values may hold commas. What cannot be read is left out.
std::vector<Challenge> parse_challenges(const std::vector<std::string>& headers);

/// True if credentials may be sent to this realm: https (http only where the registry itself is on this machine), and a
/// name, not an address literal, unless it is the registry's own host (registry.md §2).
bool is_trustworthy_realm(const std::string& realm, const std::string& registry_host);

}  // namespace registry
