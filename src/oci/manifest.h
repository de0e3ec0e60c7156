// Manifests and indexes (OCI image-spec v1.1: manifest.md, image-index.md, descriptor.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"

/// How manifests and layers are named, in the four spellings that registries use.
inline constexpr const char* oci_index_type = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* oci_manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* docker_index_type = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* docker_manifest_type = "application/vnd.docker.distribution.manifest.v2+json";

bool is_index_type(const std::string& media_type);
bool is_manifest_type(const std::string& media_type);

struct Descriptor {
    std::string media_type;
    Digest digest;
    std::uint64_t size = 0;
    std::string platform;  ///< "linux/amd64", "linux/arm64" (no v8), "unknown/unknown" (an attestation) or empty
    std::map<std::string, std::string> annotations;
};

/// What a manifest holds: for an index its children, for an image its config and layers.
struct Manifest {
    std::string media_type;
    std::optional<Descriptor> config;
    std::vector<Descriptor> layers;
    std::vector<Descriptor> children;
    std::map<std::string, std::string> annotations;
};

/// Reads a manifest's or an index's bytes. Throws Error{failed}, naming `source`, if they are neither, or contain
/// an invalid digest.
Manifest parse_manifest(const std::string& bytes, const std::string& source);

/// The platform that an image's configuration names (OCI image-spec, config.md): "linux/arm64". Throws Error{failed} if
/// it is not JSON.
std::string parse_config_platform(const std::string& config, const std::string& source);

/// Whether a layer is a tar, plain or gzip, which is what we can read, by the media types of OCI and of Docker.
bool is_tar(const Descriptor& layer);

/// "amd64" of "linux/amd64", "arm" of "linux/arm/v7": what a configuration and a scanner call it.
std::string architecture_of(const std::string& platform);

std::string render_platform_name(const std::string& platform);  ///< "linux/arm/v7" -> "linux-arm-v7"

/// The indexes are composed by us, always, also for one platform: the bytes of an index with these children, in this
/// order.
std::string render_index(const std::vector<Descriptor>& children,
                         const std::map<std::string, std::string>& annotations);
