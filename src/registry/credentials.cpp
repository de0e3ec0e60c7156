#include "registry/credentials.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/json.h"
#include "base/reference.h"
#include "base/text.h"

namespace registry {

namespace {

/// "https://index.docker.io/v1/" is how Docker Hub is written there; other keys are hosts, some with a path behind.
/// Only in a URL the path is that of the API.
std::string normalized_key(const std::string& key) {
    const std::size_t scheme = key.find("://");
    const std::string rest = scheme == std::string::npos ? key : key.substr(scheme + 3);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string host = rest.substr(0, slash);
    std::string path = scheme == std::string::npos ? rest.substr(slash) : "";
    while (path.ends_with('/')) path.pop_back();
    if (path == "/v1" || path == "/v2") path.clear();
    return (host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host) + path;
}

std::optional<std::string> decode_base64(const std::string& text) {
    if (text.empty() || text.size() % 4 != 0 || text.size() > (64U << 10U)) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    const std::size_t padding = text.size() - 1 - text.find_last_not_of('=');
    if (length < 0 || padding > 2) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

std::optional<Credentials> parse_entry(const Json& entry) {
    if (const std::string user = text_at(entry, "username"); !user.empty())
        return Credentials{user, Secret(text_at(entry, "password"))};
    const std::optional<std::string> pair = decode_base64(text_at(entry, "auth"));
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    std::string password = pair->substr(colon + 1);
    while (password.ends_with('\0')) password.pop_back();  // docker does the same
    return Credentials{pair->substr(0, colon), Secret(password)};
}

/// Why this is not an entry; empty if it is one. All of it may be secret, so nothing of it is shown.
std::string fault_of(const YAML::Node& entry) {
    constexpr std::array keys = {"registry", "username", "password"};
    if (!entry.IsMap() || entry.size() > keys.size()) return "is not a map of registry, username and password alone";
    for (const char* key : keys) {
        if (!entry[key]) return std::string("has no ") + key;
        if (!entry[key].IsScalar() && !entry[key].IsNull())
            return std::string("has a ") + key + " that is not a string";
    }
    if (entry["registry"].Scalar().empty()) return "has an empty registry";
    return "";
}

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

const Credentials* find_credentials(const std::map<std::string, Credentials>& by_key, const std::string& host,
                                    const std::string& repository) {
    for (std::string key = host + "/" + repository;; key.resize(key.rfind('/'))) {
        if (const auto found = by_key.find(key); found != by_key.end()) return &found->second;
        if (key.size() <= host.size()) return nullptr;
    }
}

std::map<std::string, Credentials> parse_registry_auths(const Secret& text) {
    const std::string hint = "write a list: - {registry: dhi.io, username: NAME, password: TOKEN}";
    const auto refuse = [&](const std::string& what) { throw Error{Exit::bad_input, "registry-auths " + what, hint}; };
    YAML::Node list;
    try {
        list = YAML::Load(text.reveal());
    } catch (const YAML::Exception& error) {  // its words may quote the text
        refuse(fmt::format("is not YAML (line {})", error.mark.line + 1));
    }
    if (!list.IsNull() && !list.IsSequence()) refuse("is not a list");
    std::map<std::string, Credentials> credentials;
    Problems problems;
    std::size_t number = 0;
    for (const YAML::Node& entry : list) {
        ++number;
        std::string fault = fault_of(entry);
        if (fault.empty()) {
            const std::string password = entry["password"].Scalar();
            if (password.empty()) continue;
            const Credentials given{entry["username"].Scalar(), Secret(password)};
            if (!credentials.emplace(normalized_key(entry["registry"].Scalar()), given).second)
                fault = "has the registry of another entry";
        }
        if (!fault.empty()) add(problems, {}, fmt::format("entry {} of registry-auths {}", number, fault), hint);
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return credentials;
}

DockerConfig parse_docker_config(std::string_view text, const std::string& file) {
    const rapidjson::Document root = parse_tool_json(text, file, Exit::bad_input);
    DockerConfig config;
    const auto warn = [&](const std::string& what, const std::string& hint) {
        add(config.warnings, {file}, what, hint, Level::warning);
    };
    for (const char* key : {"credHelpers", "credsStore"}) {
        if (member(root, key).IsNull()) continue;
        warn(std::string(key) + " is not used: no credential program is run",
             "give the user name and the access token as options");
    }
    const Json& entries = member(root, "auths");
    if (!entries.IsObject()) return config;
    for (const auto& [name, entry] : entries.GetObject()) {
        const std::string key = text_of(name);
        if (!text_at(entry, "identitytoken").empty()) {
            warn("the identity token for " + key + " is not used", "log in with a user name and an access token");
        } else if (const std::optional<Credentials> credentials = parse_entry(entry)) {
            // The first: below Docker Hub's URL docker keeps also the tokens of a login in the browser, sorted by name.
            config.credentials.emplace(normalized_key(key), *credentials);
        } else if (!text_at(entry, "auth").empty()) {
            warn("the entry for " + key + " cannot be read", "log in to it again");
        }
    }
    return config;
}

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
