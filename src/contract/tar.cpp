#include "contract/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/text.h"

namespace {

constexpr std::size_t block = 512;
constexpr std::uint64_t largest_header = 1U << 20U;  // of extended headers: paths are far shorter

std::string_view field(std::string_view header, std::size_t at, std::size_t size) {
    const std::string_view whole = header.substr(at, size);
    return whole.substr(0, whole.find('\0'));
}

/// Octal digits between blanks, or GNU's base 256 where the number needs more.
std::optional<std::uint64_t> number(std::string_view header, std::size_t at, std::size_t size) {
    const std::string_view raw = header.substr(at, size);
    if ((static_cast<unsigned char>(raw[0]) & 0x80U) != 0) {
        std::uint64_t value = static_cast<unsigned char>(raw[0]) & 0x7FU;
        for (const char c : raw.substr(1)) {
            if (value >> 55U != 0) return std::nullopt;
            value = value << 8U | static_cast<unsigned char>(c);
        }
        return value;
    }
    const std::string_view digits = trimmed(field(header, at, size));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
    if (!digits.empty() && (error != std::errc() || end != digits.data() + digits.size())) return std::nullopt;
    return value;
}

/// The sum of all bytes, those of the checksum itself counted as blanks.
std::uint64_t checksum(std::string_view header) {
    std::uint64_t sum = 8 * ' ';
    for (std::size_t i = 0; i < block; ++i) {
        if (i < 148 || i >= 156) sum += static_cast<unsigned char>(header[i]);
    }
    return sum;
}

std::uint64_t padding_of(std::uint64_t size) {
    return (block - size % block) % block;
}

}  // namespace

TarReader::TarReader(std::istream& stream, std::string source)
    : stream_(stream), source_(std::move(source)), buffer_(std::size_t{64} << 10U) {}

void TarReader::refuse(const std::string& why) const {
    throw Error{Exit::failed, fmt::format("{} is not a readable tar: {}", source_, why),
                "run it again, or see the engine's log"};
}

std::string_view TarReader::read_piece() {
    if (unread_ == 0) return {};
    const auto wanted = static_cast<std::streamsize>(std::min<std::uint64_t>(unread_, buffer_.size()));
    stream_.read(buffer_.data(), wanted);
    if (stream_.gcount() != wanted) refuse("it ends too early");
    unread_ -= static_cast<std::uint64_t>(wanted);
    return {buffer_.data(), static_cast<std::size_t>(wanted)};
}

std::string TarReader::read_all() {
    std::string text;
    for (std::string_view piece = read_piece(); !piece.empty(); piece = read_piece()) text += piece;
    return text;
}

void TarReader::skip_content() {
    const auto rest = static_cast<std::streamsize>(unread_ + padding_);
    stream_.ignore(rest);
    if (stream_.gcount() != rest) refuse("it ends too early");
    unread_ = padding_ = 0;
}

/// Records "LENGTH KEY=VALUE\n".
void TarReader::apply_pax(std::string_view records) {
    while (!records.empty()) {
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
        const auto digits = static_cast<std::size_t>(end - records.data());
        if (error != std::errc() || length < digits + 2 || length > records.size())
            refuse("an extended header is broken");
        const std::string_view record = records.substr(digits + 1, length - digits - 2);
        const std::size_t equals = record.find('=');
        if (equals == std::string_view::npos) refuse("an extended header is broken");
        const std::string_view key = record.substr(0, equals);
        const std::string_view value = record.substr(equals + 1);
        if (key == "path") path_ = value;
        if (key == "linkpath") link_ = value;
        if (key.starts_with("GNU.sparse")) refuse("it holds a sparse file");
        if (key == "size") {
            size_ = parse_number(value);
            if (!size_) refuse("a size is not a number");
        }
        records.remove_prefix(length);
    }
}

/// True if the header only extends the entry that follows.
bool TarReader::read_extension(char type) {
    if (type != 'x' && type != 'g' && type != 'L' && type != 'K') return false;
    if (unread_ > largest_header) refuse("an extended header is too large");
    const std::string text = read_all();
    if (type == 'x') apply_pax(text);
    if (type == 'L') path_ = text.substr(0, text.find('\0'));
    if (type == 'K') link_ = text.substr(0, text.find('\0'));
    return true;
}

std::optional<TarEntry> TarReader::next() {
    while (true) {
        skip_content();
        std::string header(block, '\0');
        stream_.read(header.data(), block);
        if (stream_.gcount() != static_cast<std::streamsize>(block)) refuse("it ends too early");
        if (header.find_first_not_of('\0') == std::string::npos) return std::nullopt;
        if (number(header, 148, 8) != checksum(header)) refuse("a header's checksum is wrong");
        const auto mode = number(header, 100, 8);
        const auto uid = number(header, 108, 8);
        const auto gid = number(header, 116, 8);
        const auto size = number(header, 124, 12);
        if (!mode || !uid || !gid || !size) refuse("a header's number is wrong");
        const char type = header[156] == '\0' || header[156] == '7' ? '0' : header[156];
        if (type == 'S') refuse("it holds a sparse file");
        unread_ = *size;
        padding_ = padding_of(*size);
        if (read_extension(type)) continue;
        const bool ustar = header.compare(257, 6, std::string("ustar\0", 6)) == 0;
        const std::string prefix(ustar ? field(header, 345, 155) : "");
        const std::string name = (prefix.empty() ? "" : prefix + "/") + std::string(field(header, 0, 100));
        TarEntry entry{.path = path_.value_or(name),
                       .type = type,
                       .mode = static_cast<unsigned>(*mode & 07777U),
                       .uid = *uid,
                       .gid = *gid,
                       .size = type == '0' ? size_.value_or(*size) : 0,
                       .link = link_.value_or(std::string(field(header, 157, 100)))};
        path_.reset();
        link_.reset();
        size_.reset();
        unread_ = entry.size;
        padding_ = padding_of(entry.size);
        return entry;
    }
}

std::string render_tar_header(std::string_view path, std::uint64_t size) {
    std::string header(block, '\0');
    const auto put = [&](std::size_t at, std::string_view text) {
        std::ranges::copy(text, header.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(0, path.substr(0, 100));
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", size));
    put(136, "00000000000");
    put(156, "0");
    put(257, std::string_view("ustar\00000", 8));
    put(148, fmt::format("{:06o}", checksum(header)) + std::string("\0 ", 2));
    return header;
}

std::string render_tar_padding(std::uint64_t size) {
    return std::string(padding_of(size), '\0');
}

std::string render_tar_file(std::string_view path, std::string_view text) {
    return render_tar_header(path, text.size()).append(text) + render_tar_padding(text.size());
}

std::string render_tar_end() {
    return std::string(2 * block, '\0');
}
