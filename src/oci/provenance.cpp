#include "oci/provenance.h"

#include "base/json.h"

namespace {

Manifest load_manifest(Files& files, const Layout& layout, const Digest& digest) {
    const std::string path = blob_path(layout.directory, digest).string();
    return parse_manifest(files.read(path), path);
}

bool is_provenance(const Descriptor& layer) {
    const auto type = layer.annotations.find("in-toto.io/predicate-type");
    return type != layer.annotations.end() && type->second.starts_with("https://slsa.dev/provenance/");
}

}  // namespace

std::vector<SourceImage> load_source_images(Files& files, const Layout& layout) {
    std::vector<SourceImage> sources;
    bool has_provenance = false;
    for (const Descriptor& attestation : layout.attestations) {
        for (const Descriptor& layer : load_manifest(files, layout, attestation.digest).layers) {
            if (!is_provenance(layer)) continue;
            has_provenance = true;
            const std::string path = blob_path(layout.directory, layer.digest).string();
            const rapidjson::Document statement = parse_tool_json(files.read(path), path);
            const Json& predicate = member(statement, "predicate");
            const Json& definition = member(predicate, "buildDefinition");
            for (const Json& source : definition.IsObject() ? items_at(definition, "resolvedDependencies")
                                                            : items_at(predicate, "materials")) {
                const std::string name = text_at(source, "uri");
                if (!name.starts_with("pkg:docker/") && !name.starts_with("pkg:oci/")) continue;
                sources.push_back({name, Digest::parse("sha256:" + text_at(member(source, "digest"), "sha256"))});
            }
        }
    }
    if (!has_provenance) {
        throw Error{Exit::failed,
                    {{{layout.directory.string(), 0},
                      "the image has no provenance: what it was made from is not known",
                      "build it again, with a BuildKit that writes provenance"}}};
    }
    return sources;
}
