// The Docker Engine, spoken to through its API on its socket; no docker CLI is needed (Docker Engine API v1.41 and
// newer).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "system/world.h"

/// An engine that answers, and what there is to know about it.
struct EngineInfo {
    std::filesystem::path socket;
    std::string version;            ///< "26.1.5"
    std::string api_version;        ///< the one that is spoken: the newest that both know, else the engine's oldest
    bool containerd_store = false;  ///< images are in containerd's store: layouts in, several platforms
    std::string description;        ///< what it says of its version, its components, the kernel and security options
    std::string architecture;       ///< "amd64", as images name it
    std::string os;                 ///< "linux"
    std::vector<std::string> docker_io_mirrors;  ///< "https://mirror.example/"
};

/// The engine that DOCKER_HOST names, else the one behind /var/run/docker.sock or a rootless
/// $XDG_RUNTIME_DIR/docker.sock. Throws Error{failed}, one line and a hint, if there is none, it may not be used, it is
/// Podman, too old, or not for Linux; Error{bad_input} if DOCKER_HOST is not a unix:// address.
EngineInfo find_engine(const World& world);
