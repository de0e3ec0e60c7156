#include "probe/image_tar.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "contract/tar.h"

namespace {

std::string blob_name(const Digest& digest) {
    return fmt::format("blobs/sha256/{}", digest.hex());
}

/// index.json of the layout in the tar. containerd takes the image's name from the first annotation
/// (images/archive/annotations.go).
std::string render_tar_index(const Layout& layout, const std::string& repository, const std::string& tag) {
    const Descriptor image{
        .media_type = layout.manifest_descriptor.media_type,
        .digest = layout.manifest,
        .size = layout.manifest_descriptor.size,
        .annotations = {{"io.containerd.image.name", fmt::format("docker.io/library/{}:{}", repository, tag)},
                        {"org.opencontainers.image.ref.name", tag}}};
    return render_index({image}, {});
}

/// manifest.json as `docker save` writes it since Docker 25: its paths are those of the layout's blobs.
std::string render_archive_manifest(const Layout& layout, const std::string& repository, const std::string& tag) {
    JsonWriter json;
    json.open_array();
    json.open_object();
    json.field("Config", blob_name(layout.config));
    json.open_array("RepoTags");
    json.item(fmt::format("{}:{}", repository, tag));
    json.close();
    json.open_array("Layers");
    for (const Descriptor& layer : layout.layers) json.item(blob_name(layer.digest));
    return json.one_line();
}

void add_text(std::ostream& tar, const std::string& path, const std::string& text) {
    tar << render_tar_header(path, text.size()) << text << render_tar_padding(text.size());
}

void add_blob(std::ostream& tar, const Layout& layout, const Digest& digest) {
    const std::filesystem::path path = blob_path(layout.directory, digest);
    std::ifstream blob(path, std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::uint64_t>(blob.tellg());
    blob.seekg(0);
    if (blob.fail())
        throw Error{Exit::failed, {path.string()}, "this blob of the layout cannot be read", "build the image again"};
    tar << render_tar_header(blob_name(digest), size);
    if (size > 0) tar << blob.rdbuf();
    tar << render_tar_padding(size);
}

}  // namespace

void write_image_tar(Files& files, const Layout& layout, const std::string& repository, const std::string& tag,
                     const std::filesystem::path& to) {
    files.make_directory(to.parent_path());
    std::ofstream tar(to, std::ios::binary);
    std::set<Digest> blobs = {layout.manifest, layout.config};
    for (const Descriptor& layer : layout.layers) blobs.insert(layer.digest);
    add_text(tar, "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    for (const Digest& blob : blobs) add_blob(tar, layout, blob);
    add_text(tar, "index.json", render_tar_index(layout, repository, tag));
    add_text(tar, "manifest.json", render_archive_manifest(layout, repository, tag));
    tar << render_tar_end();
    tar.close();
    if (tar.fail())
        throw Error{Exit::failed, {to.string()}, "this file cannot be written", "see whether the disk is full: df -h"};
}
