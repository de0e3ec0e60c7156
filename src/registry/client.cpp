#include "registry/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "system/relay.h"

namespace registry {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t max_token_body = 64U << 10U;
constexpr int max_redirects = 10;
constexpr std::chrono::milliseconds max_wait_for_one_thing = 120s;
constexpr std::chrono::milliseconds max_wait_in_all = 15min;
constexpr std::chrono::milliseconds shortest_reported_wait = 1s;

/// The wanted scope comes first: some registries look at no other.
std::vector<std::string> scopes_of(const Call& call) {
    std::vector<std::string> scopes = {"repository:" + call.repository + ":" + call.actions};
    if (!call.mounted_from.empty() && call.mounted_from != call.repository)
        scopes.push_back("repository:" + call.mounted_from + ":pull");
    return scopes;
}

/// `location` as seen from `from` (RFC 3986 §5.2, without dot segments).
std::string resolve_url(const std::string& from, const std::string& location) {
    const std::size_t path = from.find('/', from.find("://") + 3);
    if (location.starts_with("//")) return from.substr(0, from.find(':') + 1) + location;
    if (location.starts_with("/")) return from.substr(0, path) + location;
    const std::size_t scheme = location.find("://");
    if (scheme != std::string::npos && scheme < location.find_first_of("/?#")) return location;
    const std::string without_query = from.substr(0, from.find('?'));
    if (location.starts_with("?")) return without_query + location;
    return without_query.substr(0, without_query.rfind('/') + 1) + location;
}

/// Bearer before Basic: a registry that offers both may accept only the token.
std::optional<Challenge> choose_challenge(const Response& response) {
    std::optional<Challenge> basic;
    for (const Challenge& challenge : parse_challenges(response.all_headers("WWW-Authenticate"))) {
        if (challenge.scheme == "bearer" && !text_at(challenge.values, "realm").empty()) return challenge;
        if (challenge.scheme == "basic") basic = challenge;
    }
    return basic;
}

bool is_read(const Call& call) {
    return call.request.method == "GET" || call.request.method == "HEAD";
}

}  // namespace

Client::Client(const World& world, ClientSettings settings)
    : world_(world), settings_(std::move(settings)), random_(std::random_device{}()) {}

bool Client::has_credentials(const std::string& host, const std::string& repository) const {
    return find_credentials(settings_.credentials, host, repository) != nullptr;
}

bool Client::has_denied_reads(const std::string& host, const std::string& repository) const {
    const std::lock_guard lock(mutex_);
    return denied_.contains(host + "/" + repository);
}

void Client::refuse_denied(const std::string& what, const std::string& hint) const {
    Problems problems = {{{}, what, hint}};
    append(problems, settings_.unused_credentials);
    throw Error{Exit::failed, problems};
}

Reference Client::located(const Reference& reference) const {
    const auto mirror = settings_.mirrors.find(reference.host);
    if (mirror == settings_.mirrors.end()) return reference;
    Reference there = reference;
    const std::size_t slash = mirror->second.find('/');
    there.host = mirror->second.substr(0, slash);
    if (slash != std::string::npos) there.repository = mirror->second.substr(slash + 1) + "/" + reference.repository;
    return there;
}

std::string Client::base_url(const std::string& host) const {
    const bool plain = is_loopback(host) || settings_.plain_http.contains(host);
    return (plain ? "http://" : "https://") +
           (host == "docker.io" ? "registry-1.docker.io" : host);  // where Docker Hub's API is
}

Response Client::send(const Call& asked) {
    const Reference there = located({asked.host, asked.repository, "", std::nullopt});
    Call call = asked;
    call.host = there.host;
    call.repository = there.repository;
    if (pushes_to(asked.host)) call.actions = "pull,push";
    const std::string url = base_url(call.host) + "/v2/" + call.repository + "/" + call.path;
    Request request = call.request;
    request.url = call.location.empty() ? url : resolve(call, url, call.location);

    std::unique_lock alone(first_mutex_);
    if (met_.contains(call.host)) {
        alone.unlock();
    } else {
        log_in(call);
    }
    Response response = send_authorized(call, request);
    if (alone.owns_lock()) {
        met_.insert(call.host);
        alone.unlock();
    }
    response = follow(call, std::move(request), std::move(response));
    if (is_read(asked) && is_denied(response)) {
        const std::lock_guard lock(mutex_);
        denied_.insert(asked.host + "/" + asked.repository);
    }
    return response;
}

/// Asks how the registry wants its credentials. Whatever else it responds, the request itself will show.
void Client::log_in(const Call& call) {
    if (!has_credentials(call.host, call.repository)) return;
    const Response response =
        send_with_retries({.url = base_url(call.host) + "/v2/", .max_body = max_token_body}, call.host);
    if (response.status != 401) return;
    const std::lock_guard lock(token_mutex_);
    if (const auto challenge = choose_challenge(response)) challenges_[call.host] = *challenge;
}

Response Client::send_authorized(const Call& call, Request request) {
    const bool ours = request.url.starts_with(base_url(call.host) + "/");
    const Token token = ours ? token_for(call, "", nullptr) : Token{};
    if (!token.authorization.empty()) request.headers.push_back({"Authorization", token.authorization});
    Response response = send_with_retries(request, call.host, call.once);
    if (response.status != 401 || !ours || token.fresh) return response;

    const Token renewed = token_for(call, token.authorization, &response);
    if (renewed.authorization.empty()) return response;
    request.headers = call.request.headers;
    request.headers.push_back({"Authorization", renewed.authorization});
    return send_with_retries(request, call.host, call.once);
}

/// No response is status 0, which is worth a retry like a 503.
Response Client::send_with_retries(const Request& request, const std::string& host, bool once) {
    Attempts attempts;
    while (true) {
        ++requests_;
        Problems why_none;
        Response response = try_send(world_.http, request, why_none);
        redact(request, response);
        if (response.status == 0 && why_none.front().hint.empty())
            why_none.front().hint = "see whether this machine reaches the registry";
        if (once || !is_worth_a_retry(response.status) || is_pull_limit(response)) return response;
        if (wait_for_next(attempts, host, response)) continue;
        if (response.status == 0) throw Error{Exit::failed, why_none};
        return response;
    }
}

bool Client::wait_for_next(Attempts& attempts, const std::string& host, const Response& response) {
    if (++attempts.made >= max_attempts) return false;
    const auto asked_for = parse_retry_after(response.header("Retry-After").value_or(""), world_.clock.now());
    std::chrono::milliseconds wait{0};
    {
        const std::lock_guard lock(mutex_);
        wait = plan_wait(attempts.made, asked_for, std::uniform_real_distribution<double>(0, 1)(random_));
        if (attempts.waited + wait > max_wait_for_one_thing || waited_ + wait > max_wait_in_all) return false;
        attempts.waited += wait;
        waited_ += wait;
        if (wait >= shortest_reported_wait) {
            world_.log << fmt::format("{} {}: trying again in {} s\n", host,
                                      response.status == 0 ? "does not respond"
                                                           : fmt::format("responds with {}", response.status),
                                      std::chrono::ceil<std::chrono::seconds>(wait).count())
                       << std::flush;
        }
    }
    world_.clock.sleep(wait);
    return true;
}

/// Error pages repeat requests. In logs only the access token is masked, so what is derived from it is removed here.
void Client::redact(const Request& request, Response& response) const {
    if (response.status < 400) return;
    const auto remove = [&](const std::string& secret) {
        for (std::size_t at = 0; !secret.empty() && (at = response.body.find(secret, at)) != std::string::npos; at += 3)
            response.body.replace(at, secret.size(), "***");
    };
    for (const Header& header : request.headers) {
        if (header.name == "Authorization") remove(header.value.substr(header.value.find(' ') + 1));
    }
    for (const auto& [place, credentials] : settings_.credentials) {
        remove(credentials.password.reveal());
        remove(percent_encoded(credentials.password.reveal()));
    }
}

/// A registry's Location as an absolute URL. One with http behind a proxy that speaks https is taken as https.
std::string Client::resolve(const Call& call, const std::string& from, const std::string& location) const {
    const std::string base = base_url(call.host);
    std::string url = resolve_url(from, location);
    if (base.starts_with("https://") && url.starts_with("http" + base.substr(5) + "/")) url = "https" + url.substr(4);
    const bool elsewhere = !url.starts_with(base + "/");
    const bool malformed = std::ranges::any_of(url, [](char c) { return c <= ' ' || c > '~'; });
    if (malformed || (elsewhere && !is_trustworthy_realm(url, call.host))) {
        throw Error{Exit::failed, call.host + " sends us to " + one_line(url.substr(0, url.find('?'))),
                    malformed ? "nothing was sent there: this is not a URL"
                              : "nothing was sent there: this is not a place that a registry keeps its data"};
    }
    return url;
}

Response Client::follow(const Call& call, Request request, Response response) {
    for (int hop = 0; hop < max_redirects; ++hop) {
        // Only these two keep method and body (RFC 9110 §15.4).
        const bool keeps_method = response.status == 307 || response.status == 308;
        const std::optional<std::string> location = response.header("Location");
        if (response.status / 100 != 3 || !(is_read(call) || keeps_method) || !location) break;
        request.url = resolve(call, request.url, *location);
        request.headers = call.request.headers;
        response = send_authorized(call, request);
    }
    return response;
}

Client::Token Client::token_for(const Call& call, const std::string& used, const Response* refusal) {
    const std::lock_guard lock(token_mutex_);
    Token& known = tokens_[call.host + " " + joined(scopes_of(call), " ")];
    if (known.authorization != used && known.good_until > world_.clock.now()) return known;
    std::optional<Challenge> challenge;
    if (refusal != nullptr) {
        challenge = choose_challenge(*refusal);
    } else if (const auto earlier = challenges_.find(call.host); earlier != challenges_.end()) {
        challenge = earlier->second;
    }
    // One login may be known for a path of the host, and none for this repository.
    const bool is_basic = challenge && challenge->scheme == "basic";
    if (!challenge || (is_basic && !has_credentials(call.host, call.repository))) return {};
    known = fetch_token(call, *challenge);
    challenges_[call.host] = *challenge;
    return known.authorization == used ? Token{} : Token{known.authorization, known.good_until, true};
}

std::string Client::basic_authorization(const Call& call) const {
    const Credentials& credentials = *find_credentials(settings_.credentials, call.host, call.repository);
    return "Basic " + base64(credentials.user + ":" + credentials.password.reveal());
}

Client::Token Client::fetch_token(const Call& call, const Challenge& challenge) {
    if (challenge.scheme == "basic") return {basic_authorization(call), world_.clock.now() + std::chrono::hours(24)};
    const auto refuse = [&](const std::string& what, const std::string& hint) {
        refuse_denied(fmt::format("{}: {}", call.host, what), hint);
    };
    const bool known = has_credentials(call.host, call.repository);
    const std::string realm = text_at(challenge.values, "realm");
    const bool own = realm.starts_with(base_url(call.host) + "/");
    if (!own && !is_trustworthy_realm(realm, call.host)) {
        refuse("it asks for credentials to be sent to " + one_line(realm),
               "nothing was sent there: this is not a place a registry's tokens come from");
    }
    Request request{.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") +
                           "service=" + percent_encoded(text_at(challenge.values, "service")),
                    .max_body = max_token_body};
    if (known) request.headers.push_back({"Authorization", basic_authorization(call)});
    std::vector<std::string> scopes = scopes_of(call);
    const auto ask = [&] {
        Request scoped = request;
        for (const std::string& scope : scopes) scoped.url += "&scope=" + percent_encoded(scope);
        return send_with_retries(scoped, call.host);
    };
    Response response = ask();
    if (response.status != 200 && scopes.size() > 1) {
        // Some token servers take one scope only. Without a token for the mount the registry accepts an upload instead.
        scopes.resize(1);
        response = ask();
    }
    if (response.status != 200) {
        refuse(fmt::format("it gave no token ({})", response.status),
               known ? "check the user name and the access token" : "give a user name and a token");
    }
    const rapidjson::Document body = parse_tool_json(response.body, "the token of " + call.host);
    std::string token = text_at(body, "token");
    if (token.empty()) token = text_at(body, "access_token");
    if (token.empty()) refuse("its response holds no token", "");
    if (!std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; }))
        refuse("its response holds a token with characters that no token has", "");
    // Without expires_in a token lives for 60 s; nine tenths of a life leave time for the request itself.
    const std::int64_t seconds = std::clamp<std::int64_t>(number_at(body, "expires_in"), 60, 24 * 3600);
    return {"Bearer " + token, world_.clock.now() + std::chrono::seconds(seconds * 9 / 10)};
}

}  // namespace registry
