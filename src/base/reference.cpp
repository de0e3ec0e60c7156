#include "base/reference.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace {

/// The first part is a host if it could not be part of a repository on Docker Hub: it has a dot or a colon, or is
/// localhost.
bool looks_like_host(std::string_view part) {
    return lower_case(part) == "localhost" || part.find_first_of(".:") != std::string_view::npos;
}

// Not <cctype>: these must not depend on the locale.
bool is_lower_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_alphanumeric(char c) {
    return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z');
}

bool is_port(std::string_view text) {
    const std::optional<std::int64_t> port = parse_number(text);
    return port && text.size() <= 5 && *port <= 65535;
}

/// Lower-case letters and digits, with single separators in between: ".", "_", "__" or any number of dashes.
bool is_path_part(std::string_view part) {
    constexpr std::array<std::string_view, 8> no_separators = {"..", "._", ".-", "_.", "___", "_-", "-.", "-_"};
    const auto may_stand = [](char c) { return is_lower_alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
    return !part.empty() && is_lower_alphanumeric(part.front()) && is_lower_alphanumeric(part.back()) &&
           std::ranges::all_of(part, may_stand) &&
           std::ranges::none_of(no_separators, [&](std::string_view two) { return part.find(two) != part.npos; });
}

bool is_path(std::string_view text) {
    if (text.size() > 255) return false;
    while (true) {
        const std::size_t slash = text.find('/');
        if (!is_path_part(text.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

bool is_host(std::string_view text) {
    const std::size_t colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
    if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
    const std::string_view name = text.substr(0, colon);
    if (name.starts_with('['))
        return name.ends_with(']') && name.find_first_not_of("0123456789abcdefABCDEF:", 1) == name.size() - 1;
    const auto may_stand = [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; };
    return !name.empty() && is_alphanumeric(name.front()) && is_alphanumeric(name.back()) &&
           std::ranges::all_of(name, may_stand);
}

}  // namespace

std::optional<Reference> parse_reference(std::string_view text) {
    if (text.size() > 1024) return std::nullopt;
    Reference reference;
    std::string rest(text);
    if (const std::size_t at = rest.find('@'); at != std::string::npos) {
        reference.digest = Digest::parse(rest.substr(at + 1));
        if (!reference.digest) return std::nullopt;
        rest.resize(at);
    }
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string::npos && rest.find('/', colon) == std::string::npos) {
        reference.tag = rest.substr(colon + 1);
        if (!is_tag(reference.tag)) return std::nullopt;
        rest.resize(colon);
    }
    const std::size_t slash = rest.find('/');
    if (slash != std::string::npos && looks_like_host(rest.substr(0, slash))) {
        reference.host = rest.substr(0, slash);
        reference.repository = rest.substr(slash + 1);
    } else {
        reference.host = "docker.io";
        reference.repository = rest;
    }
    if (reference.host == "index.docker.io") reference.host = "docker.io";
    if (reference.host == "docker.io" && reference.repository.find('/') == std::string::npos) {
        reference.repository = "library/" + reference.repository;
    }
    if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
    if (!is_host(reference.host) || !is_path(reference.repository)) return std::nullopt;
    return reference;
}

std::string render_reference(const Reference& reference) {
    std::string text = reference.host + "/" + reference.repository;
    if (!reference.tag.empty()) text += ":" + reference.tag;
    if (reference.digest) text += "@" + reference.digest->text();
    return text;
}

std::optional<std::string> familiar_name(std::string_view reference) {
    std::optional<Reference> parsed = parse_reference(reference);
    if (!parsed) return std::nullopt;
    if (parsed->tag == "latest" && !parsed->digest) parsed->tag.clear();
    const std::string whole = render_reference(*parsed);
    if (parsed->host != "docker.io") return whole;
    const std::string library = "docker.io/library/";
    const bool is_official = whole.starts_with(library) && whole.find('/', library.size()) == std::string::npos;
    return whole.substr(is_official ? library.size() : parsed->host.size() + 1);
}

bool is_tag(std::string_view text) {
    const auto may_follow = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
    if (text.empty() || text.size() > 128 || text.front() == '.' || text.front() == '-') return false;
    return std::ranges::all_of(text, may_follow);
}

bool is_repository(std::string_view text) {
    const std::size_t slash = text.find('/');
    return is_path(text) && (slash == std::string_view::npos || !looks_like_host(text.substr(0, slash)));
}

bool is_loopback(std::string_view host) {
    const std::string whole = lower_case(host);
    const auto is = [&](std::string_view local) {
        return whole == local ||
               (whole.starts_with(std::string(local) + ":") && is_port(whole.substr(local.size() + 1)));
    };
    if (is("localhost") || is("[::1]")) return true;
    const std::string address = whole.substr(0, whole.find(':'));
    return is(address) && address.starts_with("127.") && address.find_first_not_of("0123456789.") == std::string::npos;
}

std::string host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return "";
    const std::string_view rest = url.substr(scheme + 3);
    return std::string(rest.substr(0, rest.find_first_of("/?#")));
}
