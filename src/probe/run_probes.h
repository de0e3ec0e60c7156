// The probes: containers that find out what only a running image can show. Internal header.
#pragma once

#include <string>

#include "contract/facts.h"
#include "probe/engine_run.h"

/// What is probed: an image that the engine has.
struct ProbedImage {
    std::string image;
    std::string platform;
    bool emulated = false;  ///< everything takes longer
};

/// The file system of an image that only the engine has: an export of it, while nothing runs in it.
FileTree export_files(EngineRun& engine, Files& files, const ProbedImage& image);

// Each question goes to as few containers as there are ways to run one; these take most of a test's time. What the
// image does wrong is in the facts, of which each of the three has its own part; Error only if the engine fails.

/// Into `facts.python` everything that Python can say of an image as it comes, with one authority more in its trust
/// store, of which one of two servers in the container has its certificate.
void run_python(const World& world, EngineRun& engine, const ProbedImage& image, ImageFacts& facts);

/// Into `facts.hardened` and `facts.any_user`: read-only, without capabilities and new privileges. One container, with
/// a second process as 23456:23456, whom no file of the image knows.
void run_restricted(const World& world, EngineRun& engine, const ProbedImage& image, ImageFacts& facts);

/// Into `facts.orphans` and `facts.stop`: with the image's own entrypoint, until it is stopped.
void run_service(const World& world, EngineRun& engine, const ProbedImage& image, ImageFacts& facts);
