// What out/publication.json and a release's publication.json report: what is published, and where.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "publication/publication.h"

struct PublicationRecord {
    std::string destination;  ///< as it was published to: "docker.io", "localhost:5000", "oci:out/registry"
    bool complete = false;    ///< nothing was refused, and every step was done
    std::vector<PublishedImage> images;
};

/// Throws Error{failed}, naming `source`, for what render_publication_json does not write.
PublicationRecord parse_publication_json(std::string_view text, const std::string& source);

/// Where an image is pulled from: "docker.io/defradigital/python@sha256:…". Empty for a directory, from which no one
/// pulls.
std::string render_pull_reference(const PublicationRecord& record, const PublishedImage& image);
