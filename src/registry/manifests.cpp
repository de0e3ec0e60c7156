#include "registry/manifests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "oci/layout.h"
#include "registry/refusal.h"

namespace registry {

namespace {

constexpr int max_pages = 1000;

Call manifest_call(const std::string& method, const std::string& host, const std::string& repository,
                   const std::string& name) {
    return {.method = method,
            .host = host,
            .repository = repository,
            .path = "manifests/" + name,
            .headers = {{"Accept", accepted_types()}},
            .max_body = max_manifest_size};
}

bool is_denied(const Response& response) {
    return response.status == 401 || response.status == 403;
}

std::string hint_for(const Call& call, const Response& response) {
    const std::string repository = call.host + "/" + call.repository;
    if (is_denied(response)) return "check that the credentials may read " + repository;
    if (response.status == 404) return repository + " does not have it: check the name, or it was deleted there";
    return "";
}

[[noreturn]] void refuse(const Client& client, const Call& call, const Response& response) {
    if (is_denied(response)) client.refuse_denied(render_refusal(call, response), hint_for(call, response));
    throw Error{Exit::failed, {{{}, render_refusal(call, response), hint_for(call, response)}}};
}

}  // namespace

std::string accepted_types() {
    return fmt::format("{}, {}, {}, {}", oci_index_type, oci_manifest_type, docker_index_type, docker_manifest_type);
}

std::optional<Digest> ask_tag(Client& client, const std::string& host, const std::string& repository,
                              const std::string& tag, TagRead read, const std::function<bool()>& may_be_new) {
    Call call = manifest_call("HEAD", host, repository, tag);
    if (read != TagRead::get) {
        const Response response = client.send(call);
        if (is_denied(response) && may_be_new && may_be_new()) return std::nullopt;
        if (response.status == 404 && read == TagRead::head) return std::nullopt;
        if (response.status != 200 && response.status != 404 && response.status != 405) refuse(client, call, response);
        const auto digest = Digest::parse(response.header("Docker-Content-Digest").value_or(""));
        if (response.status == 200 && digest) return digest;
    }
    call.method = "GET";
    const Response response = client.send(call);
    if (response.status == 404 || (is_denied(response) && may_be_new && may_be_new())) return std::nullopt;
    if (response.status != 200) refuse(client, call, response);
    return sha256(response.body);
}

bool ask_manifest(Client& client, const std::string& host, const std::string& repository, const Digest& digest,
                  const std::function<bool()>& may_be_new) {
    Call call = manifest_call("HEAD", host, repository, digest.text());
    Response response = client.send(call);
    if (response.status == 405) {
        call.method = "GET";
        response = client.send(call);
    }
    if (is_denied(response) && may_be_new && may_be_new()) return false;
    if (response.status != 200 && response.status != 404) refuse(client, call, response);
    return response.status == 200;
}

namespace {

std::string checked_bytes(const Client& client, const Call& call, const Response& response, const Digest& digest) {
    if (response.status != 200) refuse(client, call, response);
    if (sha256(response.body) != digest) {
        throw Error{Exit::failed,
                    {{{},
                      fmt::format("{}/{} responds with other bytes than {}", call.host, call.repository, digest.text()),
                      "do not use this registry, or the proxy in between"}}};
    }
    return response.body;
}

}  // namespace

std::optional<std::string> find_manifest(Client& client, const std::string& host, const std::string& repository,
                                         const Digest& digest) {
    const Call call = manifest_call("GET", host, repository, digest.text());
    const Response response = client.send(call);
    if (response.status == 404) return std::nullopt;
    return checked_bytes(client, call, response, digest);
}

std::string load_manifest(Client& client, const std::string& host, const std::string& repository,
                          const Digest& digest) {
    const Call call = manifest_call("GET", host, repository, digest.text());
    return checked_bytes(client, call, client.send(call), digest);
}

std::vector<std::string> list_tags(Client& client, const std::string& host, const std::string& repository) {
    std::vector<std::string> tags;
    Call call{.host = host, .repository = repository, .path = "tags/list"};
    for (int page = 0; page < max_pages; ++page) {
        const Response response = client.send(call);
        if (response.status == 404) return tags;
        if (response.status != 200) refuse(client, call, response);
        const rapidjson::Document body = parse_tool_json(response.body, "the tags of " + host + "/" + repository);
        for (const Json& tag : items_at(body, "tags")) tags.push_back(text_of(tag));
        call.location = next_page(response);
        if (call.location.empty()) {
            std::sort(tags.begin(), tags.end());
            return tags;
        }
    }
    throw Error{Exit::failed,
                {{{},
                  fmt::format("{}/{}: the list of tags has more than {} pages", host, repository, max_pages),
                  "do not use this registry, or the proxy in between"}}};
}

}  // namespace registry
