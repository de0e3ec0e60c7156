// Names of images, repositories and registries (OCI distribution-spec, "Pulling manifests"; Docker Hub's own rules).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

struct Reference {
    std::string host;        ///< as people write it: "docker.io", "localhost:5000"
    std::string repository;  ///< "library/python"
    std::string tag;         ///< "latest" if neither a tag nor a digest was given
    std::optional<Digest> digest;
};

/// "python:3.13.3-slim-bookworm", "gcr.io/distroless/cc-debian12:nonroot", "localhost:5000/a/b@sha256:…". Nothing if it
/// is not an image reference.
std::optional<Reference> parse_reference(std::string_view text);

std::string render_reference(const Reference& reference);

/// The short form that BuildKit compares (distribution/reference, FamiliarString): without "docker.io/", "library/" and
/// ":latest". Nothing if it is not a reference.
std::optional<std::string> familiar_name(std::string_view reference);

/// A tag: [A-Za-z0-9_][A-Za-z0-9._-]{0,127}.
bool is_tag(std::string_view text);

/// A repository without a registry, "defradigital/python": lower-case letters and digits in parts, joined by one dot,
/// one or two underscores or any number of dashes, at most 255 characters. The first part must not be what clients
/// take for a host ("docker.io/…", "localhost/…").
bool is_repository(std::string_view text);

/// A host on this machine: localhost, 127.0.0.0/8, [::1], with or without a port. Only such a host is contacted without
/// TLS.
bool is_loopback(std::string_view host);

/// The host of a URL, with its port; empty if it has no scheme.
std::string host_of(std::string_view url);
