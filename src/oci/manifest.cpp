#include "oci/manifest.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace {

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
    throw Error{Exit::failed, source + " " + what, ""};
}

/// containerd's normal form (platforms/database.go): no variant that says nothing, but always one for 32-bit ARM.
std::string parse_platform(const Json& platform) {
    if (!platform.IsObject()) return "";
    const std::string architecture = text_at(platform, "architecture");
    std::string variant = text_at(platform, "variant");
    if ((architecture == "arm64" && variant == "v8") || (architecture == "amd64" && variant == "v1")) variant.clear();
    if (architecture == "arm" && variant.empty()) variant = "v7";
    return text_at(platform, "os") + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

std::map<std::string, std::string> parse_annotations(const Json& annotations) {
    std::map<std::string, std::string> parsed;
    if (!annotations.IsObject()) return parsed;
    for (const auto& entry : annotations.GetObject()) parsed[text_of(entry.name)] = text_of(entry.value);
    return parsed;
}

Descriptor parse_descriptor(const Json& json, const std::string& source) {
    const std::optional<Digest> digest = Digest::parse(text_at(json, "digest"));
    if (!digest) refuse(source, "names a digest that is none: \"" + text_at(json, "digest") + "\"");
    if (!member(json, "size").IsUint64()) refuse(source, "gives no size for " + digest->text());
    return {.media_type = text_at(json, "mediaType"),
            .digest = *digest,
            .size = member(json, "size").GetUint64(),
            .platform = parse_platform(member(json, "platform")),
            .annotations = parse_annotations(member(json, "annotations"))};
}

std::vector<Descriptor> parse_descriptors(const Json& list, const std::string& source) {
    std::vector<Descriptor> descriptors;
    for (const Json& json : items_of(list)) descriptors.push_back(parse_descriptor(json, source));
    return descriptors;
}

void render_platform(JsonWriter& writer, const std::string& platform) {
    const std::vector<std::string> parts = fields_of(platform, '/');
    if (parts.size() < 2) return;
    const std::string variant = parts.size() > 2 ? parts[2] : "";
    writer.object("platform", {{"architecture", parts[1]}, {"os", parts[0]}, {"variant", unless_empty(variant)}});
}

void render_annotations(JsonWriter& writer, const std::map<std::string, std::string>& annotations) {
    if (annotations.empty()) return;
    writer.open_object("annotations");
    for (const auto& [name, value] : annotations) writer.field(name, value);
    writer.close();
}

}  // namespace

bool is_index_type(const std::string& media_type) {
    return media_type == oci_index_type || media_type == docker_index_type;
}

bool is_manifest_type(const std::string& media_type) {
    return media_type == oci_manifest_type || media_type == docker_manifest_type;
}

Manifest parse_manifest(const std::string& bytes, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(bytes, source);
    const bool like_index = member(root, "manifests").IsArray();
    const bool like_image = member(root, "config").IsObject() || member(root, "layers").IsArray();
    Manifest manifest;
    manifest.media_type = text_at(root, "mediaType");
    if (manifest.media_type.empty() && like_index != like_image)
        manifest.media_type = like_index ? oci_index_type : oci_manifest_type;
    const bool is_index = is_index_type(manifest.media_type);
    // One text that is both could be read as one thing by us and as the other by an engine (CVE-2021-41190).
    if (like_index && like_image) refuse(source, "is an image manifest and an index at once");
    if (!(is_index && like_index) && !(is_manifest_type(manifest.media_type) && like_image)) {
        refuse(source, "is neither an image manifest nor an index" +
                           (manifest.media_type.empty() ? "" : " (" + manifest.media_type + ")"));
    }
    manifest.annotations = parse_annotations(member(root, "annotations"));
    manifest.children = parse_descriptors(member(root, "manifests"), source);
    manifest.layers = parse_descriptors(member(root, "layers"), source);
    if (!is_index) manifest.config = parse_descriptor(member(root, "config"), source);
    return manifest;
}

std::string render_index(const std::vector<Descriptor>& children,
                         const std::map<std::string, std::string>& annotations) {
    JsonWriter writer;
    writer.open_object();
    writer.field("schemaVersion", 2);
    writer.field("mediaType", oci_index_type);
    writer.open_array("manifests");
    for (const Descriptor& child : children) {
        writer.open_object();
        writer.field("mediaType", child.media_type);
        writer.field("digest", child.digest.text());
        writer.field("size", child.size);
        render_platform(writer, child.platform);
        render_annotations(writer, child.annotations);
        writer.close();
    }
    writer.close();
    render_annotations(writer, annotations);
    return writer.text();
}

std::string parse_config_platform(const std::string& config, const std::string& source) {
    return parse_platform(parse_tool_json(config, source));
}

bool is_tar(const Descriptor& layer) {
    return layer.media_type.ends_with(".tar") || layer.media_type.ends_with("gzip");
}

std::string architecture_of(const std::string& platform) {
    const std::vector<std::string> parts = fields_of(platform, '/');
    return parts.size() < 2 ? "" : parts[1];
}

std::string render_platform_name(const std::string& platform) {
    return joined(fields_of(platform, '/'), "-");
}
