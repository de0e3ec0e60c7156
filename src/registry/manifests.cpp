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

std::string hint_for(const Call& call, const Response& response) {
    const std::string repository = call.host + "/" + call.repository;
    if (response.status == 401 || response.status == 403) return "check that the credentials may read " + repository;
    if (response.status == 404) return repository + " does not have it: check the name, or it was deleted there";
    return "";
}

[[noreturn]] void refuse(const Call& call, const Response& response) {
    throw Error{Exit::failed, {{{}, render_refusal(call, response), hint_for(call, response)}}};
}

/// The address in `Link: </v2/a/tags/list?last=x&n=100>; rel="next"`; empty if there is none.
std::string next_page(const Response& response) {
    const std::string link = response.header("Link").value_or("");
    const std::size_t end = link.find('>');
    if (!link.starts_with('<') || end == std::string::npos || link.find("next", end) == std::string::npos) return "";
    return link.substr(1, end - 1);
}

}  // namespace

std::string accepted_types() {
    return fmt::format("{}, {}, {}, {}", oci_index_type, oci_manifest_type, docker_index_type, docker_manifest_type);
}

std::optional<Digest> ask_tag(Client& client, const std::string& host, const std::string& repository,
                              const std::string& tag) {
    Call call = manifest_call("HEAD", host, repository, tag);
    Response response = client.send(call);
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) refuse(call, response);
    if (const auto digest = Digest::parse(response.header("Docker-Content-Digest").value_or(""))) return digest;
    call.method = "GET";
    response = client.send(call);
    if (response.status != 200) refuse(call, response);
    return sha256(response.body);
}

bool shows_tag(Client& client, const std::string& host, const std::string& repository, const std::string& tag) {
    const Call call = manifest_call("HEAD", host, repository, tag);
    const Response response = client.send(call);
    if (response.status == 401 || response.status == 403 || response.status == 404) return false;
    if (response.status != 200) refuse(call, response);
    return true;
}

bool ask_manifest(Client& client, const std::string& host, const std::string& repository, const Digest& digest) {
    const Call call = manifest_call("HEAD", host, repository, digest.text());
    const Response response = client.send(call);
    if (response.status != 200 && response.status != 404) refuse(call, response);
    return response.status == 200;
}

std::string load_manifest(Client& client, const std::string& host, const std::string& repository,
                          const Digest& digest) {
    const Call call = manifest_call("GET", host, repository, digest.text());
    const Response response = client.send(call);
    if (response.status != 200) refuse(call, response);
    if (sha256(response.body) != digest) {
        throw Error{Exit::failed,
                    {{{},
                      fmt::format("{}/{} answers with other bytes than {}", host, repository, digest.text()),
                      "do not use this registry, or the proxy in between"}}};
    }
    return response.body;
}

std::vector<std::string> list_tags(Client& client, const std::string& host, const std::string& repository) {
    std::vector<std::string> tags;
    Call call{.host = host, .repository = repository, .path = "tags/list"};
    for (int page = 0; page < max_pages; ++page) {
        const Response response = client.send(call);
        if (response.status == 404) break;
        if (response.status != 200) refuse(call, response);
        const rapidjson::Document answer = parse_tool_json(response.body, "the tags of " + host + "/" + repository);
        for (const Json& tag : items_at(answer, "tags")) tags.push_back(text_of(tag));
        call.address = next_page(response);
        if (call.address.empty()) break;
    }
    std::sort(tags.begin(), tags.end());
    return tags;
}

}  // namespace registry
