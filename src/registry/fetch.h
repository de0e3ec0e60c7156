// Downloads published images into layouts on disk, to be scanned or tested like those that were just built.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "registry/client.h"

namespace registry {

/// One image for one platform.
struct FetchRequest {
    std::string reference;  ///< "docker.io/defradigital/python@sha256:…"; a tag is resolved first
    std::string image;      ///< "3.13.3-production": the layout's name begins with it
    std::string platform;   ///< "linux/amd64"
};

/// The name of its layout: "3.13.3-production-linux-amd64".
std::string name_of(const FetchRequest& request);

struct Fetched {
    Reference reference;  ///< with the digest of the top: index or manifest
    std::string top;      ///< its bytes
    Layout layout;
};

/// Fetches each image with its attestations into DIRECTORY/NAME-PLATFORM, in the order of `wanted`. Each blob is
/// fetched once, and not at all if a layout has it already; a broken fetch is continued. Everything is hashed. A
/// layout's index.json is written last. Throws Error{failed}, Error{bad_input} for what is not a reference.
std::vector<Fetched> fetch_images(const World& world, Client& client, const std::vector<FetchRequest>& wanted,
                                  const std::filesystem::path& directory, std::size_t jobs);

}  // namespace registry
