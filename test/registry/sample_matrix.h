// A small built matrix: four images in two repositories, with shared layers.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "publication/publication.h"
#include "registry/existing_tags.h"
#include "registry/push.h"

/// How two builds of one version differ: in their inputs, or only in their bytes.
struct SampleBuild {
    std::string bytes{};
    std::string inputs{};
};

/// How many images and moving tags it has. The smaller shapes make rarer races possible.
enum class Shape {
    whole,         ///< four images, six moving tags
    one_tag_each,  ///< one image in each repository, each with one moving tag
    one_tag,       ///< one image with one moving tag
};

struct SampleMatrix {
    std::string version;
    std::filesystem::path images;
    SampleBuild build;
    Plan plan{};
    std::vector<Candidate> candidates{};
    std::vector<Verdict> verdicts{};
    PublicationSources sources{};

    /// Writes the layouts below `directory`.
    SampleMatrix(Files& files, std::string defra_version, std::filesystem::path directory = "out/images",
                 SampleBuild which = {}, Shape shape = Shape::whole)
        : version(std::move(defra_version)), images(std::move(directory)), build(std::move(which)) {
        plan.job = {.file = "JOB.env", .defra_version = version, .image_name = "python"};
        plan.platforms = {"linux/amd64"};
        const std::vector<std::string> tags = shape == Shape::whole ? std::vector<std::string>{"latest-3.13", "latest"}
                                                                    : std::vector<std::string>{"latest"};
        if (shape != Shape::one_tag) add(files, "3.13.3", Target::development, "defra/python-development", tags);
        add(files, "3.13.3", Target::production, "defra/python", tags);
        if (shape != Shape::whole) return;
        add(files, "3.12.6", Target::development, "defra/python-development", {"latest-3.12"});
        add(files, "3.12.6", Target::production, "defra/python", {"latest-3.12"});
    }

    Publication publish(const std::vector<ExistingTag>& existing = {}) const {
        return plan_publication(plan, candidates, verdicts, existing, {.source = "", .stand_ins_may = true});
    }

    std::size_t tag_count() const {
        std::size_t count = 0;
        for (const Candidate& candidate : candidates) count += 1 + candidate.moving_tags.size();
        return count;
    }

  private:
    static std::string descriptor(const char* type, const std::string& bytes) {
        return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", type, sha256(bytes).text(), bytes.size());
    }

    static Descriptor put(Files& files, const std::filesystem::path& directory, const std::string& bytes,
                          const char* type) {
        files.write(blob_path(directory, sha256(bytes)), bytes);
        return {.media_type = type, .digest = sha256(bytes), .size = bytes.size()};
    }

    static Descriptor put_image(Files& files, const std::filesystem::path& directory, const std::string& config,
                                const std::vector<std::string>& layers) {
        std::string list;
        put(files, directory, config, "");
        for (const std::string& layer : layers) {
            put(files, directory, layer, "");
            list += (list.empty() ? "" : ",") + descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer);
        }
        return put(files, directory,
                   fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})", oci_manifest_type,
                               descriptor("application/vnd.oci.image.config.v1+json", config), list),
                   oci_manifest_type);
    }

    void add(Files& files, const std::string& python, Target target, const std::string& repository,
             const std::vector<std::string>& moving_tags) {
        const std::string name = python + "-" + render_target(target);
        const std::string layout_name = name + "-linux-amd64";
        const std::filesystem::path directory = images / layout_name;
        Descriptor image = put_image(
            files, directory,
            fmt::format(
                R"({{"architecture":"amd64","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":[]}},"name":"{}","version":"{}"}})",
                name, version),
            {std::string(50000, 'b'), "the python layer of " + python,
             "the layer of " + name + " " + version + build.bytes});
        image.platform = "linux/amd64";
        Descriptor attestation = put_image(
            files, directory,
            R"({"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}})",
            {"the provenance of " + name + version});
        attestation.platform = "unknown/unknown";
        attestation.annotations = {{"vnd.docker.reference.digest", image.digest.text()},
                                   {"vnd.docker.reference.type", "attestation-manifest"}};
        files.write(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
        files.write(directory / "index.json", render_index({image, attestation}, {}));

        const Digest inputs = sha256("the inputs of " + name + version + build.inputs);
        const std::string index = render_index({image, attestation}, {{inputs_annotation, inputs.text()},
                                                                      {version_annotation, version},
                                                                      {title_annotation, name},
                                                                      {revision_annotation, "540323a"}});
        sources.layouts.emplace(layout_name, load_layout(files, directory, name, "linux/amd64"));
        sources.indexes[name] = index;
        candidates.push_back(
            {.name = name,
             .repository = repository,
             .version_tag = version + "-python" + python,
             .moving_tags = moving_tags,
             .index = sha256(index),
             .inputs = inputs,
             .members = {{layout_name, image.digest, false}, {layout_name, attestation.digest, true}}});
        verdicts.push_back({.name = layout_name, .manifest = image.digest, .outcome = Outcome::clean});
        plan.images.push_back({.name = name,
                               .target = target,
                               .row = 0,
                               .python_version = python,
                               .repository = repository,
                               .version_tag = version + "-python" + python,
                               .moving_tags = moving_tags});
    }
};

enum class TagKind { version, moving };

inline std::vector<registry::TagName> names_of(const SampleMatrix& matrix, TagKind kind) {
    std::vector<registry::TagName> names;
    for (const Candidate& candidate : matrix.candidates) {
        if (kind == TagKind::version) names.push_back({candidate.repository, candidate.version_tag});
        if (kind == TagKind::version) continue;
        for (const std::string& tag : candidate.moving_tags) names.push_back({candidate.repository, tag});
    }
    return names;
}

inline Digest index_of(const SampleMatrix& matrix, const registry::TagName& name) {
    for (const Candidate& candidate : matrix.candidates) {
        const std::vector<std::string>& moving = candidate.moving_tags;
        const bool has =
            candidate.version_tag == name.tag || std::find(moving.begin(), moving.end(), name.tag) != moving.end();
        if (candidate.repository == name.repository && has) return candidate.index;
    }
    throw std::logic_error("the matrix has no such tag");
}

/// What a reader saw in a registry: nullopt if the tag does not exist; no entry if it was not read.
using Seen = std::map<registry::TagName, std::optional<Digest>>;

inline bool is_complete(const Seen& seen, const SampleMatrix& matrix) {
    return std::all_of(seen.begin(), seen.end(),
                       [&](const auto& one) { return one.second == index_of(matrix, one.first); });
}

/// True if a reader may see this while `next` replaces `last`: each version tag is right or absent, each moving tag
/// names `last` or `next`, and none names `next` before all its version tags exist.
inline bool is_consistent(const Seen& seen, const SampleMatrix& last, const SampleMatrix& next) {
    const auto all = [&](const SampleMatrix& matrix, TagKind kind, auto&& is_fine) {
        const std::vector<registry::TagName> names = names_of(matrix, kind);
        return std::all_of(names.begin(), names.end(), [&](const registry::TagName& name) {
            return !seen.contains(name) || is_fine(name, seen.at(name));
        });
    };
    const auto is_of = [](const SampleMatrix& matrix) {
        return [&](const registry::TagName& name, const std::optional<Digest>& digest) {
            return digest == index_of(matrix, name);
        };
    };
    return all(last, TagKind::version, is_of(last)) &&
           all(next, TagKind::version,
               [&](const auto& name, const auto& digest) { return !digest || digest == index_of(next, name); }) &&
           all(next, TagKind::moving,
               [&](const auto& name, const auto& digest) {
                   return digest == index_of(last, name) || digest == index_of(next, name);
               }) &&
           (all(next, TagKind::moving, is_of(last)) || all(next, TagKind::version, is_of(next)));
}

/// Reads, plans and writes, like the `publish` command. Throws if the plan is refused.
inline registry::Pushed push_matrix(const World& world, registry::Client& client, const std::string& host,
                                    const SampleMatrix& matrix, std::size_t jobs = 4) {
    const std::vector<ExistingTag> existing =
        registry::load_existing_tags(client, host, matrix.candidates, matrix.sources, 4);
    const Publication publication = matrix.publish(existing);
    if (publication.is_refused()) throw Error{publication.exit, publication.problems};
    return registry::run_publication_to_registry(world, client, publication, matrix.sources,
                                                 {.host = host, .jobs = jobs, .note_done = {}});
}
