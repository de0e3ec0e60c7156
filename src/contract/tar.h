// The tar format (POSIX.1-2017 pax, with GNU's long names): reading a stream entry by entry, and the headers to write
// one.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct TarEntry {
    std::string path;   ///< as written: "usr/bin/env", "./usr/"
    char type = '0';    ///< '0' file, '1' hard link, '2' symbolic link, '3' '4' devices, '5' directory, '6' pipe
    unsigned mode = 0;  ///< permission bits with set-uid, set-gid and sticky
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;  ///< bytes of content that follow
    std::string link;        ///< of links: what they name
};

/// Reads a tar once from front to back, in bounded memory. Everything that is not a tar throws Error{failed}, naming
/// `source`.
class TarReader {
  public:
    TarReader(std::istream& stream, std::string source);

    /// The next entry, past what was not read of the one before; nothing at the end.
    std::optional<TarEntry> next();
    /// The next piece of the entry's content; empty at its end. Valid until the next call.
    std::string_view read_piece();
    /// What is left of the entry's content.
    std::string read_all();

  private:
    bool read_extension(char type);
    void apply_pax(std::string_view records);
    void skip_content();
    [[noreturn]] void refuse(const std::string& why) const;

    std::istream& stream_;
    std::string source_;
    std::vector<char> buffer_;
    std::uint64_t unread_ = 0;   ///< of the current entry's content
    std::uint64_t padding_ = 0;  ///< that follows it
    // Given by extended headers for the entry that follows.
    std::optional<std::string> path_;
    std::optional<std::string> link_;
    std::optional<std::uint64_t> size_;
};

/// A header block for a file of this name and size, owned by root, readable by all, of no date. The name may have 100
/// bytes.
std::string render_tar_header(std::string_view path, std::uint64_t size);
/// What has to follow so many bytes of content.
std::string render_tar_padding(std::uint64_t size);
/// A whole file, if its content is at hand.
std::string render_tar_file(std::string_view path, std::string_view text);
/// What ends a tar.
std::string render_tar_end();
