#include "registry/directory.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "registry/existing_tags.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* ref_name = "org.opencontainers.image.ref.name";

struct Entry {
    std::string tag;
    std::string media_type;
    Digest digest;
    std::size_t size = 0;
};

std::vector<Entry> load_entries(Files& files, const fs::path& repository) {
    std::vector<Entry> entries;
    const std::optional<std::string> text = files.read_if_there(repository / "index.json");
    if (!text) return entries;
    for (const Descriptor& child : parse_manifest(*text, (repository / "index.json").string()).children) {
        const auto tag = child.annotations.find(ref_name);
        if (tag != child.annotations.end())
            entries.push_back({tag->second, child.media_type, child.digest, child.size});
    }
    return entries;
}

std::string render_entries(const std::vector<Entry>& entries) {
    JsonWriter json;
    json.open_object();
    json.field("schemaVersion", 2);
    json.field("mediaType", oci_index_type);
    json.open_array("manifests");
    for (const Entry& entry : entries) {
        json.open_object();
        json.field("mediaType", entry.media_type);
        json.field("digest", entry.digest.text());
        json.field("size", entry.size);
        json.open_object("annotations");
        json.field(ref_name, entry.tag);
        json.close();
        json.close();
    }
    json.close();
    json.close();
    return json.text();
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

void set_tag(std::vector<Entry>& entries, const Entry& entry) {
    for (Entry& existing : entries) {
        if (existing.tag != entry.tag) continue;
        existing = entry;
        return;
    }
    entries.push_back(entry);
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
    std::vector<Entry> entries = load_entries(files, directory / repository);
    for (const Step& step : publication.steps) {
        if (step.repository != repository || !writes_tag(step)) continue;
        const std::string index = files.read(blob_path(directory / repository, step.digest));
        set_tag(entries, {step.tag, oci_index_type, step.digest, index.size()});
    }
    files.write(directory / repository / "index.json", render_entries(entries));
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
        for (const Entry& entry : load_entries(files, directory / repository)) {
            const Manifest index =
                parse_manifest(files.read(blob_path(directory / repository, entry.digest)), entry.digest.text());
            existing.push_back(registry::make_existing_tag(repository, entry.tag, entry.digest, index));
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
