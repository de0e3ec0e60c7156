#include "registry/credentials.h"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>

#include "base/json.h"

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
    if (length < 0) return std::nullopt;
    const std::size_t padding = text.size() - 1 - text.find_last_not_of('=');
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

void read_entry(const std::string& key, const Json& entry, const std::string& file, DockerConfig& config) {
    const auto warn = [&](const std::string& what, const std::string& hint) {
        config.warnings.push_back({{file, 0}, what, hint, Level::warning});
    };
    if (!text_at(entry, "identitytoken").empty()) {
        warn("the identity token for " + key + " is not used", "log in with a user name and an access token");
    } else if (const std::optional<Credentials> credentials = parse_entry(entry)) {
        config.credentials.insert_or_assign(normalized_key(key), *credentials);
    } else if (!text_at(entry, "auth").empty()) {
        warn("the entry for " + key + " cannot be read", "log in to it again");
    }
}

}  // namespace

const Credentials* find_credentials(const std::map<std::string, Credentials>& by_key, const std::string& host,
                                    const std::string& repository) {
    for (std::string key = host + "/" + repository;; key.resize(key.rfind('/'))) {
        if (const auto found = by_key.find(key); found != by_key.end()) return &found->second;
        if (key.size() <= host.size()) return nullptr;
    }
}

DockerConfig parse_docker_config(std::string_view text, const std::string& file) {
    const rapidjson::Document root = parse_tool_json(text, file, Exit::bad_input);
    DockerConfig config;
    for (const char* key : {"credHelpers", "credsStore"}) {
        if (member(root, key).IsNull()) continue;
        config.warnings.push_back({{file, 0},
                                   std::string(key) + " is not used: no credential program is run",
                                   "give the user name and the access token as options",
                                   Level::warning});
    }
    const Json& entries = member(root, "auths");
    if (!entries.IsObject()) return config;
    for (const auto& entry : entries.GetObject()) read_entry(text_of(entry.name), entry.value, file, config);
    return config;
}

}  // namespace registry
