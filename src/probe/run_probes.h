// The probes: containers that find out what only a running image can show. Internal header.
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

/// The file system of an image that only the engine has: an export of it, while nothing runs in it.
FileTree export_files(EngineRun& engine, Files& files, const ProbedImage& image);

// Each question goes to as few containers as there are ways to run one; these take most of a test's time. What the
// image does wrong is in the result; Error only if the engine fails.

/// Everything that Python can say of an image as it comes, with one authority more in its trust store, of which one of
/// two servers in the container has its certificate.
ContainerRun run_python(const World& world, EngineRun& engine, const ProbedImage& image);

struct RestrictedRuns {
    ContainerRun own_user;
    ContainerRun other_user;  ///< as 23456:23456, whom no file of the image knows
};
/// Read-only, without capabilities and new privileges: one container, with a second process of the other user.
RestrictedRuns run_restricted(const World& world, EngineRun& engine, const ProbedImage& image);

struct ServiceRun {
    ContainerRun orphans;  ///< who reaps them?
    StopFacts stop;        ///< how does it take `docker stop`?
};
/// With the image's own entrypoint, until it is stopped.
ServiceRun run_service(const World& world, EngineRun& engine, const ProbedImage& image);
