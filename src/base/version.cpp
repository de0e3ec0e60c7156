#include "base/version.h"

#include <charconv>

namespace {

/// Takes a number off the front; false if there is none, or one with a leading zero, or one that is too large.
bool take_number(std::string_view& rest, int& number) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto length = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || number < 0 || rest[0] == '-' || (rest[0] == '0' && length > 1)) return false;
    rest.remove_prefix(length);
    return true;
}

bool take_dot(std::string_view& rest) {
    if (!rest.starts_with('.')) return false;
    rest.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
    Version version;
    const bool whole = take_number(text, version.major) && take_dot(text) && take_number(text, version.minor) &&
                       take_dot(text) && take_number(text, version.patch) && text.empty();
    if (!whole) return std::nullopt;
    return version;
}

std::string render_version(const Version& version) {
    return minor_version(version) + "." + std::to_string(version.patch);
}

std::string minor_version(const Version& version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}
