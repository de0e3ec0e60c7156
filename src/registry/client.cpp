#include "registry/client.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/json.h"
#include "base/text.h"
#include "registry/challenge.h"
#include "registry/retry.h"
#include "system/relay.h"

namespace registry {

namespace {

constexpr std::uint64_t max_token_body = 64U << 10U;

std::string base64(const std::string& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    return text;
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

std::string base_url(const std::string& host) {
    return (is_loopback(host) ? "http://" : "https://") + api_host(host);
}

std::string scope_of(const std::string& repository, const std::string& actions) {
    return "repository:" + repository + ":" + actions;
}

Response no_answer(const Error& error) {
    Response response;
    response.body = error.problems.empty() ? "no answer" : error.problems.front().what;
    return response;
}

}  // namespace

Client::Client(const World& world, ClientSettings settings)
    : world_(world), settings_(std::move(settings)), random_(std::random_device{}()) {}

std::size_t Client::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
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

Response Client::send(const Call& asked) {
    const Reference there = located({asked.host, asked.repository, "", std::nullopt});
    Call call = asked;
    call.host = there.host;
    call.repository = there.repository;

    Request request;
    request.method = call.method;
    request.url = base_url(call.host) + "/v2/" + call.repository + "/" + call.path;
    request.headers = call.headers;
    request.body = call.body;
    if (const std::string known = authorization_for(call); !known.empty())
        request.headers.push_back({"Authorization", known});

    Response response = send_with_retries(request);
    if (response.status != 401) return response;
    const std::optional<Token> token = get_token(call, response);
    if (!token) return response;
    request.headers = call.headers;
    request.headers.push_back({"Authorization", token->authorization});
    return send_with_retries(request);
}

Response Client::send_with_retries(const Request& request) {
    for (int attempt = 1;; ++attempt) {
        const Response response = send_once(request);
        if (!is_worth_a_retry(response.status)) return response;
        if (attempt == max_attempts) {
            if (response.status == 0)
                throw Error{Exit::failed, {{{}, response.body, "see whether this machine reaches the registry"}}};
            return response;
        }
        double random = 0;
        {
            const std::lock_guard lock(mutex_);
            random = std::uniform_real_distribution<double>(0, 1)(random_);
        }
        const auto asked_for = parse_retry_after(response.header("Retry-After").value_or(""), world_.clock.now());
        world_.clock.sleep(plan_wait(attempt, asked_for, random));
    }
}

/// The one border where "no answer" becomes a value: status 0, which is worth a retry like a 503.
Response Client::send_once(const Request& request) {
    {
        const std::lock_guard lock(mutex_);
        ++requests_;
    }
    try {
        return world_.http.send(request);
    } catch (const Error& error) {
        if (error.exit == Exit::cancelled) throw;
        return no_answer(error);
    }
}

std::string Client::authorization_for(const Call& call) {
    const std::lock_guard lock(mutex_);
    const auto token = tokens_.find(call.host + " " + scope_of(call.repository, call.actions));
    if (token == tokens_.end() || token->second.good_until <= world_.clock.now()) return "";
    return token->second.authorization;
}

std::optional<Client::Token> Client::get_token(const Call& call, const Response& refusal) {
    const std::vector<Challenge> challenges = parse_challenges(refusal.all_headers("WWW-Authenticate"));
    const auto credentials = settings_.credentials.find(call.host);
    for (const Challenge& challenge : challenges) {
        Token token;
        if (challenge.scheme == "bearer") {
            const auto realm = challenge.values.find("realm");
            if (realm == challenge.values.end()) continue;
            const auto service = challenge.values.find("service");
            token = fetch_bearer_token(call, realm->second, service == challenge.values.end() ? "" : service->second,
                                       scope_of(call.repository, call.actions));
        } else if (challenge.scheme == "basic" && credentials != settings_.credentials.end()) {
            token.authorization =
                "Basic " + base64(credentials->second.user + ":" + credentials->second.password.reveal());
            token.good_until = world_.clock.now() + std::chrono::hours(24);
        } else {
            continue;
        }
        const std::lock_guard lock(mutex_);
        tokens_[call.host + " " + scope_of(call.repository, call.actions)] = token;
        return token;
    }
    return std::nullopt;
}

Client::Token Client::fetch_bearer_token(const Call& call, const std::string& realm, const std::string& service,
                                         const std::string& scope) {
    const auto refuse = [&](const std::string& what, const std::string& hint) {
        throw Error{Exit::failed, {{{}, fmt::format("{}: {}", call.host, what), hint}}};
    };
    if (!is_trustworthy_realm(realm, call.host)) {
        refuse("it asks for credentials to be sent to " + plain_line(realm),
               "nothing was sent there: this is not a place a registry's tokens come from");
    }
    Request request;
    request.max_body = max_token_body;
    request.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") + "service=" + percent_encoded(service) +
                  "&scope=" + percent_encoded(scope);
    if (const auto credentials = settings_.credentials.find(call.host); credentials != settings_.credentials.end()) {
        request.headers.push_back({"Authorization", "Basic " + base64(credentials->second.user + ":" +
                                                                      credentials->second.password.reveal())});
    }
    const Response response = send_with_retries(request);
    if (response.status != 200)
        refuse(fmt::format("it gave no token ({})", response.status), "check the user name and the access token");
    const rapidjson::Document answer = parse_tool_json(response.body, "the token of " + call.host);
    std::string token = text_at(answer, "token");
    if (token.empty()) token = text_at(answer, "access_token");
    if (token.empty()) refuse("its answer holds no token", "");
    // Without expires_in a token lives for 60 s; nine tenths of a life leave time for the request itself.
    const std::int64_t seconds = std::max<std::int64_t>(number_at(answer, "expires_in"), 60);
    return {"Bearer " + token, world_.clock.now() + std::chrono::seconds(seconds * 9 / 10)};
}

std::string render_refusal(const Call& call, const Response& response) {
    std::string said;
    if (response.body.size() <= (64U << 10U)) {
        rapidjson::Document body;
        body.Parse(response.body.data(), response.body.size());
        if (!body.HasParseError()) {
            for (const Json& error : items_at(body, "errors")) {
                said += ": " + plain_line(text_at(error, "code") + " " + text_at(error, "message"));
            }
        }
    }
    return fmt::format("{} {}/{}/{}: {}{}", call.method, call.host, call.repository, call.path, response.status, said);
}

}  // namespace registry
