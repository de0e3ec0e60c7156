#include "bake/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bake/layer_cache.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/reference.h"
#include "base/text.h"
#include "base/version.h"

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours left_after{24};

/// Before the second and the third try: what buildx has got by then is kept.
constexpr std::array pauses = {std::chrono::seconds(5), std::chrono::seconds(20)};

/// What can be done about it depends on where it failed: at the pull, or later. An engine with the classic image store
/// cannot write OCI layouts, so it needs this container.
std::string hint_for_pull(const std::string& error) {
    const bool at_pull = is_network_fault(error) || error.find("pull") != std::string::npos ||
                         error.find("no such host") != std::string::npos;
    return std::string(at_pull ? "the engine could not pull the image: try again, name a mirror such as --mirrors "
                                 "docker.io=mirror.example, "
                               : "the engine could not run the container: its own log says more; ") +
           "or do without this container: switch the engine's containerd image store on, or name a builder with "
           "--builder";
}

Response ask_engine(const World& world, const fs::path& socket, const std::string& method, const std::string& path) {
    return world.http.send({.method = method, .url = "http://engine" + path, .unix_socket = socket});
}

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

}  // namespace

std::string render_buildkit_configuration(const std::vector<std::string>& mirrors) {
    std::string hosts;
    std::string plain;
    for (const std::string& url : mirrors) {
        const std::string place = host_of(url);
        hosts += (hosts.empty() ? "\"" : ", \"") + place + "\"";
        if (url.starts_with("http://")) plain += "[registry.\"" + place + "\"]\n  http = true\n";
    }
    return hosts.empty() ? "" : "[registry.\"docker.io\"]\n  mirrors = [" + hosts + "]\n" + plain;
}

std::string locate_image(const std::string& image, const std::map<std::string, std::string>& mirrors) {
    const std::size_t slash = image.find('/');
    const auto mirror = mirrors.find(image.substr(0, slash));
    return slash == std::string::npos || mirror == mirrors.end() ? image : mirror->second + image.substr(slash);
}

OwnBuilder::OwnBuilder(const World& world, const BuildSettings& settings, const Environment& environment,
                       const fs::path& directory)
    : world_(world),
      buildx_(settings.buildx),
      environment_(environment),
      // No other run has it: directories for temporary files are unique on a machine, times between machines.
      name_(own_builder_prefix +
            std::string(sha256(directory.string() + render_time(world.clock.now())).hex().substr(0, 12))) {
    std::vector<std::string> arguments = {
        "create",           "--name",      name_,          "--driver",
        "docker-container", "--bootstrap", "--driver-opt", "image=" + settings.buildkit_image};
    const bool has_loopback =
        std::ranges::any_of(settings.mirrors, [](const std::string& url) { return is_loopback(host_of(url)); });
    if (has_loopback) arguments.insert(arguments.end(), {"--driver-opt", "network=host"});
    if (!settings.mirrors.empty()) {
        world.files.write(directory / "buildkitd.toml", render_buildkit_configuration(settings.mirrors));
        arguments.insert(arguments.end(), {"--buildkitd-config", (directory / "buildkitd.toml").string()});
    }
    const Command command = buildx_command(buildx_, arguments, environment_);
    try {
        const Finished finished = run_patiently(world, command, "while BuildKit was pulled", [&] { remove(); });
        if (finished.exit_code == 0) return;
        throw Error{
            Exit::failed,
            "BuildKit could not be started from " + settings.buildkit_image + "\n" + render_failure(command, finished),
            hint_for_pull(finished.err)};
    } catch (const Error&) {  // it may be half-made, and the destructor does not run
        remove();
        throw;
    }
}

OwnBuilder::~OwnBuilder() {
    remove();
}

void OwnBuilder::remove() const {
    Command command = buildx_command(buildx_, {"rm", "--force", name_}, environment_);
    command.cleans_up = true;  // also in a run that was cancelled, whose few seconds it may not use up
    command.timeout = std::chrono::seconds(4);
    try {
        if (world_.processes.run(command).exit_code == 0) return;
    } catch (const Error&) {  // said below
    }
    world_.log << "the builder " << name_ << " could not be removed; a run a day from now or later removes it\n";
}

void remove_left_builders(const World& world, const fs::path& socket) {
    if (socket.empty()) return;
    const std::string container_prefix = std::string("buildx_buildkit_") + own_builder_prefix;
    const Response listed =
        ask_engine(world, socket, "GET",
                   "/containers/json?all=true&filters=%7B%22name%22%3A%5B%22" + container_prefix + "%22%5D%7D");
    if (listed.status != 200) return;
    const rapidjson::Document containers = parse_tool_json(listed.body, "the engine's list of containers");
    for (const Json& container : items_of(containers)) {
        const Json::ConstArray names = items_at(container, "Names");
        const std::string name =
            names.Empty() ? "" : text_of(names[0]);  // the engine writes "/name", and looks for parts of names
        const Time created{std::chrono::seconds(number_at(container, "Created"))};
        if (!name.starts_with("/" + container_prefix) || world.clock.now() - created < left_after) continue;
        const Response removed =
            ask_engine(world, socket, "DELETE", "/containers/" + text_at(container, "Id") + "?force=true&v=true");
        ask_engine(world, socket, "DELETE", "/volumes" + name + "_state?force=true");
        world.log << (removed.status < 300 ? "removed" : "could not remove")
                  << " the builder that a killed run left behind: " << name.substr(1) << "\n";
    }
}

std::vector<std::string> find_buildx(const World& world) {
    const std::vector<std::vector<std::string>> commands = {{"docker-buildx"}, {"docker", "buildx"}};
    for (const std::vector<std::string>& buildx : commands) {
        const Finished finished =
            world.processes.run(buildx_command(buildx, {"version"}, child_environment(world.environment)));
        if (finished.exit_code != 0) continue;
        const std::optional<Version> version = find_version(finished.out);
        if (version && *version < oldest) {
            throw Error{Exit::failed,
                        fmt::format("{} is version {}: too old for OCI layouts and provenance", joined(buildx, " "),
                                    render_version(*version)),
                        install_hint};
        }
        return buildx;
    }
    throw Error{Exit::failed, "buildx is not here: neither docker-buildx nor docker buildx could be run", install_hint};
}

void write_docker_configuration(const World& world, const fs::path& directory,
                                const std::map<std::string, Credentials>& logins) {
    JsonWriter json;
    json.open_object();
    if (!logins.empty()) json.open_object("auths");
    for (const auto& [host, login] : logins) {
        const std::string auth = base64(login.user + ":" + login.password.reveal());
        json.object(host == "docker.io" ? docker_hub_key : host, {{"auth", auth}});
    }
    if (!logins.empty()) json.close();
    if (const auto home = world.environment.find("HOME"); home != world.environment.end()) {
        const fs::path plugins = fs::path(home->second) / ".docker" / "cli-plugins";
        if (world.files.is_directory(plugins)) json.list("cliPluginsExtraDirs", {plugins.string()});
    }
    world.files.write(directory / "config.json", json.text());
    // buildx asks git for the commit; in a workflow the work tree belongs to another user.
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
        if (!settings.logins.empty()) {  // buildx finds the builder in its own directory, and the logins in ours
            const fs::path theirs = variable(world, "DOCKER_CONFIG", variable(world, "HOME") + "/.docker");
            environment.insert({"BUILDX_CONFIG", (theirs / "buildx").string()});
            environment["DOCKER_CONFIG"] = configuration.string();
        }
    }
    copy_variables(world.environment, {"DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"}, environment);
    if (!settings.socket.empty()) environment["DOCKER_HOST"] = "unix://" + settings.socket.string();
    if (uses_actions_cache(settings.cache_from) || uses_actions_cache(settings.cache_to)) {
        // GitHub's cache needs the runner's own token; only who asks for that cache gives it to the builder. buildx
        // takes version 2 of the service only where this variable says so, which the runner sets for JavaScript actions
        // alone; on github.com version 1 is gone, and Enterprise Server has no other
        // (actions/toolkit, cache/config.ts).
        copy_variables(
            world.environment,
            {"ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_CACHE_SERVICE_V2"},
            environment);
        const std::string server = variable(world, "GITHUB_SERVER_URL", "https://github.com");
        const bool has_version_2 = server == "https://github.com" || server.ends_with(".ghe.com");
        if (!variable(world, "ACTIONS_RESULTS_URL").empty() && has_version_2)
            environment["ACTIONS_CACHE_SERVICE_V2"] = "true";
    }
    return environment;
}

Command buildx_command(const std::vector<std::string>& buildx, const std::vector<std::string>& arguments,
                       const Environment& environment) {
    std::vector<std::string> argv = buildx;
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return {.argv = argv, .environment = environment};
}

Finished run_patiently(const World& world, const Command& command, const std::string& when,
                       const std::function<void()>& before_again) {
    for (std::size_t tries = 0;; ++tries) {
        Finished finished = world.processes.run(command);
        if (finished.exit_code == 0 || tries == pauses.size() || !is_network_fault(finished.err)) return finished;
        before_again();
        world.log << "the network failed " << when << "; trying again in " << pauses[tries].count() << " s\n";
        world.clock.sleep(pauses[tries]);
    }
}
