#include "registry/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "registry/existing_tags.h"

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

void store_blob(Files& files, const fs::path& from, const fs::path& to, const Digest& digest) {
    files.link_or_copy(blob_path(from, digest), blob_path(to, digest));
}

/// A manifest and everything it names. The bytes are linked as they are: nothing is parsed and written again.
void store_manifest(Files& files, const fs::path& from, const fs::path& to, const Digest& digest) {
    const Manifest manifest = parse_manifest(files.read(blob_path(from, digest)), digest.text());
    if (manifest.config) store_blob(files, from, to, manifest.config->digest);
    for (const Descriptor& layer : manifest.layers) store_blob(files, from, to, layer.digest);
    store_blob(files, from, to, digest);
}

void set_tag(std::vector<Descriptor>& entries, const Descriptor& entry) {
    const auto existing = std::ranges::find(entries, tag_of(entry), tag_of);
    if (existing != entries.end()) {
        *existing = entry;
    } else {
        entries.push_back(entry);
    }
}

std::set<std::string> repositories_of(const Publication& publication) {
    std::set<std::string> repositories;
    for (const Step& step : publication.steps) repositories.insert(step.repository);
    return repositories;
}

void run_store_step(Files& files, const Step& step, const PublicationSources& sources, const fs::path& repository) {
    files.write(repository / "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    if (step.kind == StepKind::store_manifest) {
        store_manifest(files, sources.layouts.at(step.source).directory, repository, step.digest);
    } else {
        files.write(blob_path(repository, step.digest), sources.indexes.at(step.source));
    }
}

bool writes_tag(const Step& step) {
    return step.kind == StepKind::write_version_tag || step.kind == StepKind::move_tag;
}

void write_tags(Files& files, const Publication& publication, const fs::path& directory,
                const std::string& repository) {
    std::vector<Descriptor> entries = load_entries(files, directory / repository);
    for (const Step& step : publication.steps) {
        if (step.repository != repository || !writes_tag(step)) continue;
        const std::string index = files.read(blob_path(directory / repository, step.digest));
        set_tag(entries, {.media_type = oci_index_type,
                          .digest = step.digest,
                          .size = index.size(),
                          .annotations = {{ref_name, step.tag}}});
    }
    files.write(directory / repository / "index.json", render_index(entries, {}));
}

std::string render_visible(std::size_t tagged, std::size_t all) {
    if (tagged == 0) return "Nothing visible changed.";
    return fmt::format("The tags of {} of {} repositories are written.", tagged, all);
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
    const std::set<std::string> repositories = repositories_of(publication);
    std::size_t tagged = 0;
    try {
        for (const Step& step : publication.steps) {
            if (!writes_tag(step)) run_store_step(world.files, step, sources, directory / step.repository);
        }
        for (const std::string& repository : repositories) {
            write_tags(world.files, publication, directory, repository);
            ++tagged;
        }
    } catch (Error& error) {
        // Whoever reads about a failed publication wants to know first what others see by now.
        error.problems.insert(
            error.problems.begin(),
            {{}, render_visible(tagged, repositories.size()), "run it again: it continues from what is there"});
        throw;
    }
}
