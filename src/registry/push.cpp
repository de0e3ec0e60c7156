#include "registry/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "base/text.h"
#include "registry/manifests.h"
#include "registry/tag_writer.h"
#include "registry/upload.h"
#include "system/cancellation.h"
#include "system/parallel.h"

namespace registry {

namespace {

namespace fs = std::filesystem;

/// One blob, and every repository that needs it.
struct Need {
    Blob blob;
    std::vector<std::string> repositories;
};

using Steps = std::vector<const Step*>;

struct Push {
    const World& world;
    Client& client;
    const Publication& publication;
    const PublicationSources& sources;
    const PushSettings& settings;
    std::map<Digest, Need> needs{};
    std::atomic<bool> failed = false;
    std::atomic<bool> mounts = false;  ///< the registry has mounted a blob
    std::mutex mutex{};                ///< guards pushed
    Pushed pushed{};

    Pushed run() {
        const std::size_t before = client.requests();
        const TagsWritten tags = write_tags(
            world, client, settings.host, publication, sources.indexes, [this] { store_everything(); },
            settings.note_done);
        pushed.warnings = tags.warnings;
        pushed.bytes += tags.bytes;
        pushed.requests = client.requests() - before;
        return pushed;
    }

    /// All of it; but once something has failed, or the run is cancelled, nothing new is begun.
    void run_all(std::size_t count, const std::function<void(std::size_t)>& piece) {
        in_parallel(settings.jobs, count, [&](std::size_t i) {
            if (failed) return;
            try {
                stop_if_cancelled();
                piece(i);
            } catch (...) {
                failed = true;
                throw;
            }
        });
    }

    void store_everything() {
        const Steps images = find_missing_images();
        store_blobs();
        store_manifests(images);
        Steps indexes;
        for (const Step& step : publication.steps) {
            if (step.kind == StepKind::store_index) indexes.push_back(&step);
        }
        store_manifests(indexes);
        check_readable();
    }

    /// A registry may deny reads of a repository until the first push. Tags are only written where they can be read.
    void check_readable() {
        std::set<std::string> seen;
        for (const Step& step : publication.steps) {
            if (step.kind != StepKind::store_manifest || !seen.insert(step.repository).second) continue;
            if (client.has_denied_reads(settings.host, step.repository))
                ask_tag(client, settings.host, step.repository, step.digest.text(), TagRead::head);
        }
    }

    /// Also notes the blobs that they need. If the registry has the very first image, it is asked for the others too.
    Steps find_missing_images() {
        Steps images;
        bool is_worth_asking = true;
        const auto may_be_new = [] { return true; };  // check_readable shows whether it was
        for (const Step& step : publication.steps) {
            if (step.kind != StepKind::store_manifest) continue;
            if (is_worth_asking &&
                ask_tag(client, settings.host, step.repository, step.digest.text(), TagRead::head, may_be_new)) {
                ++pushed.present;
                continue;
            }
            if (pushed.present == 0) is_worth_asking = false;
            const fs::path directory = sources.layouts.at(step.source).directory;
            const Manifest manifest = parse_manifest(read_manifest(step), blob_path(directory, step.digest).string());
            if (manifest.config) need(step.repository, directory, *manifest.config);
            for (const Descriptor& layer : manifest.layers) need(step.repository, directory, layer);
            images.push_back(&step);
        }
        return images;
    }

    std::string read_manifest(const Step& step) {
        if (step.kind == StepKind::store_index) return sources.indexes.at(step.source);
        const fs::path path = blob_path(sources.layouts.at(step.source).directory, step.digest);
        const std::string bytes = world.files.read(path);
        const auto refuse = [&](const char* what) {
            throw Error{Exit::failed, {path.string()}, what, "build and scan the image again"};
        };
        if (sha256(bytes) != step.digest) refuse("the bytes are not what their name says");
        if (bytes.size() > max_manifest_size) refuse("the manifest is longer than 4 MiB: no registry takes it");
        return bytes;
    }

    void need(const std::string& repository, const fs::path& directory, const Descriptor& descriptor) {
        const auto [at, is_new] = needs.try_emplace(
            descriptor.digest, Need{{descriptor.digest, descriptor.size, blob_path(directory, descriptor.digest)}, {}});
        add_once(at->second.repositories, repository);
    }

    /// Each blob is sent once; the other repositories mount it from the one that has it then.
    void store_blobs() {
        std::set<std::string> known;  // repositories that are not empty: only there is a HEAD for each blob worthwhile
        for (const Step& step : publication.steps) {
            if (step.before) known.insert(step.repository);
        }
        std::vector<const Need*> by_size;
        for (const auto& [digest, blob] : needs) by_size.push_back(&blob);
        std::ranges::stable_sort(by_size, [](const Need* a, const Need* b) { return a->blob.size > b->blob.size; });
        run_all(by_size.size(),
                [&](std::size_t i) { store_blob(*by_size[i], by_size[i]->repositories.front(), known); });
        run_all(by_size.size(), [&](std::size_t i) {
            for (const std::string& repository : by_size[i]->repositories) {
                if (repository != by_size[i]->repositories.front()) store_blob(*by_size[i], repository, known);
            }
        });
    }

    void store_blob(const Need& need, const std::string& repository, const std::set<std::string>& known) {
        const bool ask_first = known.contains(repository) && !mounts;
        const Arrival arrival = upload_blob(client, world.files, settings.host, repository, need.blob,
                                            need.repositories.front(), ask_first);
        const std::lock_guard lock(mutex);
        if (arrival == Arrival::sent) {
            ++pushed.sent;
            pushed.bytes += need.blob.size;
        } else {
            ++(arrival == Arrival::mounted ? pushed.mounted : pushed.present);
        }
        // This registry supports mounts: from now on a refused one means that it does not have the blob.
        if (arrival == Arrival::mounted || arrival == Arrival::there_already) mounts = true;
    }

    void store_manifests(const Steps& steps) {
        run_all(steps.size(), [&](std::size_t i) {
            const std::string bytes = read_manifest(*steps[i]);
            put_manifest(client, settings.host, steps[i]->repository, bytes);
            const std::lock_guard lock(mutex);
            pushed.bytes += bytes.size();
        });
    }
};

}  // namespace

Pushed run_publication_to_registry(const World& world, Client& client, const Publication& publication,
                                   const PublicationSources& sources, const PushSettings& settings) {
    return Push{world, client, publication, sources, settings}.run();
}

std::string render_pushed(const Pushed& pushed) {
    std::string text =
        fmt::format("{} sent ({:.1f} MB)", counted(pushed.sent, "blob"), static_cast<double>(pushed.bytes) / 1e6);
    if (pushed.mounted > 0) text += fmt::format(", {} mounted", pushed.mounted);
    if (pushed.present > 0) text += fmt::format(", {} there already", pushed.present);
    return text + ", " + counted(pushed.requests, "request");
}

}  // namespace registry
