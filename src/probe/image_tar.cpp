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

/// Of the media types of OCI and of Docker.
bool is_tar(const Descriptor& layer) {
    return layer.media_type.ends_with(".tar");
}

/// What a gzip stream holds (RFC 1952, several members too), in bounded memory. It ends early where the stream is
/// damaged or cut off: the reader of the tar notices.
class GunzipBuffer : public std::streambuf {
  public:
    explicit GunzipBuffer(std::istream& packed) : packed_(packed), in_(size), out_(size) {
        inflateInit2(&zlib_, 15 + 16);
    }
    ~GunzipBuffer() override { inflateEnd(&zlib_); }
    GunzipBuffer(const GunzipBuffer&) = delete;
    GunzipBuffer& operator=(const GunzipBuffer&) = delete;

  protected:
    int_type underflow() override {
        zlib_.next_out = reinterpret_cast<Bytef*>(out_.data());
        zlib_.avail_out = static_cast<uInt>(size);
        while (zlib_.avail_out == size && read_packed()) {
            const int result = inflate(&zlib_, Z_NO_FLUSH);
            if (result == Z_STREAM_END) inflateReset(&zlib_);
            if (result != Z_OK && result != Z_STREAM_END) break;
        }
        const std::size_t unpacked = size - zlib_.avail_out;
        if (unpacked == 0) return traits_type::eof();
        setg(out_.data(), out_.data(), out_.data() + unpacked);
        return traits_type::to_int_type(out_[0]);
    }

  private:
    bool read_packed() {
        if (zlib_.avail_in > 0) return true;
        packed_.read(in_.data(), static_cast<std::streamsize>(size));
        zlib_.next_in = reinterpret_cast<Bytef*>(in_.data());
        zlib_.avail_in = static_cast<uInt>(packed_.gcount());
        return zlib_.avail_in > 0;
    }

    static constexpr std::size_t size = std::size_t{128} << 10U;
    std::istream& packed_;
    std::vector<char> in_;
    std::vector<char> out_;
    z_stream zlib_{};
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
    return std::ranges::all_of(
        layout.layers, [](const Descriptor& layer) { return is_tar(layer) || layer.media_type.ends_with("gzip"); });
}

LayerFiles load_layer(Files& files, const Layout& layout, const Descriptor& layer) {
    const std::filesystem::path path = blob_path(layout.directory, layer.digest);
    if (files.digest_of(path) != layer.digest) {
        throw Error{Exit::failed, {path.string()}, "this layer is not what its digest says", "build the image again"};
    }
    const std::string source = fmt::format("the layer {} of {}", layer.digest.brief(), layout.name);
    std::ifstream blob(path, std::ios::binary);
    if (is_tar(layer)) return read_layer(blob, source);
    GunzipBuffer unpacked(blob);
    std::istream tar(&unpacked);
    return read_layer(tar, source);
}
