#include "bake/buildx.h"

#include <fmt/format.h>

#include "bake/layer_cache.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/version.h"

namespace {

namespace fs = std::filesystem;

constexpr Version oldest{0, 13, 0};
constexpr const char* git_configuration = "gitconfig";
constexpr const char* docker_hub_key = "https://index.docker.io/v1/";  // as docker login writes it
constexpr const char* install_hint =
    "install buildx 0.13 or newer: docker-buildx on PATH, or the plug-in of the docker CLI";

/// The version in "github.com/docker/buildx v0.13.1+ds1 0.13.1+ds1-3"; nothing for a build that does not know its own.
std::optional<Version> find_version(const std::string& text) {
    for (std::string word : fields_of(text, ' ')) {
        if (word.starts_with('v')) word.erase(0, 1);
        const std::optional<Version> version = parse_version(word.substr(0, word.find_first_not_of("0123456789.")));
        if (version && *version != Version{}) return version;
    }
    return std::nullopt;
}

void copy_variables(const Environment& ours, const std::vector<std::string>& names, Environment& theirs) {
    for (const std::string& name : names) {
        if (const auto found = ours.find(name); found != ours.end()) theirs[name] = found->second;
    }
}

/// GitHub Enterprise Server has the first version of the cache service only (actions/toolkit, cache/config.ts).
bool is_enterprise_server(const World& world) {
    const std::string url = variable(world, "GITHUB_SERVER_URL", "https://github.com");
    return url != "https://github.com" && !url.ends_with(".ghe.com");
}

/// GitHub's cache needs the runner's own token; only who asks for that cache gives it to the builder. buildx takes
/// version 2 of the service only where this variable says so, which the runner sets for JavaScript actions alone; on
/// github.com version 1 is gone (github-container-actions.md §1).
void add_actions_cache(const World& world, Environment& environment) {
    copy_variables(world.environment,
                   {"ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_CACHE_SERVICE_V2"},
                   environment);
    if (!variable(world, "ACTIONS_RESULTS_URL").empty() && !is_enterprise_server(world))
        environment["ACTIONS_CACHE_SERVICE_V2"] = "true";
}

/// buildx finds the builder in its own directory, and the logins in our configuration.
void use_logins_with_named_builder(const World& world, const fs::path& configuration, Environment& environment) {
    const fs::path theirs = variable(world, "DOCKER_CONFIG", variable(world, "HOME") + "/.docker");
    environment.insert({"BUILDX_CONFIG", (theirs / "buildx").string()});
    environment["DOCKER_CONFIG"] = configuration.string();
}

}  // namespace

Buildx find_buildx(const World& world) {
    const std::vector<std::vector<std::string>> commands = {{"docker-buildx"}, {"docker", "buildx"}};
    for (const std::vector<std::string>& words : commands) {
        Buildx buildx{.command = words};
        const Finished finished =
            world.processes.run(buildx_command(buildx, {"version"}, child_environment(world.environment)));
        if (finished.exit_code != 0) continue;
        const std::optional<Version> version = find_version(finished.out);
        if (version && *version < oldest) {
            throw Error{Exit::failed,
                        fmt::format("{} is version {}: too old for OCI layouts and provenance", joined(words, " "),
                                    render_version(*version)),
                        install_hint};
        }
        if (version) buildx.version = render_version(*version);
        return buildx;
    }
    throw Error{Exit::failed, "buildx is not here: neither docker-buildx nor docker buildx could be run", install_hint};
}

void write_docker_configuration(const World& world, const fs::path& directory,
                                const std::vector<RegistryLogin>& logins) {
    JsonWriter json;
    json.open_object();
    if (!logins.empty()) json.open_object("auths");
    for (const RegistryLogin& login : logins) {
        json.open_object(login.host == "docker.io" ? docker_hub_key : login.host);
        json.field("auth", base64(login.user + ":" + login.password.reveal()));
        json.close();
    }
    if (!logins.empty()) json.close();
    if (const auto home = world.environment.find("HOME"); home != world.environment.end()) {
        const fs::path plugins = fs::path(home->second) / ".docker" / "cli-plugins";
        if (world.files.is_directory(plugins)) {
            json.open_array("cliPluginsExtraDirs");
            json.item(plugins.string());
            json.close();
        }
    }
    world.files.write(directory / "config.json", json.text());
    // buildx asks git for the commit; in a workflow the work tree belongs to another user (runner.md §4).
    world.files.write(directory / git_configuration, "[safe]\n\tdirectory = *\n");
}

Environment buildx_environment(const World& world, const BuildSettings& settings, const fs::path& configuration) {
    Environment environment = child_environment(world.environment);
    environment["NO_COLOR"] = "1";
    // The bake file is ours, its outputs and secrets lie outside its directory, and only newer versions ask about that.
    environment["BUILDX_BAKE_ENTITLEMENTS_FS"] = "0";
    environment["GIT_CONFIG_GLOBAL"] = (configuration / git_configuration).string();
    if (settings.builder.empty()) {
        environment["DOCKER_CONFIG"] = configuration.string();
    } else {
        copy_variables(world.environment, {"DOCKER_CONFIG", "BUILDX_CONFIG", "DOCKER_CONTEXT"}, environment);
        if (!settings.logins.empty()) use_logins_with_named_builder(world, configuration, environment);
    }
    copy_variables(world.environment, {"DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"}, environment);
    if (!settings.socket.empty()) environment["DOCKER_HOST"] = "unix://" + settings.socket.string();
    if (uses_actions_cache(settings.cache_from) || uses_actions_cache(settings.cache_to))
        add_actions_cache(world, environment);
    return environment;
}

Command buildx_command(const Buildx& buildx, const std::vector<std::string>& arguments,
                       const Environment& environment) {
    Command command;
    command.argv = buildx.command;
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = environment;
    return command;
}
