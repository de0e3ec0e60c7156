// A layout whose blobs are real files, to load into an engine.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "base/encoding.h"
#include "oci/layout.h"
#include "probe/fake_engine.h"

/// A layout on disk with a manifest, a configuration and a gzip layer.
struct LayoutOnDisk {
    FilesWithDisk files;
    std::string config = R"({"architecture":"amd64","config":{"User":"1000"}})";
    std::string layer = gzip(tar_of({{"etc/passwd", "nonroot:x:1000:1000::/home/nonroot:/sbin/nologin\n"}}));
    Layout layout{.name = "x-production-linux-amd64",
                  .image = "x-production",
                  .platform = "linux/amd64",
                  .directory = files.make_temporary_directory(),
                  .manifest = sha256("manifest"),
                  .config = sha256(config),
                  .layers = {{.media_type = "application/vnd.oci.image.layer.v1.tar+gzip",
                              .digest = sha256(layer),
                              .size = layer.size(),
                              .platform = "",
                              .annotations = {}}},
                  .attestations = {},
                  .manifest_descriptor = {.media_type = oci_manifest_type,
                                          .digest = sha256("manifest"),
                                          .size = 8,
                                          .platform = "",
                                          .annotations = {}}};

    LayoutOnDisk() {
        std::filesystem::create_directories(layout.directory / "blobs/sha256");
        for (const std::string& text : {std::string("manifest"), config, layer})
            std::ofstream(blob_path(layout.directory, sha256(text))) << text;
    }
    ~LayoutOnDisk() { std::filesystem::remove_all(layout.directory); }
};
