// Which characters mean something within a text of JSON. Internal header.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// How many characters at the beginning of the text are no quotation mark, no backslash and no control character (RFC
/// 8259, section 7). Eight at a time: the lowest byte that is one has its highest bit set, and those above it are not
/// looked at.
inline std::size_t count_plain(std::string_view text) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t each = 0x0101010101010101U;
    // The highest bit of each byte of ASCII that is below `least`.
    const auto below = [](std::uint64_t bytes, std::uint64_t least) { return (bytes - each * least) & ~bytes; };
    std::size_t at = 0;
    for (; text.size() - at >= 8; at += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + at, sizeof eight);
        const std::uint64_t odd =
            (below(eight, 0x20) | below(eight ^ each * '"', 1) | below(eight ^ each * '\\', 1)) & each * 0x80;
        if (odd != 0) return at + static_cast<std::size_t>(std::countr_zero(odd)) / 8;
    }
    const auto is_odd = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
    const auto rest = text.substr(at);
    return at + static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), is_odd) - rest.begin());
}
