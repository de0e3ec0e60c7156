#include "registry/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* ref_name = "org.opencontainers.image.ref.name";

std::string tag_of(const Descriptor& entry) {
    return text_at(entry.annotations, ref_name);
}

/// What the tags of a repository name.
std::vector<Descriptor> load_entries(Files& files, const fs::path& repository) {
    const fs::path index = repository / "index.json";
    const std::optional<std::string> text = files.read_if_there(index);
    if (!text) return {};
    std::vector<Descriptor> entries = parse_manifest(*text, index.string()).children;
    std::erase_if(entries, [](const Descriptor& entry) { return !entry.annotations.contains(ref_name); });
    return entries;
}

/// There is no registry that would compare the bytes with the digest.
void store_blob(Files& files, const fs::path& from, const fs::path& to, const Digest& digest) {
    const fs::path blob = blob_path(from, digest);
    if (files.digest_of(blob) != digest) {
        throw Error{Exit::failed,
                    {blob.string()},
                    "the bytes are not what their name says: they were changed since the build",
                    "build and scan the image again"};
    }
    files.link_or_copy(blob, blob_path(to, digest));
}

/// A manifest and everything it names. The bytes are linked as they are: nothing is parsed and written again.
void store_manifest(Files& files, const fs::path& from, const fs::path& to, const Digest& digest) {
    const Manifest manifest = parse_manifest(files.read(blob_path(from, digest)), digest.text());
    if (manifest.config) store_blob(files, from, to, manifest.config->digest);
    for (const Descriptor& layer : manifest.layers) store_blob(files, from, to, layer.digest);
    store_blob(files, from, to, digest);
}

void write_tags(Files& files, const Publication& publication, const fs::path& directory,
                const std::string& repository) {
    std::vector<Descriptor> entries = load_entries(files, directory / repository);
    for (const Step& step : publication.steps) {
        if (step.repository != repository || step.tag.empty()) continue;
        const auto there = std::ranges::find(entries, step.tag, tag_of);
        const auto now = there == entries.end() ? std::nullopt : std::optional(there->digest);
        if (now != step.before && now != step.digest) {
            throw Error{Exit::failed, repository + ":" + step.tag + " was moved by another run",
                        "let only one run publish at a time, then run it again"};
        }
        const std::string index = files.read(blob_path(directory / repository, step.digest));
        std::erase_if(entries, [&](const Descriptor& entry) { return tag_of(entry) == step.tag; });
        entries.push_back({.media_type = oci_index_type,
                           .digest = step.digest,
                           .size = index.size(),
                           .annotations = {{ref_name, step.tag}}});
    }
    files.write(directory / repository / "index.json", render_index(entries, {}));
}

}  // namespace

std::vector<ExistingTag> load_existing_tags(Files& files, const fs::path& directory,
                                            const std::vector<std::string>& repositories) {
    std::vector<ExistingTag> existing;
    for (const std::string& repository : repositories) {
        for (const Descriptor& entry : load_entries(files, directory / repository)) {
            const Manifest index =
                parse_manifest(files.read(blob_path(directory / repository, entry.digest)), entry.digest.text());
            existing.push_back(registry::make_existing_tag(repository, tag_of(entry), entry.digest, index));
        }
    }
    return existing;
}

void run_publication_to_directory(const World& world, const Publication& publication, const PublicationSources& sources,
                                  const fs::path& directory) {
    std::set<std::string> repositories;
    std::size_t tagged = 0;
    try {
        for (const Step& step : publication.steps) {
            repositories.insert(step.repository);
            const fs::path repository = directory / step.repository;
            if (!step.tag.empty()) continue;
            world.files.write(repository / "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
            if (step.kind == StepKind::store_manifest) {
                store_manifest(world.files, sources.layouts.at(step.source).directory, repository, step.digest);
            } else {
                world.files.write(blob_path(repository, step.digest), sources.indexes.at(step.source));
            }
        }
        for (const std::string& repository : repositories) {
            write_tags(world.files, publication, directory, repository);
            ++tagged;
        }
    } catch (Error& error) {
        const std::string visible =
            tagged == 0 ? nothing_visible
                        : fmt::format("The tags of {} of {} repositories are written.", tagged, repositories.size());
        error.problems.insert(error.problems.begin(), {{}, visible, "run it again: it continues from what is there"});
        throw;
    }
}
