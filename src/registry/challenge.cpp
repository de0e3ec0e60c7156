#include "registry/challenge.h"

#include <algorithm>

#include "base/reference.h"
#include "base/text.h"

namespace registry {

namespace {

void skip(std::string_view& rest, std::string_view characters) {
    rest.remove_prefix(std::min(rest.find_first_not_of(characters), rest.size()));
}

std::string take_word(std::string_view& rest) {
    const std::string word(rest.substr(0, rest.find_first_of(" \t,=\"")));
    rest.remove_prefix(word.size());
    return word;
}

std::string take_value(std::string_view& rest) {
    if (!rest.starts_with('"')) return take_word(rest);
    std::string value;
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        value += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    return value;
}

/// An IP address where a name should stand, or a name that always means this machine. Every literal counts, not only
/// those of private networks: a token server has a name, and 2130706433 or 0x7f000001 are spellings of 127.0.0.1.
bool is_literal(std::string_view host) {
    if (host.starts_with('[')) return true;
    const std::string name = lower_case(host.substr(0, host.find(':')));
    return name == "localhost" || name.starts_with("0x") || name.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

std::vector<Challenge> parse_challenges(const std::vector<std::string>& headers) {
    std::vector<Challenge> challenges;
    for (const std::string& header : headers) {
        // A scheme, then name=value pairs, then perhaps the next scheme.
        std::string_view rest = header;
        for (skip(rest, " \t,"); !rest.empty(); skip(rest, " \t,")) {
            const std::string word = take_word(rest);
            skip(rest, " \t");  // blanks around "=" are bad, and to be understood (RFC 9110 §11.2)
            if (rest.starts_with('=')) {
                rest.remove_prefix(1);
                skip(rest, " \t");
                if (!challenges.empty()) challenges.back().values[lower_case(word)] = take_value(rest);
            } else if (!word.empty()) {
                challenges.push_back({lower_case(word), {}});
            } else {
                rest.remove_prefix(1);
            }
        }
    }
    return challenges;
}

bool is_trustworthy_realm(const std::string& realm, const std::string& registry_host) {
    const std::string host = host_of(realm);
    if (host.empty() || host.find('@') != std::string::npos) return false;
    if (is_loopback(registry_host))
        return (realm.starts_with("http://") || realm.starts_with("https://")) && is_loopback(host);
    if (!realm.starts_with("https://")) return false;
    return host == registry_host || !is_literal(host);
}

}  // namespace registry
