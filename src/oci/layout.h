// OCI image layouts on disk (OCI image-spec v1.1: image-layout.md, manifest.md, image-index.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "system/files.h"

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
    std::string platform;  ///< "linux/amd64", "linux/arm/v7", "linux/arm64" (v8 is left out); "unknown/unknown" for
                           ///< attestations; empty if not given
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

/// Reads a manifest's or an index's bytes. Throws Error{failed}, naming `source`, if they are neither, or name a digest
/// that is none.
Manifest parse_manifest(const std::string& bytes, const std::string& source);

/// The platform that an image's configuration names (OCI image-spec, config.md): "linux/arm64". Throws Error{failed} if
/// it is not JSON.
std::string parse_config_platform(const std::string& config, const std::string& source);

/// "amd64" of "linux/amd64", "arm" of "linux/arm/v7": what a configuration and a scanner call it.
std::string architecture_of(const std::string& platform);

/// One image for one platform, on disk. This is what is tested, scanned, judged and published.
struct Layout {
    std::string name;                 ///< "3.13.3-production-linux-amd64"
    std::string image;                ///< "3.13.3-production"
    std::string platform;             ///< "linux/amd64"
    std::filesystem::path directory;  ///< out/images/NAME, holding blobs/, index.json, oci-layout
    Digest manifest;                  ///< of the platform's image manifest: what a verdict is about
    Digest config;                    ///< of the image configuration
    std::vector<Descriptor> layers;
    std::vector<Descriptor> attestations;  ///< manifests that attest this one (registry.md §4), by index order
    Descriptor manifest_descriptor;
};

std::filesystem::path blob_path(const std::filesystem::path& layout_directory, const Digest& digest);

/// Finds the one image in the layout that is for this platform: through nested indexes, attestations left aside. `name`
/// as in Layout. Throws Error{failed} if there is no layout, or no such image, or more than one (a scanner would
/// silently take one of them).
Layout load_layout(Files& files, const std::filesystem::path& directory, const std::string& image,
                   const std::string& platform);

/// The same for what one tag of a layout names (image-layout.md, org.opencontainers.image.ref.name); nothing if there
/// is no such layout or tag.
std::optional<Layout> load_tagged_layout(Files& files, const std::filesystem::path& directory, const std::string& tag,
                                         const std::string& image, const std::string& platform);

/// Hashes every blob that the layout's images reach, attestations included. No scanner does that (scanners-run.md
/// §0.4). Returns a Problem for each blob that is missing or is not what its name says.
Problems check_blobs(Files& files, const Layout& layout);

/// The image's configuration as JSON text: environment, labels, user, history, diff ids.
std::string load_config(Files& files, const Layout& layout);

/// A view on the layout that holds this one image only, made in `directory`: a link to its blobs and an index.json with
/// one entry. Both scanners read the same directory; neither can pick another image (scanners-run.md §4).
void write_single_image_view(Files& files, const Layout& layout, const std::filesystem::path& directory);

std::string render_platform_name(const std::string& platform);  ///< "linux/arm/v7" -> "linux-arm-v7"

/// The indexes are composed by us, always, also for one platform: the bytes of an index with these children, in this
/// order.
std::string render_index(const std::vector<Descriptor>& children,
                         const std::map<std::string, std::string>& annotations);
