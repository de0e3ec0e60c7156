#include "probe/image_tar.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <istream>
#include <set>
#include <streambuf>
#include <vector>

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
    json.list("RepoTags", {fmt::format("{}:{}", repository, tag)});
    json.open_array("Layers");
    for (const Descriptor& layer : layout.layers) json.item(blob_name(layer.digest));
    return json.one_line();
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

/// A file, unpacked if it is gzip (RFC 1952, several members too), in bounded memory. It ends early where the stream is
/// damaged or cut off: the reader of the tar notices.
class UnpackedFile : public std::streambuf {
  public:
    explicit UnpackedFile(const std::filesystem::path& path) : file_(gzopen(path.c_str(), "rb")) {
        gzbuffer(file_, size);
    }
    ~UnpackedFile() override { gzclose(file_); }
    UnpackedFile(const UnpackedFile&) = delete;
    UnpackedFile& operator=(const UnpackedFile&) = delete;

  protected:
    int_type underflow() override {
        const int unpacked = gzread(file_, bytes_.data(), size);
        if (unpacked <= 0) return traits_type::eof();
        setg(bytes_.data(), bytes_.data(), bytes_.data() + unpacked);
        return traits_type::to_int_type(bytes_[0]);
    }

  private:
    static constexpr unsigned size = 128U << 10U;
    gzFile file_;
    std::vector<char> bytes_ = std::vector<char>(size);
};

}  // namespace

void write_image_tar(Files& files, const Layout& layout, const std::string& repository, const std::string& tag,
                     const std::filesystem::path& to) {
    files.make_directory(to.parent_path());
    std::ofstream tar(to, std::ios::binary);
    std::set<Digest> blobs = {layout.manifest, layout.config};
    for (const Descriptor& layer : layout.layers) blobs.insert(layer.digest);
    tar << render_tar_file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    for (const Digest& blob : blobs) add_blob(tar, layout, blob);
    tar << render_tar_file("index.json", render_tar_index(layout, repository, tag));
    tar << render_tar_file("manifest.json", render_archive_manifest(layout, repository, tag));
    tar << render_tar_end();
    tar.close();
    if (tar.fail())
        throw Error{Exit::failed, {to.string()}, "this file cannot be written", "see whether the disk is full: df -h"};
}

bool can_read_layers(const Layout& layout) {
    return std::ranges::all_of(layout.layers, is_tar);
}

LayerFiles load_layer(Files& files, const Layout& layout, const Descriptor& layer) {
    const std::filesystem::path path = blob_path(layout.directory, layer.digest);
    if (files.digest_of(path) != layer.digest) {
        throw Error{Exit::failed, {path.string()}, "this layer is not what its digest says", "build the image again"};
    }
    UnpackedFile unpacked(path);
    std::istream tar(&unpacked);
    return read_layer(tar, fmt::format("the layer {} of {}", layer.digest.brief(), layout.name));
}
