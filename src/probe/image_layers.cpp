#include "probe/image_layers.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <istream>
#include <streambuf>
#include <vector>

#include "base/error.h"

namespace {

bool is_tar(const std::string& media_type) {
    return media_type == "application/vnd.oci.image.layer.v1.tar" ||
           media_type == "application/vnd.docker.image.rootfs.diff.tar";
}

bool is_gzip(const std::string& media_type) {
    return media_type == "application/vnd.oci.image.layer.v1.tar+gzip" ||
           media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip";
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

bool can_read_layers(const Layout& layout) {
    return std::ranges::all_of(
        layout.layers, [](const Descriptor& layer) { return is_tar(layer.media_type) || is_gzip(layer.media_type); });
}

LayerFiles load_layer(Files& files, const Layout& layout, const Descriptor& layer) {
    const std::filesystem::path path = blob_path(layout.directory, layer.digest);
    if (files.digest_of(path) != layer.digest) {
        throw Error{Exit::failed, {path.string()}, "this layer is not what its digest says", "build the image again"};
    }
    const std::string source = fmt::format("the layer {} of {}", layer.digest.brief(), layout.name);
    std::ifstream blob(path, std::ios::binary);
    if (is_tar(layer.media_type)) return read_layer(blob, source);
    GunzipBuffer unpacked(blob);
    std::istream tar(&unpacked);
    return read_layer(tar, source);
}
