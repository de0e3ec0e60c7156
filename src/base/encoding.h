// Encodings of bytes: hexadecimal, base64 (RFC 4648), percent-encoding (RFC 3986), gzip (RFC 1952).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

std::string hexadecimal(std::string_view bytes);  ///< in lower case

/// Without line feeds.
std::string base64(std::string_view bytes);

/// For one part of a path or one value of a query: everything but letters, digits, '-', '.', '_', '~' and what is in
/// `plain` is encoded.
std::string percent_encoded(std::string_view text, std::string_view plain = "");

/// The same bytes give the same text: no name and no date is written.
std::string gzip(std::string_view bytes);
/// Throws Error{failed}, naming `source`, for what is not gzip, is cut off, or would be larger than `max_bytes`.
std::string gunzip(std::string_view bytes, const std::string& source, std::size_t max_bytes);
/// Whether a text begins as gzip (RFC 1952, 2.3.1) or zstd (RFC 8878, 3.1.1) does.
bool begins_packed(std::string_view bytes);
