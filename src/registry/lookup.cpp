#include "registry/lookup.h"

#include <algorithm>

#include "base/json.h"
#include "oci/layout.h"
#include "registry/manifests.h"
#include "registry/refusal.h"

namespace registry {

namespace {

class Lookup {
  public:
    Lookup(Client& client, const Reference& reference) : client_(client), reference_(reference) {}

    std::string get_manifest(const std::string& name, std::optional<Digest> expected) {
        const Call call{.host = reference_.host,
                        .repository = reference_.repository,
                        .path = "manifests/" + name,
                        .headers = {{"Accept", accepted_types()}}};
        const Response response = client_.send(call);
        // Such a 404 is about us, not about the tag (registry.md §5).
        if (response.status == 404 && response.body.find("accept header") != std::string::npos)
            refuse("is of a kind that no engine of today pulls: " + render_refusal(call, response), "");
        if (response.status == 404)
            refuse("is not there", "check the version: image-matrix.json and the Dockerfile name it");
        if (response.status != 200) refuse("could not be read: " + render_refusal(call, response), hint_for(response));
        if (expected && sha256(response.body) != *expected)
            refuse("responds with other bytes than " + expected->text(), "do not use this registry");
        return response.body;
    }

    /// Nothing if it cannot be had: a base's age and platform are worth a request, and no failure.
    std::optional<std::string> get_config(const Digest& config) {
        const Call call{.host = reference_.host, .repository = reference_.repository, .path = "blobs/" + config.text()};
        const Response response = client_.send(call);
        if (response.status != 200 || sha256(response.body) != config) return std::nullopt;
        return response.body;
    }

    std::string hint_for(const Response& response) const {
        const bool needs_login = response.status == 401 || response.status == 403 || response.status == 429;
        const Reference located = client_.located(reference_);
        if (!needs_login || client_.has_credentials(located.host, located.repository)) return "";
        return "it was asked without a login: give registry-auths, or docker-username and docker-token for Docker Hub "
               "(pull requests of forks and of Dependabot have no secrets)";
    }

    [[noreturn]] void refuse(const std::string& what, const std::string& hint) const {
        throw Error{Exit::failed, {{{}, render_reference(reference_) + " " + what, hint}}};
    }

  private:
    Client& client_;
    Reference reference_;
};

}  // namespace

ResolvedReference resolve_reference(const World&, Client& client, const std::string& text,
                                    const std::vector<std::string>& platforms) {
    const std::optional<Reference> reference = parse_reference(text);
    if (!reference) throw Error{Exit::bad_input, {{{}, "\"" + text + "\" is no image reference", ""}}};
    Lookup lookup(client, *reference);
    const std::string top =
        lookup.get_manifest(reference->digest ? reference->digest->text() : reference->tag, reference->digest);
    const Manifest manifest = parse_manifest(top, text);

    ResolvedReference named{.reference = *reference,
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
    const std::optional<std::string> described = config ? lookup.get_config(*config) : std::nullopt;
    if (!described) return named;
    const std::string source = "the configuration of " + render_reference(*reference);
    named.created = parse_time(text_at(parse_tool_json(*described, source), "created"));
    if (!manifest.config) return named;  // an index names the platforms itself
    const std::string its_own = parse_config_platform(*described, source);
    for (const std::string& platform : platforms) {
        if (platform != its_own)
            lookup.refuse("is for " + its_own + ", not for " + platform, "choose other --platforms, or another base");
    }
    return named;
}

}  // namespace registry
