#include "oci/layout.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"

namespace {

namespace fs = std::filesystem;

/// No real layout nests deeper; a deeper one is made to exhaust the stack.
constexpr int max_nesting = 8;

constexpr const char* reference_type = "vnd.docker.reference.type";
constexpr const char* reference_digest = "vnd.docker.reference.digest";
constexpr const char* build_again = "the layout was changed or cut short after the build: build the image again";

[[noreturn]] void refuse(const fs::path& path, const std::string& what, const std::string& hint) {
    throw Error{Exit::failed, {path.string()}, what, hint};
}

bool is_attestation(const Descriptor& descriptor) {
    return text_at(descriptor.annotations, reference_type) == "attestation-manifest" ||
           descriptor.platform == "unknown/unknown";
}

std::string load_blob(Files& files, const fs::path& directory, const Digest& digest) {
    const fs::path path = blob_path(directory, digest);
    const std::optional<std::string> bytes = files.read_if_there(path);
    if (!bytes) refuse(path, "this blob is missing", build_again);
    if (sha256(*bytes) != digest) refuse(path, "the bytes are not what their name says", build_again);
    return *bytes;
}

Manifest load_manifest(Files& files, const fs::path& directory, const Digest& digest) {
    return parse_manifest(load_blob(files, directory, digest), blob_path(directory, digest).string());
}

/// The same for what must be an image: it has a configuration.
Manifest load_image_manifest(Files& files, const fs::path& directory, const Digest& digest) {
    Manifest manifest = load_manifest(files, directory, digest);
    if (!manifest.config)
        refuse(blob_path(directory, digest), "this is an index, but is named as an image", build_again);
    return manifest;
}

/// The descriptors of all images and attestations, through nested indexes; each digest once.
struct Found {
    std::vector<Descriptor> images;
    std::vector<Descriptor> attestations;
};

void add_once(std::vector<Descriptor>& list, const Descriptor& descriptor) {
    const auto is_it = [&](const Descriptor& one) { return one.digest == descriptor.digest; };
    if (std::ranges::none_of(list, is_it)) list.push_back(descriptor);
}

void find_manifests(Files& files, const fs::path& directory, const std::vector<Descriptor>& children, int depth,
                    Found& found) {
    if (depth > max_nesting) refuse(directory, "the indexes are nested too deep", "");
    for (const Descriptor& child : children) {
        if (is_index_type(child.media_type)) {
            find_manifests(files, directory, load_manifest(files, directory, child.digest).children, depth + 1, found);
        } else if (is_manifest_type(child.media_type)) {
            add_once(is_attestation(child) ? found.attestations : found.images, child);
        }
    }
}

/// The entries of index.json. Their annotations are about the layout (names, times) and not about the image, but for
/// BuildKit's references from attestations to images.
std::vector<Descriptor> load_entries(Files& files, const fs::path& directory) {
    const fs::path path = directory / "index.json";
    const std::optional<std::string> text = files.read_if_there(path);
    if (!text) refuse(directory, "there is no OCI layout", "build the image first");
    std::vector<Descriptor> entries = parse_manifest(*text, path.string()).children;
    for (Descriptor& entry : entries) {
        std::erase_if(entry.annotations, [](const auto& one) { return !one.first.starts_with("vnd.docker."); });
    }
    return entries;
}

/// An entry of a flat layout need not name its platform; the image's configuration always does.
std::string platform_of(Files& files, const fs::path& directory, const Descriptor& image) {
    if (!image.platform.empty()) return image.platform;
    const Manifest manifest = load_image_manifest(files, directory, image.digest);
    const std::string config = load_blob(files, directory, manifest.config->digest);
    return parse_config_platform(config, blob_path(directory, manifest.config->digest).string());
}

Descriptor choose(Files& files, const fs::path& directory, const std::vector<Descriptor>& images,
                  const std::string& platform) {
    std::vector<Descriptor> chosen;
    std::vector<std::string> others;
    for (Descriptor image : images) {
        image.platform = platform_of(files, directory, image);
        if (image.platform == platform) {
            chosen.push_back(image);
        } else {
            others.push_back(image.platform);
        }
    }
    if (chosen.empty()) {
        refuse(directory, "the layout holds no image for " + platform,
               others.empty() ? "it holds none at all: build the image again" : "it holds " + joined(others, ", "));
    }
    if (chosen.size() > 1) {
        refuse(directory, "the layout holds " + std::to_string(chosen.size()) + " images for " + platform,
               "a scanner would silently take one of them: give each image a layout of its own");
    }
    return chosen.front();
}

Layout load_from_entries(Files& files, const fs::path& directory, const std::vector<Descriptor>& entries,
                         const std::string& image, const std::string& platform) {
    Found found;
    find_manifests(files, directory, entries, 0, found);
    const Descriptor chosen = choose(files, directory, found.images, platform);
    const Manifest manifest = load_image_manifest(files, directory, chosen.digest);
    std::erase_if(found.attestations, [&](const Descriptor& one) {
        return text_at(one.annotations, reference_digest) != chosen.digest.text();
    });
    return {.name = image + "-" + render_platform_name(platform),
            .image = image,
            .platform = platform,
            .directory = directory,
            .manifest = chosen.digest,
            .config = manifest.config->digest,
            .layers = manifest.layers,
            .attestations = found.attestations,
            .manifest_descriptor = chosen};
}

bool is_provenance(const Descriptor& layer) {
    return text_at(layer.annotations, "in-toto.io/predicate-type").starts_with("https://slsa.dev/provenance/");
}

}  // namespace

fs::path blob_path(const fs::path& layout_directory, const Digest& digest) {
    return layout_directory / "blobs" / "sha256" / digest.hex();
}

Layout load_layout(Files& files, const fs::path& directory, const std::string& image, const std::string& platform) {
    return load_from_entries(files, directory, load_entries(files, directory), image, platform);
}

Layout load_indexed_layout(Files& files, const fs::path& directory, const Digest& index, const std::string& image,
                           const std::string& platform) {
    return load_from_entries(files, directory, {{.media_type = oci_index_type, .digest = index}}, image, platform);
}

Problems check_blobs(Files& files, const Layout& layout) {
    const std::vector<std::string> present = files.names_in(layout.directory / "blobs" / "sha256");
    std::set<Digest> seen;
    Problems problems;
    const auto is_whole = [&](const Digest& digest) {
        if (!seen.insert(digest).second) return true;
        const fs::path path = blob_path(layout.directory, digest);
        const bool is_there = std::ranges::binary_search(present, digest.hex());
        if (is_there && files.digest_of(path) == digest) return true;
        add(problems, {path.string()}, is_there ? "the bytes are not what their name says" : "this blob is missing",
            build_again);
        return false;
    };
    std::vector<Digest> manifests = {layout.manifest};
    for (const Descriptor& attestation : layout.attestations) manifests.push_back(attestation.digest);
    for (const Digest& digest : manifests) {
        if (!is_whole(digest)) continue;
        const Manifest manifest = load_manifest(files, layout.directory, digest);
        if (manifest.config) is_whole(manifest.config->digest);
        for (const Descriptor& layer : manifest.layers) is_whole(layer.digest);
    }
    return problems;
}

std::string load_config(Files& files, const Layout& layout) {
    return load_blob(files, layout.directory, layout.config);
}

std::vector<Digest> load_diff_ids(Files& files, const Layout& layout) {
    const fs::path path = blob_path(layout.directory, layout.config);
    const rapidjson::Document config = parse_tool_json(load_config(files, layout), path.string());
    std::vector<Digest> diff_ids;
    for (const std::string& text : texts_at(member(config, "rootfs"), "diff_ids")) {
        const std::optional<Digest> digest = Digest::parse(text);
        if (!digest) refuse(path, "\"" + text + "\" is not a digest of a layer", "");
        diff_ids.push_back(*digest);
    }
    if (diff_ids.size() != layout.layers.size()) refuse(path, "this configuration does not name every layer", "");
    return diff_ids;
}

void write_single_image_view(Files& files, const Layout& layout, const fs::path& layers, const fs::path& directory) {
    for (const Digest& blob : {layout.manifest, layout.config})
        files.link_or_copy(blob_path(layout.directory, blob), blob_path(directory, blob));
    for (const Descriptor& layer : layout.layers)
        files.link_or_copy(layers / layer.digest.hex(), blob_path(directory, layer.digest));
    files.write(directory / "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n");
    files.write(directory / "index.json", render_index({layout.manifest_descriptor}, {}));
}

std::vector<SourceImage> load_source_images(Files& files, const Layout& layout) {
    std::vector<SourceImage> sources;
    bool has_provenance = false;
    for (const Descriptor& attestation : layout.attestations) {
        for (const Descriptor& layer : load_manifest(files, layout.directory, attestation.digest).layers) {
            if (!is_provenance(layer)) continue;
            has_provenance = true;
            const rapidjson::Document statement = parse_tool_json(load_blob(files, layout.directory, layer.digest),
                                                                  blob_path(layout.directory, layer.digest).string());
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
    if (!has_provenance)
        refuse(layout.directory, "the image has no provenance: what it was made from is not known",
               "build it again, with a BuildKit that writes provenance");
    return sources;
}
