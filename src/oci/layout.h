// OCI image layouts on disk (OCI image-spec v1.1: image-layout.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "oci/manifest.h"
#include "system/files.h"

/// One image for one platform, on disk. This is what is tested, scanned, judged and published.
struct Layout {
    std::string name;                 ///< "3.13.3-production-linux-amd64"
    std::string image;                ///< "3.13.3-production"
    std::string platform;             ///< "linux/amd64"
    std::filesystem::path directory;  ///< out/images/NAME, holding blobs/, index.json, oci-layout
    Digest manifest;                  ///< of the platform's image manifest: what a verdict is about
    Digest config;                    ///< of the image configuration
    std::vector<Descriptor> layers;
    std::vector<Descriptor> attestations;  ///< manifests that attest this one, by index order
    Descriptor manifest_descriptor;
};

std::filesystem::path blob_path(const std::filesystem::path& layout_directory, const Digest& digest);

/// Finds the one image in the layout that is for this platform: through nested indexes, without attestations. `name`
/// as in Layout. Throws Error{failed} if there is no layout, or no such image, or more than one (a scanner would
/// silently take one of them).
Layout load_layout(Files& files, const std::filesystem::path& directory, const std::string& image,
                   const std::string& platform);

/// The same for this index in the layout, whatever its index.json lists.
Layout load_indexed_layout(Files& files, const std::filesystem::path& directory, const Digest& index,
                           const std::string& image, const std::string& platform);

/// Hashes every blob that the layout's images reach, attestations included; no scanner does that. Returns a Problem for
/// each blob that is missing or is not what its name says.
Problems check_blobs(Files& files, const Layout& layout);

/// The image's configuration as JSON text: environment, labels, user, history, diff ids.
std::string load_config(Files& files, const Layout& layout);

/// What each layer is once it is unpacked, by the image's configuration (OCI image-spec v1.1, config.md:
/// rootfs.diff_ids). Throws Error{failed} if it does not name one for each layer.
std::vector<Digest> load_diff_ids(Files& files, const Layout& layout);

/// A view on the layout that holds this one image only, made in `directory`: a link to its blobs and an index.json with
/// one entry. Both scanners read the same directory; neither can pick another image. The blobs of its layers are those
/// in `layers`, by the same names: there they are unpacked.
void write_single_image_view(Files& files, const Layout& layout, const std::filesystem::path& layers,
                             const std::filesystem::path& directory);

/// An image that an image was made from, as BuildKit's provenance names it (an in-toto statement in the layout).
struct SourceImage {
    std::string name;              ///< a package URL: "pkg:docker/python@3.13.3-slim-bookworm?platform=linux%2Famd64"
    std::optional<Digest> digest;  ///< of the index or the manifest that was asked for
};

/// Every image that was read to make this one, bases, sources of copies and mounts, and the frontend (SLSA provenance
/// 0.2: materials; 1: resolvedDependencies). Throws Error{failed} if the layout has no provenance.
std::vector<SourceImage> load_source_images(Files& files, const Layout& layout);
