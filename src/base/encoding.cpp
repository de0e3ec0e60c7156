#include "base/encoding.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <memory>

#include "base/error.h"

namespace {

// Of zlib's windowBits: the largest window, in a gzip frame.
constexpr int gzip_window = 15 + 16;
constexpr std::size_t max_piece = 1U << 30U;  // zlib counts in 32 bits

Bytef* input_of(std::string_view bytes) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib reads only, and does not say so
}

}  // namespace

std::string hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        for (const int shift : {4, 0}) text += "0123456789abcdef"[(byte >> shift) & 0xF];
    }
    return text;
}

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    return text;
}

std::string percent_encoded(std::string_view text, std::string_view plain) {
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        const bool stays = unreserved.find(c) != std::string_view::npos || plain.find(c) != std::string_view::npos;
        encoded += stays ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

std::string gzip(std::string_view bytes) {
    z_stream stream{};
    if (bytes.size() > max_piece ||
        deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw Error{Exit::failed, "too much to be compressed in memory", ""};
    }
    std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = input_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

bool begins_packed(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd");
}

std::string gunzip(std::string_view bytes, const std::string& source, std::size_t max_bytes) {
    const auto refuse = [&](const std::string& what) {
        throw Error{Exit::failed, source + " " + what, "it was cut off or changed on its way: fetch it again"};
    };
    z_stream stream{};
    const bool is_ready = inflateInit2(&stream, gzip_window) == Z_OK;
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, &inflateEnd);  // frees what zlib allocated
    if (!is_ready || bytes.size() > max_piece) refuse("cannot be unpacked in memory");
    stream.next_in = input_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string unpacked;
    std::array<char, 65536> piece{};
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        state = inflate(&stream, Z_NO_FLUSH);
        unpacked.append(piece.data(), piece.size() - stream.avail_out);
        if (unpacked.size() > max_bytes) refuse("is larger than anything of ours");
    }
    if (state != Z_STREAM_END) refuse("is not a whole gzip file");
    return unpacked;
}
