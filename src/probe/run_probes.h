// The probes: containers that find out what only a running image can tell. Internal header.
#pragma once

#include <string>

#include "contract/facts.h"
#include "probe/engine_run.h"

/// What is probed: an image that the engine has.
struct ProbedImage {
    std::string image;
    std::string platform;
    Target target = Target::production;
    std::string trust_store = "/etc/ssl/certs/ca-certificates.crt";
    bool emulated = false;  ///< everything takes longer
};

/// The image's file system, read once while nothing runs in it.
FileTree load_files(EngineRun& engine, Files& files, const ProbedImage& image);

// Each runs one container to its end, and removes it. What the image does wrong is in the result; Error only if the
// engine fails.

/// Everything that Python can say.
ContainerRun run_python(const World& world, EngineRun& engine, const ProbedImage& image);
/// Read-only, without capabilities and new privileges, as this user; empty: the image's.
ContainerRun run_restricted(const World& world, EngineRun& engine, const ProbedImage& image, const std::string& user);
/// With the image's own entrypoint: who reaps orphans?
ContainerRun run_orphans(const World& world, EngineRun& engine, const ProbedImage& image);
/// Clients against servers in the container, one of an authority that was added to the trust store, one of a stranger.
ContainerRun run_tls_clients(const World& world, EngineRun& engine, const ProbedImage& image);
/// With the image's own entrypoint: how does it take `docker stop`?
StopFacts run_stop(const World& world, EngineRun& engine, const ProbedImage& image);
