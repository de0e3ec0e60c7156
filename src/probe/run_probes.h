// The probes: containers that find out what only a running image can tell. Used by this room only.
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
ContainerRun run_python(const World& world, EngineRun& engine,
                        const ProbedImage& image);  ///< everything that Python can say
ContainerRun run_restricted(const World& world, EngineRun& engine, const ProbedImage& image,
                            const std::string& user);  ///< read-only, no capabilities
ContainerRun run_orphans(const World& world, EngineRun& engine,
                         const ProbedImage& image);  ///< with the image's own entrypoint
ContainerRun run_tls_clients(const World& world, EngineRun& engine,
                             const ProbedImage& image);  ///< against servers in the container
StopFacts run_stop(const World& world, EngineRun& engine,
                   const ProbedImage& image);  ///< with the image's own entrypoint
