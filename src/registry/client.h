// An OCI distribution client: authorized requests, retried in this one place.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "base/reference.h"
#include "registry/call.h"
#include "registry/credentials.h"
#include "system/world.h"

namespace registry {

struct ClientSettings {
    /// By host as people write it, or by "host/path" (credentials.h).
    std::map<std::string, Credentials> credentials{};
    /// Warnings about credentials that were found and cannot be used: shown again when the registry denies a request.
    Problems unused_credentials{};
    /// Hosts that this run is going to push to: tokens for them allow it from the first request, because a registry may
    /// deny reads of a repository that only a push creates.
    std::set<std::string> pushes_to{};
    /// Where a host's repositories are found instead: "docker.io" -> "localhost:5000/hub".
    std::map<std::string, std::string> mirrors{};
    /// Hosts that are contacted without TLS, besides those on this machine.
    std::set<std::string> plain_http{};
};

/// The attempts of one operation.
struct Attempts {
    int made = 0;
    std::chrono::milliseconds waited{0};
};

/// May be used from several threads. The first request to a registry goes alone: its response shows how to ask. With
/// credentials it is GET /v2/, because some registries hide private repositories from anonymous requests with 404.
class Client {
  public:
    Client(const World& world, ClientSettings settings);

    /// Sends it: through the mirror if there is one, with a token where one is asked for (one refresh), again after
    /// what passes (429, 5xx, no response). Redirects of what is read are followed, elsewhere without our
    /// authorization. Any other status is a value. Throws Error{failed} if there was no response in all attempts, if a
    /// token could not be had, or if the registry redirects us to a place that is not trustworthy.
    Response send(const Call& call);

    /// After an attempt that failed: waits as long as the response asks for, else as plan_wait says. False, at once, if
    /// there should be no other: after 5 attempts or 120 s of waiting for one thing, or 15 minutes in all.
    bool wait_for_next(Attempts& attempts, const std::string& host, const Response& response);

    /// Where a repository is really asked for, after mirrors: host and repository.
    Reference located(const Reference& reference) const;

    bool has_credentials(const std::string& host, const std::string& repository) const;

    /// The registry denied this (401, 403): an Error{failed} that also names the credentials that are not used.
    [[noreturn]] void refuse_denied(const std::string& what, const std::string& hint) const;

    /// True if a read of this repository was denied (401, 403) at some time: it may not exist yet, or may not be read.
    bool has_denied_reads(const std::string& host, const std::string& repository) const;

    bool pushes_to(const std::string& host) const { return settings_.pushes_to.contains(host); }
    std::size_t requests() const { return requests_; }  ///< sent by now, tokens included

  private:
    struct Token {
        std::string authorization{};  ///< the whole header value; empty: none is needed, or none can be had
        Time good_until{};
        bool fresh = false;  ///< fetched for this very call
    };

    void log_in(const Call& call);
    Response send_authorized(const Call& call, Request request);
    Response send_with_retries(const Request& request, const std::string& host, bool once = false);
    Response follow(const Call& call, Request request, Response response);

    std::string base_url(const std::string& host) const;
    std::string resolve(const Call& call, const std::string& from, const std::string& location) const;
    /// A token that is not `used`, or none. What another thread has fetched meanwhile is good enough. `refusal` says
    /// how to ask for one; null: as an earlier one said.
    Token token_for(const Call& call, const std::string& used, const Response* refusal);
    Token fetch_token(const Call& call, const Challenge& challenge);
    std::string basic_authorization(const Call& call) const;
    void redact(const Request& request, Response& response) const;

    const World& world_;
    const ClientSettings settings_;

    std::mutex first_mutex_;  ///< held during the first request to a registry; guards met_
    std::set<std::string> met_;

    std::mutex token_mutex_;                       ///< held while a token is fetched; guards these two
    std::map<std::string, Token> tokens_;          ///< by host and scopes
    std::map<std::string, Challenge> challenges_;  ///< by host: how it wants to know who asks

    std::atomic<std::size_t> requests_ = 0;

    mutable std::mutex mutex_;  ///< guards what follows
    std::minstd_rand random_;
    std::set<std::string> denied_;  ///< "docker.io/defradigital/python"
    std::chrono::milliseconds waited_{0};
};

}  // namespace registry
