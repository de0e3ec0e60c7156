// How a registry is accessed: user name and token, and whether without TLS.
#pragma once

#include <string>
#include <vector>

#include "pipeline/settings.h"
#include "registry/client.h"
#include "system/world.h"

/// True if --to names a registry and not a directory.
bool is_registry(const std::string& place);

/// The registry that --docker-username and docker-token belong to: the one of --to, else Docker Hub. They are never
/// shown to another one.
std::string registry_of_credentials(const Settings& settings);

/// From the options, else from the variable DOCKER_TOKEN; empty if it is not given.
Secret find_docker_token(const World& world, const Settings& settings);

/// Credentials from the options (for other registries registry-auths), else from the variables DOCKER_USERNAME and
/// DOCKER_TOKEN, else from the docker config.json in DOCKER_CONFIG or the home directory; no program that it names is
/// run, which is a warning in `unused_credentials`. `hosts` may be contacted without TLS if --insecure says so. Throws
/// Error{failed} if there is a name without a token or the other way round.
registry::ClientSettings load_registry_access(const World& world, const Settings& settings,
                                              const std::vector<std::string>& hosts);

/// The same for public reads: a user name without a token is ignored. A pull request of a fork or of Dependabot has the
/// variable with the name, and no secret.
registry::ClientSettings load_reading_access(const World& world, const Settings& settings,
                                             const std::vector<std::string>& hosts);
