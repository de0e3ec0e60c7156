#include "pipeline/registry_access.h"

#include <filesystem>

namespace {

namespace fs = std::filesystem;

registry::DockerConfig load_docker_config(const World& world) {
    const std::string home = variable(world, "HOME");
    const std::string directory = variable(world, "DOCKER_CONFIG", home.empty() ? "" : home + "/.docker");
    if (directory.empty()) return {};
    const fs::path file = fs::path(directory) / "config.json";
    const std::optional<std::string> text = world.files.read_if_there(file);
    return text ? registry::parse_docker_config(*text, file.string()) : registry::DockerConfig{};
}

/// Nothing if neither is given.
std::optional<Credentials> given_credentials(const World& world, const Settings& settings) {
    const std::string user =
        settings.docker_username.empty() ? variable(world, "DOCKER_USERNAME") : settings.docker_username;
    const Secret token = find_docker_token(world, settings);
    if (user.empty() && token.empty()) return std::nullopt;
    if (user.empty() || token.empty()) {
        throw Error{Exit::failed,
                    user.empty() ? "there is a docker-token and no docker-username"
                                 : "there is a docker-username and no docker-token",
                    "give both: the name as a plain variable, the token as a secret (an input, or DOCKER_TOKEN in the "
                    "environment)"};
    }
    return Credentials{user, token};
}

registry::ClientSettings make_access(const World& world, const Settings& settings,
                                     const std::vector<std::string>& hosts, const std::optional<Credentials>& given) {
    registry::ClientSettings access;
    if (settings.insecure) access.plain_http.insert(hosts.begin(), hosts.end());
    if (given) access.credentials.emplace(registry_of_credentials(settings), *given);
    access.credentials.insert(settings.registry_auths.begin(), settings.registry_auths.end());
    for (const std::string& host : hosts) {
        if (access.credentials.contains(host)) continue;
        const registry::DockerConfig config = load_docker_config(world);
        bool found = false;
        for (const auto& [key, credentials] : config.credentials) {
            if (key != host && !key.starts_with(host + "/")) continue;
            access.credentials.emplace(key, credentials);
            found = true;
        }
        if (!found) access.unused_credentials = config.warnings;
    }
    return access;
}

}  // namespace

Secret find_docker_token(const World& world, const Settings& settings) {
    return settings.docker_token.empty() ? Secret(variable(world, "DOCKER_TOKEN")) : settings.docker_token;
}

bool is_registry(const std::string& place) {
    return !place.empty() && !place.starts_with("oci:");
}

std::string registry_of_credentials(const Settings& settings) {
    return is_registry(settings.to) ? settings.to : "docker.io";
}

registry::ClientSettings load_registry_access(const World& world, const Settings& settings,
                                              const std::vector<std::string>& hosts) {
    return make_access(world, settings, hosts, given_credentials(world, settings));
}

registry::ClientSettings load_reading_access(const World& world, const Settings& settings,
                                             const std::vector<std::string>& hosts) {
    const bool anonymous = find_docker_token(world, settings).empty();
    return make_access(world, settings, hosts, anonymous ? std::nullopt : given_credentials(world, settings));
}
