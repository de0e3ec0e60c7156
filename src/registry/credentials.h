// User names and access tokens of registries: where Docker keeps them, and how a registry asks for them (RFC 9110
// §11.6.1, distribution "token" authentication).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace registry {

/// Those of the longest key that is the host, or a path below it that the repository is in: "quay.io", "quay.io/defra"
/// (containers-auth.json(5)). Null if there are none.
const Credentials* find_credentials(const std::map<std::string, Credentials>& by_key, const std::string& host,
                                    const std::string& repository);

struct DockerConfig {
    std::map<std::string, Credentials> credentials{};  ///< by host as people write it: "docker.io", or "host/path"
    Problems warnings{};  ///< what in it is not used: credHelpers, credsStore, identity tokens
};

/// Reads the `auths` of a docker config.json. Programs that it names are never run. Throws
/// Error{bad_input} if it is not JSON; never shows what is in it.
DockerConfig parse_docker_config(std::string_view text, const std::string& file);

/// The option registry-auths: a YAML list of `registry`, `username` and `password`, by host as people write it. An
/// entry without a password is left out: pull requests of forks and of Dependabot have no secrets. Throws
/// Error{bad_input} with every error; never shows what is in the text.
std::map<std::string, Credentials> parse_registry_auths(const Secret& text);

struct Challenge {
    std::string scheme;                         ///< lower case: "bearer", "basic"
    std::map<std::string, std::string> values;  ///< by lower-case name: realm, service, scope, error
};

/// All challenges of all WWW-Authenticate headers; quoted values may hold commas. What cannot be read is left out.
std::vector<Challenge> parse_challenges(const std::vector<std::string>& headers);

/// True if credentials may be sent to this realm: https (http only where the registry itself is on this machine), and a
/// name, not an address literal, unless it is the registry's own host.
bool is_trustworthy_realm(const std::string& realm, const std::string& registry_host);

}  // namespace registry
