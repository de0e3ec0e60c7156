// Names of images in registries (distribution-spec, "Pull"; Docker Hub's own rules: registry.md §2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace registry {

struct Reference {
    std::string host;        ///< as people write it: "docker.io", "localhost:5000"
    std::string repository;  ///< "library/python"
    std::string tag;         ///< "latest" if neither a tag nor a digest was given
    std::optional<Digest> digest;
};

/// "python:3.13.3-slim-bookworm", "gcr.io/distroless/cc-debian12:nonroot", "localhost:5000/a/b@sha256:…". Nothing if it
/// is no image reference.
std::optional<Reference> parse_reference(std::string_view text);

std::string render_reference(const Reference& reference);

/// Where the API of a registry is: Docker Hub's is elsewhere than its name.
std::string api_host(const std::string& host);

/// A host on this machine: localhost, 127.0.0.0/8, [::1], with or without a port. Only such a host is spoken to without
/// TLS.
bool is_loopback(std::string_view host);

}  // namespace registry
