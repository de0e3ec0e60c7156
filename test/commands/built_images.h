// Built images in the in-memory work tree, as BuildKit writes them: one layout for each image of the plan.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "commands/work_tree.h"
#include "oci/layout.h"

/// `labels`: as JSON, each after a comma.
inline void put_layout(FakeWorld& fake, const std::string& name, const std::string& salt,
                       const std::string& labels = "") {
    const std::filesystem::path directory = "out/images/" + name;
    const auto put = [&](const std::string& bytes) {
        return fake.files.texts[blob_path(directory, sha256(bytes))] = bytes;
    };
    const std::string config = put(fmt::format(
        R"({{"architecture":"amd64","os":"linux","config":{{"Labels":{{"salt":"{}"{}}}}},"rootfs":{{"type":"layers","diff_ids":["{}"]}}}})",
        salt, labels, sha256("a layer of " + salt).text()));
    const std::string layer = put("a layer of " + salt);
    const std::string manifest = put(fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},)"
        R"("layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{}","size":{}}}]}})",
        oci_manifest_type, sha256(config).text(), config.size(), sha256(layer).text(), layer.size()));
    fake.files.texts[directory / "oci-layout"] = R"({"imageLayoutVersion":"1.0.0"})";
    fake.files.texts[directory / "index.json"] = fmt::format(
        R"({{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"os":"linux","architecture":"amd64"}}}}]}})",
        oci_manifest_type, sha256(manifest).text(), manifest.size());
}

inline const std::vector<std::string> built_images = {"3.13.3-development", "3.13.3-production", "3.12.6-development",
                                                      "3.12.6-production"};

/// Other `bytes` make other images.
inline void put_all_layouts(FakeWorld& fake, const std::string& bytes = "") {
    for (const std::string& name : built_images) put_layout(fake, name + "-linux-amd64", name + bytes);
}

/// A work tree with all its images.
struct BuiltWorld : WorkTreeWorld {
    BuiltWorld() { put_all_layouts(*this); }

    /// Replaces the images by a build of this DEFRA_VERSION; other `bytes` make other images.
    void build(const std::string& version, const std::string& bytes = "") {
        set_version(version);
        put_all_layouts(*this, version + bytes);
    }
};
