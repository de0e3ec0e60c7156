// The Docker Engine by its API on its socket (v1.41 and newer); no docker CLI is needed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "system/http.h"
#include "system/world.h"

/// An engine that answers, and what there is to know about it.
struct EngineInfo {
    std::filesystem::path socket;
    std::string api_version;        ///< the one that is used: the newest that both know, else the engine's oldest
    bool containerd_store = false;  ///< images are in containerd's store: layouts in, several platforms
    std::string description;        ///< its version, its components, the kernel and security options
    std::string architecture;       ///< "amd64", as images name it
    std::vector<std::string> docker_io_mirrors;  ///< "https://mirror.example/"
};

/// The engine that DOCKER_HOST names, else the one behind /var/run/docker.sock or a rootless
/// $XDG_RUNTIME_DIR/docker.sock. Throws Error{failed}, one line and a hint, if there is none, it may not be used, it is
/// Podman, too old, or not for Linux; Error{bad_input} if DOCKER_HOST is not a unix:// address.
EngineInfo find_engine(const World& world);

/// A request for a path of the API, which begins with "/": to be filled further, then sent.
Request make_request(const EngineInfo& engine, const std::string& method, const std::string& path);

/// Sends it. A status of 400 or above that is not in `expected` throws Error{failed} with the engine's own words.
Response send_to_engine(const World& world, const Request& request, const std::vector<int>& expected = {});

/// Throws what send_to_engine throws: for an expected status with an unexpected message.
[[noreturn]] void refuse_answer(const Request& request, const Response& response);

/// Makes a request and sends it.
Response ask(const World& world, const EngineInfo& engine, const std::string& method, const std::string& path,
             const std::vector<int>& expected = {});

/// The engine's {"message": "…"}, in one line.
std::string message_of(const Response& response);
