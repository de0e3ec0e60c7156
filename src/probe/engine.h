// The Docker Engine, spoken to through its API on its socket; no docker CLI is needed (Docker Engine API v1.41 and
// newer).
#pragma once

#include "probe/engine_request.h"

/// The engine that DOCKER_HOST names, else the one behind /var/run/docker.sock or a rootless
/// $XDG_RUNTIME_DIR/docker.sock. Throws Error{failed}, one line and a hint, if there is none, it may not be used, it is
/// Podman, too old, or not for Linux; Error{bad_input} if DOCKER_HOST is not a unix:// address.
EngineInfo find_engine(const World& world);
