#include "probe/engine.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "system/relay.h"

namespace {

constexpr std::int64_t oldest_api = 41;  // Docker 20.10: platforms of containers
constexpr std::int64_t newest_api = 45;  // that this was written for; newer engines speak it until they drop it

constexpr const char* install_hint =
    "install and start Docker Engine 20.10 or newer, or set DOCKER_HOST=unix:///path/to/docker.sock";
constexpr const char* permission_hint =
    "let this user use the socket: add the user to the group docker and log in again, or run as root";

std::vector<std::filesystem::path> candidates(const World& world) {
    const std::string host = variable(world, "DOCKER_HOST");
    if (host.starts_with("unix://")) return {host.substr(7)};
    if (!host.empty())
        throw Error{
            Exit::bad_input,
            fmt::format("DOCKER_HOST is \"{}\", and only an engine behind a socket on this machine can be used", host),
            "unset it, or write unix:///path/to/docker.sock"};
    std::vector<std::filesystem::path> sockets = {"/var/run/docker.sock"};
    const std::string own = variable(world, "XDG_RUNTIME_DIR");
    if (!own.empty()) sockets.push_back(std::filesystem::path(own) / "docker.sock");
    return sockets;
}

/// True if there is something that this user may not connect to, or a directory above that may not be entered.
bool is_forbidden(const std::filesystem::path& socket) {
    return faccessat(AT_FDCWD, socket.c_str(), R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES;
}

/// Why there was no response: what the user would look at first.
std::string describe_silence(const std::filesystem::path& socket) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(socket, error);
    if (is_forbidden(socket)) return socket.string() + " may not be used by this user";
    if (!std::filesystem::exists(status)) return socket.string() + " is not there";
    if (status.type() != std::filesystem::file_type::socket) return socket.string() + " is not a socket";
    return socket.string() + " does not answer";
}

/// The second number of "1.45"; nothing if it is no such version.
std::optional<std::int64_t> parse_api(const std::string& version) {
    return version.starts_with("1.") ? parse_number(version.substr(2)) : std::nullopt;
}

/// Throws unless this is a Docker Engine that we can talk to; returns the API version to use.
std::string negotiate(const Response& pong, const std::filesystem::path& socket) {
    const auto refuse = [](const std::string& what) { throw Error{Exit::failed, what, install_hint}; };
    if (pong.header("Libpod-API-Version"))
        refuse(fmt::format("behind {} is Podman, which is no Docker Engine", socket.string()));
    const std::string offered = pong.header("Api-Version").value_or("");
    const std::optional<std::int64_t> api = parse_api(offered);
    if (pong.status != 200 || !api)
        refuse(fmt::format("what answers behind {} is no Docker Engine (HTTP {})", socket.string(), pong.status));
    if (*api < oldest_api)
        refuse(fmt::format("the Docker Engine behind {} speaks API {}, and 1.{} is needed", socket.string(), offered,
                           oldest_api));
    return fmt::format("1.{}", std::min(*api, newest_api));
}

/// Begins `engine.description`, and makes sure that the engine accepts `engine.api_version`. For one that no longer
/// accepts the newest version that we know, its oldest is used: what we ask for has not changed since 1.41.
void load_version(const World& world, EngineInfo& engine) {
    const Response response = ask(world, engine, "GET", "/version", {400});
    engine.description = response.body;
    if (response.status != 400) return;
    Request unversioned = make_request(engine, "GET", "/version");
    unversioned.url = "http://docker/version";
    engine.description = send_to_engine(world, unversioned).body;
    const std::string oldest = text_at(parse_tool_json(engine.description, "the engine's version"), "MinAPIVersion");
    const std::optional<std::int64_t> minor = parse_api(oldest);
    if (!minor || *minor <= newest_api) refuse_answer(make_request(engine, "GET", "/version"), response);
    engine.api_version = oldest;
}

/// [["driver-type", "io.containerd.snapshotter.v1"]]
bool has_containerd_store(const Json& info) {
    for (const Json& pair : items_at(info, "DriverStatus")) {
        const Json::ConstArray fields = items_of(pair);
        if (fields.Size() == 2 && text_of(fields[0]) == "driver-type" &&
            text_of(fields[1]) == "io.containerd.snapshotter.v1")
            return true;
    }
    return false;
}

}  // namespace

EngineInfo find_engine(const World& world) {
    std::vector<std::string> silent;
    bool forbidden = false;
    for (const std::filesystem::path& socket : candidates(world)) {
        const Request ping{.url = "http://docker/_ping", .unix_socket = socket, .timeout = std::chrono::seconds(20)};
        std::optional<Response> pong;
        if (failure_of([&] { pong = world.http.send(ping); })) {  // the reason is looked up where none answers
            silent.push_back(describe_silence(socket));
            forbidden = forbidden || is_forbidden(socket);
            continue;
        }
        EngineInfo engine;
        engine.socket = socket;
        engine.api_version = negotiate(*pong, socket);
        load_version(world, engine);
        const rapidjson::Document info =
            parse_tool_json(ask(world, engine, "GET", "/info").body, "the engine's description");
        for (const Json& option : items_at(info, "SecurityOptions")) engine.description += "\n" + text_of(option);
        engine.containerd_store = has_containerd_store(info);
        const std::string kernel = text_at(info, "Architecture");
        engine.architecture = kernel == "x86_64" ? "amd64" : kernel == "aarch64" ? "arm64" : kernel;
        const Json& docker_io = member(member(member(info, "RegistryConfig"), "IndexConfigs"), "docker.io");
        for (const Json& mirror : items_at(docker_io, "Mirrors")) engine.docker_io_mirrors.push_back(text_of(mirror));
        if (const std::string os = text_at(info, "OSType"); os != "linux")
            throw Error{Exit::failed,
                        fmt::format("the Docker Engine behind {} runs {} containers", socket.string(), os),
                        "switch it to Linux containers"};
        return engine;
    }
    const std::string sockets = joined(silent, ", ");
    if (forbidden) throw Error{Exit::failed, "no Docker Engine can be used: " + sockets, permission_hint};
    throw Error{Exit::failed, "there is no Docker Engine: " + sockets, install_hint};
}

Request make_request(const EngineInfo& engine, const std::string& method, const std::string& path) {
    return {.method = method,
            .url = fmt::format("http://docker/v{}{}", engine.api_version, path),
            .unix_socket = engine.socket};
}

Response send_to_engine(const World& world, const Request& request, const std::vector<int>& expected) {
    Response response = world.http.send(request);
    const bool is_expected = std::ranges::find(expected, response.status) != expected.end();
    if (response.status >= 400 && !is_expected) refuse_answer(request, response);
    return response;
}

void refuse_answer(const Request& request, const Response& response) {
    const std::string path = request.url.substr(0, request.url.find('?')).substr(std::string("http://docker").size());
    throw Error{Exit::failed,
                fmt::format("the Docker Engine refused {} {} with HTTP {}: {}", request.method, path, response.status,
                            message_of(response)),
                "see the engine's own log; docker info shows whether it is well"};
}

Response ask(const World& world, const EngineInfo& engine, const std::string& method, const std::string& path,
             const std::vector<int>& expected) {
    return send_to_engine(world, make_request(engine, method, path), expected);
}

std::string message_of(const Response& response) {
    const std::string message = text_at(parse_json_or_null(response.body), "message");
    return one_line(std::string(trimmed(message.empty() ? response.body : message)), 500);
}
