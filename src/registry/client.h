// An OCI distribution client: requests with the right authorization, retried once and in one place (facts: registry.md
// §1, §2, §6).
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "base/secret.h"
#include "registry/reference.h"
#include "system/world.h"

namespace registry {

struct Credentials {
    std::string user;
    Secret password;
};

struct ClientSettings {
    std::map<std::string, Credentials> credentials;  ///< by host as people write it
    std::map<std::string, std::string>
        mirrors;  ///< where a host's repositories are found instead: "docker.io" -> "localhost:5000/hub"
};

/// One call of the registry API.
struct Call {
    std::string method = "GET";
    std::string host;  ///< as people write it: "docker.io"
    std::string repository;
    std::string path;              ///< below /v2/REPOSITORY/: "manifests/latest"
    std::string actions = "pull";  ///< of the token that is asked for: "pull", "pull,push"
    std::vector<Header> headers;
    std::string body;
};

/// May be used from several threads.
class Client {
  public:
    Client(const World& world, ClientSettings settings);

    /// Sends it: through the mirror if there is one, with a token where one is asked for (one refresh), again after
    /// what passes (429, 5xx, no answer). Any other status is a value. Throws Error{failed} if there was no answer in
    /// all attempts, or if a token could not be had.
    Response send(const Call& call);

    /// Where a repository is really asked for, after mirrors: host and repository.
    Reference located(const Reference& reference) const;

    std::size_t requests() const;  ///< sent by now, tokens included

  private:
    struct Token {
        std::string authorization;  ///< the whole header value
        Time good_until{};
    };

    Response send_with_retries(const Request& request);
    Response send_once(const Request& request);
    std::string authorization_for(const Call& call);
    std::optional<Token> get_token(const Call& call, const Response& refusal);
    Token fetch_bearer_token(const Call& call, const std::string& realm, const std::string& service,
                             const std::string& scope);

    const World& world_;
    const ClientSettings settings_;
    mutable std::mutex mutex_;
    std::map<std::string, Token> tokens_;  ///< by host and scope
    std::minstd_rand random_;
    std::size_t requests_ = 0;
};

/// What the answer to a refused call says, for people: the registry's own words, at most a few lines.
std::string render_refusal(const Call& call, const Response& response);

}  // namespace registry
