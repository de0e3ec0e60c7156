#include "registry/lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "oci/layout.h"

namespace registry {

namespace {

/// All four types: a registry that is not told a type may say that the tag does not exist (registry.md §5).
std::string accepted_types() {
    return fmt::format("{}, {}, {}, {}", oci_index_type, oci_manifest_type, docker_index_type, docker_manifest_type);
}

/// Redirects of blobs go to storage elsewhere, which must not see our authorization.
std::string follow(const World& world, Response response) {
    for (int hop = 0; response.status / 100 == 3 && hop < 10; ++hop) {
        Request next;
        next.url = response.header("Location").value_or("");
        if (!next.url.starts_with("https://")) break;
        response = world.http.send(next);
    }
    return response.status == 200 ? response.body : "";
}

class Lookup {
  public:
    Lookup(const World& world, Client& client, const Reference& reference)
        : world_(world), client_(client), reference_(reference) {}

    std::string get_manifest(const std::string& name, std::optional<Digest> expected) {
        const Call call{.host = reference_.host,
                        .repository = reference_.repository,
                        .path = "manifests/" + name,
                        .headers = {{"Accept", accepted_types()}}};
        const Response response = client_.send(call);
        if (response.status == 404)
            refuse("is not there", "check the version: image-matrix.json and the Dockerfile name it");
        if (response.status != 200) refuse("could not be read: " + render_refusal(call, response), "");
        if (expected && sha256(response.body) != *expected)
            refuse("answers with other bytes than " + expected->text(), "do not use this registry");
        return response.body;
    }

    std::optional<Time> get_created(const Digest& config) {
        const Call call{.host = reference_.host, .repository = reference_.repository, .path = "blobs/" + config.text()};
        const std::string body = follow(world_, client_.send(call));
        if (body.empty() || sha256(body) != config) return std::nullopt;
        return parse_time(
            text_at(parse_tool_json(body, "the configuration of " + render_reference(reference_)), "created"));
    }

    [[noreturn]] void refuse(const std::string& what, const std::string& hint) const {
        throw Error{Exit::failed, {{{}, render_reference(reference_) + " " + what, hint}}};
    }

  private:
    const World& world_;
    Client& client_;
    Reference reference_;
};

}  // namespace

Named look_up(const World& world, Client& client, const std::string& text, const std::vector<std::string>& platforms) {
    const std::optional<Reference> reference = parse_reference(text);
    if (!reference) throw Error{Exit::bad_input, {{{}, "\"" + text + "\" is no image reference", ""}}};
    Lookup lookup(world, client, *reference);
    const std::string top =
        lookup.get_manifest(reference->digest ? reference->digest->text() : reference->tag, reference->digest);
    const Manifest manifest = parse_manifest(top, text);

    Named named{.reference = *reference,
                .found_at = client.located(*reference),
                .digest = sha256(top),
                .created = {},
                .layers = {}};
    named.found_at.digest = named.digest;
    std::optional<Digest> config;
    if (manifest.config) {
        config = manifest.config->digest;
        for (const std::string& platform : platforms) named.layers[platform] = manifest.layers.size();
    }
    for (const Descriptor& child : manifest.children) {
        if (std::find(platforms.begin(), platforms.end(), child.platform) == platforms.end()) continue;
        const Manifest image = parse_manifest(lookup.get_manifest(child.digest.text(), child.digest), text);
        named.layers[child.platform] = image.layers.size();
        if (image.config) config = image.config->digest;
    }
    for (const std::string& platform : platforms) {
        if (!named.layers.contains(platform))
            lookup.refuse("is not there for " + platform, "choose other --platforms, or another base");
    }
    if (config) named.created = lookup.get_created(*config);
    return named;
}

}  // namespace registry
