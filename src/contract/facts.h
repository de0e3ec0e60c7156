// What is known about an image when its contract is judged: its configuration, its files, and what Python said inside
// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/certificates.h"
#include "contract/file_tree.h"
#include "plan/plan.h"

/// What the image should be. Empty texts are not asserted.
struct Expectations {
    Target target = Target::production;
    bool distroless = true;      ///< production only: no shell and a registered library each; false: it stands on slim
    std::string python_version;  ///< "3.13.3"
    std::string defra_version;   ///< "1.0.0"
    std::string repository;      ///< "defradigital/python"
    std::string architecture;    ///< "amd64"
};

/// The image configuration (OCI image-spec, config.md), as far as the contract asks for it.
struct ImageConfig {
    std::string user;
    std::string working_directory;
    std::vector<std::string> entrypoint;
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> labels;
    bool on_build = false;
    bool volumes = false;
    bool health_check = false;
    bool ports = false;
    std::string architecture;  ///< "amd64"
    std::size_t layers = 0;
};

/// The configuration's JSON, as in a layout, or as the engine's inspection shows it. Throws Error{failed}, naming
/// `source`.
ImageConfig parse_image_config(std::string_view text, const std::string& source);

/// What one probe inside the image said: values, or why there are none.
struct ProbeAnswer {
    std::vector<std::string> values;
    std::string error;
};

/// One container that ran to its end, or did not.
struct ContainerRun {
    std::string failure{};  ///< why it could not be started, or was ended; empty if it ended by itself
    int exit_code = 0;
    std::string said{};                            ///< the end of what it wrote to standard error
    std::map<std::string, ProbeAnswer> answers{};  ///< by the probe's name
};

/// Reads what the probe program printed: one JSON object per line, {"probe": NAME, "values": […]} or {"probe": NAME,
/// "error": "…"}. Lines that are something else are left out: an image may print what it likes.
std::map<std::string, ProbeAnswer> parse_answers(std::string_view output);

/// How a container with the image's own entrypoint took `docker stop`.
struct StopFacts {
    std::string failure{};
    double seconds = 0;
    int exit_code = 0;
};

struct ImageFacts {
    Expectations expected;
    ImageConfig config;
    FileTree files;
    ContainerRun python;    ///< the whole probe program, as the image's user; clients trust one authority more
    ContainerRun hardened;  ///< read-only, no capabilities, no new privileges, a temporary file system on /tmp
    ContainerRun any_user;  ///< the same as uid 23456, which no file of the image knows
    ContainerRun orphans;   ///< with the image's own entrypoint
    StopFacts stop;
    std::vector<Certificate> certificates;         ///< internal authorities that the image has to trust
    std::optional<std::uint64_t> compressed_size;  ///< of all layers, from the manifest
    bool emulated = false;                         ///< run on an engine of another architecture
};
