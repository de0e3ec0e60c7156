#include "findings/purl.h"

#include <algorithm>

#include "base/text.h"

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped =
            text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
        plain += escaped ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])) : text[i];
        if (escaped) i += 2;
    }
    return plain;
}

/// Cuts off what follows the last `mark`, and returns it; the mark is gone from both.
std::string_view take_after(std::string_view& text, char mark) {
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos) return {};
    const std::string_view after = text.substr(at + 1);
    text = text.substr(0, at);
    return after;
}

std::map<std::string, std::string> read_qualifiers(std::string_view text) {
    std::map<std::string, std::string> qualifiers;
    for (const std::string& pair : fields_of(text, '&')) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals + 1 == pair.size()) continue;
        qualifiers[lower_case(pair.substr(0, equals))] = decoded(std::string_view(pair).substr(equals + 1));
    }
    return qualifiers;
}

}  // namespace

std::optional<PackageUrl> parse_purl(std::string_view text) {
    if (!text.starts_with("pkg:")) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of('/', 4), text.size()));
    PackageUrl url;
    url.subpath = decoded(take_after(text, '#'));
    url.qualifiers = read_qualifiers(take_after(text, '?'));
    const std::size_t first_slash = text.find('/');
    if (first_slash == std::string_view::npos || first_slash == 0) return std::nullopt;
    std::string_view name = take_after(text, '/');
    if (name.find('@') != std::string_view::npos) url.version = decoded(take_after(name, '@'));
    url.name = decoded(name);
    if (url.name.empty()) return std::nullopt;
    url.type = lower_case(text.substr(0, first_slash));
    if (text.size() > first_slash) url.name_space = decoded(text.substr(first_slash + 1));
    if (url.type == "pypi") {
        url.name = lower_case(url.name);
        std::ranges::replace(url.name, '_', '-');
    }
    return url;
}
