// What BuildKit says that it made an image from (SLSA provenance, an in-toto statement in the layout).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci/layout.h"

/// An image that an image was made from, as BuildKit's provenance names it.
struct SourceImage {
    std::string name;              ///< a package URL: "pkg:docker/python@3.13.3-slim-bookworm?platform=linux%2Famd64"
    std::optional<Digest> digest;  ///< of the index or the manifest that was asked for
};

/// Every image that was read to make this one, bases, sources of copies and mounts, and the frontend (SLSA provenance
/// 0.2: materials; 1: resolvedDependencies). Throws Error{failed} if the layout has no provenance.
std::vector<SourceImage> load_source_images(Files& files, const Layout& layout);
