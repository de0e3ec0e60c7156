#include "registry/manifests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "oci/manifest.h"
#include "registry/call.h"

namespace registry {
namespace {

constexpr int max_pages = 1000;

Call manifest_call(const std::string& method, const std::string& host, const std::string& repository,
                   const std::string& name) {
    // All four types: without a type in it a registry may report that the tag does not exist.
    const std::string accepted =
        fmt::format("{}, {}, {}, {}", oci_index_type, oci_manifest_type, docker_index_type, docker_manifest_type);
    return {.request = {.method = method, .headers = {{"Accept", accepted}}, .max_body = max_manifest_size},
            .host = host,
            .repository = repository,
            .path = "manifests/" + name};
}

[[noreturn]] void refuse(const Client& client, const Call& call, const Response& response) {
    const std::string what = render_refusal(call, response);
    if (!is_denied(response)) throw Error{Exit::failed, what, ""};
    client.refuse_denied(what, fmt::format("check that the credentials may read {}/{}", call.host, call.repository));
}

[[noreturn]] void refuse_base(const Reference& reference, const std::string& what, const std::string& hint) {
    throw Error{Exit::failed, render_reference(reference) + " " + what, hint};
}

/// A manifest of a base, with what to do about the ways in which a base cannot be had.
std::string get_base_manifest(Client& client, const Reference& base, const std::string& name,
                              const std::optional<Digest>& expected) {
    const Call call = manifest_call("GET", base.host, base.repository, name);
    const Response response = client.send(call);
    // Such a 404 is about us, not about the tag.
    if (response.status == 404 && response.body.find("accept header") != std::string::npos)
        refuse_base(base, "is of a kind that no engine of today pulls: " + render_refusal(call, response), "");
    if (response.status == 404)
        refuse_base(base, "is not there", "check the version: image-matrix.json and the Dockerfile name it");
    if (response.status != 200) {
        const Reference located = client.located(base);
        const bool needs_login = is_denied(response) || response.status == 429;
        const bool is_anonymous = needs_login && !client.has_credentials(located.host, located.repository);
        refuse_base(base, "could not be read: " + render_refusal(call, response),
                    is_anonymous
                        ? "it was asked without a login: give registry-auths, or docker-username and docker-token "
                          "for Docker Hub (pull requests of forks and of Dependabot have no secrets)"
                        : "");
    }
    if (expected && sha256(response.body) != *expected)
        refuse_base(base, "responds with other bytes than " + expected->text(), "do not use this registry");
    return response.body;
}

}  // namespace

std::optional<Digest> ask_tag(Client& client, const std::string& host, const std::string& repository,
                              const std::string& tag, TagRead read, const std::function<bool()>& may_be_new) {
    if (read != TagRead::get) {
        const Call call = manifest_call("HEAD", host, repository, tag);
        const Response response = client.send(call);
        if (is_denied(response) && may_be_new && may_be_new()) return std::nullopt;
        if (response.status == 404 && read == TagRead::head) return std::nullopt;
        if (response.status != 200 && response.status != 404 && response.status != 405) refuse(client, call, response);
        const auto digest = Digest::parse(response.header("Docker-Content-Digest").value_or(""));
        if (response.status == 200 && digest) return digest;
    }
    const std::optional<std::string> bytes = get_tag(client, host, repository, tag, may_be_new);
    return bytes ? std::optional(sha256(*bytes)) : std::nullopt;
}

std::optional<std::string> get_tag(Client& client, const std::string& host, const std::string& repository,
                                   const std::string& tag, const std::function<bool()>& may_be_new) {
    const Call call = manifest_call("GET", host, repository, tag);
    Response response = client.send(call);
    if (response.status == 404 || (is_denied(response) && may_be_new && may_be_new())) return std::nullopt;
    if (response.status != 200) refuse(client, call, response);
    return std::move(response.body);
}

std::optional<std::string> find_manifest(Client& client, const std::string& host, const std::string& repository,
                                         const Digest& digest) {
    std::optional<std::string> bytes = get_tag(client, host, repository, digest.text());
    if (!bytes || sha256(*bytes) == digest) return bytes;
    throw Error{Exit::failed, fmt::format("{}/{} responds with other bytes than {}", host, repository, digest.text()),
                "do not use this registry, or the proxy in between"};
}

std::string load_manifest(Client& client, const std::string& host, const std::string& repository,
                          const Digest& digest) {
    if (const std::optional<std::string> bytes = find_manifest(client, host, repository, digest)) return *bytes;
    const std::string where = host + "/" + repository;
    throw Error{Exit::failed, where + "@" + digest.text() + " is not there",
                where + " does not have it: check the name, or it was deleted there"};
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
            std::ranges::sort(tags);
            return tags;
        }
    }
    throw Error{Exit::failed,
                fmt::format("{}/{}: the list of tags has more than {} pages", host, repository, max_pages),
                "do not use this registry, or the proxy in between"};
}

ResolvedReference resolve_reference(Client& client, const std::string& text,
                                    const std::vector<std::string>& platforms) {
    const std::optional<Reference> reference = parse_reference(text);
    if (!reference) throw Error{Exit::bad_input, "\"" + text + "\" is not an image reference", ""};
    const std::string top = get_base_manifest(
        client, *reference, reference->digest ? reference->digest->text() : reference->tag, reference->digest);
    const Manifest manifest = parse_manifest(top, text);

    ResolvedReference named{.reference = *reference, .found_at = client.located(*reference), .digest = sha256(top)};
    named.found_at.digest = named.digest;
    std::optional<Descriptor> config = manifest.config;
    if (config) {
        for (const std::string& platform : platforms) named.layers[platform] = manifest.layers.size();
    }
    for (const Descriptor& child : manifest.children) {
        if (std::ranges::find(platforms, child.platform) == platforms.end()) continue;
        const Manifest image =
            parse_manifest(get_base_manifest(client, *reference, child.digest.text(), child.digest), text);
        named.layers[child.platform] = image.layers.size();
        if (image.config) config = image.config;
    }
    for (const std::string& platform : platforms) {
        if (!named.layers.contains(platform))
            refuse_base(*reference, "is not there for " + platform, "choose other --platforms, or another base");
    }
    if (!config) return named;
    // Without its configuration, a base's age and platform are not known: they are worth a request, and no failure.
    const Response described = client.send(
        {.host = reference->host, .repository = reference->repository, .path = "blobs/" + config->digest.text()});
    if (described.status != 200 || sha256(described.body) != config->digest) return named;
    const std::string source = "the configuration of " + render_reference(*reference);
    named.created = parse_time(text_at(parse_tool_json(described.body, source), "created"));
    if (!manifest.config) return named;  // an index names the platforms itself
    const std::string its_own = parse_config_platform(described.body, source);
    for (const std::string& platform : platforms) {
        if (platform != its_own)
            refuse_base(*reference, "is for " + its_own + ", not for " + platform,
                        "choose other --platforms, or another base");
    }
    return named;
}

}  // namespace registry
