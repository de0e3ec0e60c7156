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

struct Stored {
    std::string repository;
    std::string bytes;
    std::string media_type;
};

class Push {
  public:
    Push(const World& world, Client& client, const Publication& publication, const PublicationSources& sources,
         const PushSettings& settings)
        : world_(world), client_(client), publication_(publication), sources_(sources), settings_(settings) {}

    Pushed run() {
        const std::size_t before = client_.requests();
        const TagsWritten tags = write_tags(
            world_, client_, settings_.host, publication_, sources_.indexes, [this] { store_everything(); },
            settings_.note_done);
        pushed_.warnings = tags.warnings;
        pushed_.bytes += tags.bytes;
        pushed_.requests = client_.requests() - before;
        return pushed_;
    }

  private:
    using Work = std::vector<std::function<void()>>;

    /// All of it; but once something has failed, or the run is cancelled, nothing new is begun.
    void run_all(const Work& work) {
        in_parallel(settings_.jobs, work.size(), [&](std::size_t i) {
            if (failed_) return;
            try {
                stop_if_cancelled();
                work[i]();
            } catch (...) {
                failed_ = true;
                throw;
            }
        });
    }

    void store_everything() {
        const std::vector<Stored> images = load_images();
        store_blobs();
        store_manifests(images);
        std::vector<Stored> indexes;
        for (const Step& step : publication_.steps) {
            if (step.kind != StepKind::store_index) continue;
            const std::string& bytes = sources_.indexes.at(step.source);
            indexes.push_back({step.repository, bytes, parse_manifest(bytes, step.source).media_type});
        }
        store_manifests(indexes);
        check_readable();
    }

    /// A registry may deny reads of a repository until the first push has created it. Tags are only written where they
    /// can be read.
    void check_readable() {
        std::set<std::string> seen;
        for (const Step& step : publication_.steps) {
            if (step.kind != StepKind::store_manifest || !seen.insert(step.repository).second) continue;
            if (client_.has_denied_reads(settings_.host, step.repository))
                ask_tag(client_, settings_.host, step.repository, step.digest.text(), TagRead::head);
        }
    }

    /// The manifests of the layouts. Of what the registry has already nothing more is asked: if it has the very first
    /// one, it is asked for the others as well.
    std::vector<Stored> load_images() {
        std::vector<Stored> images;
        bool is_worth_asking = true;
        const auto may_be_new = [] { return true; };  // check_readable shows whether it was
        for (const Step& step : publication_.steps) {
            if (step.kind != StepKind::store_manifest) continue;
            if (is_worth_asking &&
                ask_tag(client_, settings_.host, step.repository, step.digest.text(), TagRead::head, may_be_new)) {
                ++pushed_.present;
                continue;
            }
            if (pushed_.present == 0) is_worth_asking = false;
            const fs::path directory = sources_.layouts.at(step.source).directory;
            const std::string bytes = read_manifest(directory, step.digest);
            const Manifest manifest = parse_manifest(bytes, blob_path(directory, step.digest).string());
            if (manifest.config) need(step.repository, directory, *manifest.config);
            for (const Descriptor& layer : manifest.layers) need(step.repository, directory, layer);
            images.push_back({step.repository, bytes, manifest.media_type});
        }
        return images;
    }

    std::string read_manifest(const fs::path& directory, const Digest& digest) {
        const fs::path path = blob_path(directory, digest);
        const std::string bytes = world_.files.read(path);
        const auto refuse = [&](const char* what) {
            throw Error{Exit::failed, {path.string()}, what, "build and scan the image again"};
        };
        if (sha256(bytes) != digest) refuse("the bytes are not what their name says");
        if (bytes.size() > max_manifest_size) refuse("the manifest is longer than 4 MiB: no registry takes it");
        return bytes;
    }

    void need(const std::string& repository, const fs::path& directory, const Descriptor& descriptor) {
        const auto [at, is_new] = needs_.try_emplace(
            descriptor.digest, Need{{descriptor.digest, descriptor.size, blob_path(directory, descriptor.digest)}, {}});
        add_once(at->second.repositories, repository);
    }

    /// Each blob goes over the line once; the other repositories mount it from the one that has it then.
    void store_blobs() {
        std::set<std::string> known;  // repositories that are not empty: only there is a HEAD for each blob worthwhile
        for (const Step& step : publication_.steps) {
            if (step.before) known.insert(step.repository);
        }
        std::vector<const Need*> by_size;
        for (const auto& [digest, blob] : needs_) by_size.push_back(&blob);
        std::ranges::stable_sort(by_size, [](const Need* a, const Need* b) { return a->blob.size > b->blob.size; });
        Work first;
        Work others;
        for (const Need* one : by_size) {
            const std::string& home = one->repositories.front();
            first.emplace_back([this, one, &home, &known] { store_blob(*one, home, home, known.contains(home)); });
            for (std::size_t i = 1; i < one->repositories.size(); ++i) {
                others.emplace_back([this, one, &home, i, &known] {
                    const std::string& repository = one->repositories[i];
                    store_blob(*one, repository, home, known.contains(repository));
                });
            }
        }
        run_all(first);
        run_all(others);
    }

    void store_blob(const Need& need, const std::string& repository, const std::string& mount_from, bool ask_first) {
        const bool ask = ask_first && !mounts_;
        const Arrival arrival =
            upload_blob(client_, world_.files, settings_.host, repository, need.blob, mount_from, ask);
        const std::lock_guard lock(mutex_);
        if (arrival == Arrival::sent) {
            ++pushed_.sent;
            pushed_.bytes += need.blob.size;
        } else {
            ++(arrival == Arrival::mounted ? pushed_.mounted : pushed_.present);
        }
        // This registry supports mounts: from now on a refused one means that it does not have the blob.
        if (arrival == Arrival::mounted || arrival == Arrival::there_already) mounts_ = true;
    }

    void store_manifests(const std::vector<Stored>& manifests) {
        Work work;
        for (const Stored& manifest : manifests) {
            work.emplace_back([this, &manifest] {
                put_manifest(client_, settings_.host, manifest.repository, manifest.bytes, manifest.media_type);
                const std::lock_guard lock(mutex_);
                pushed_.bytes += manifest.bytes.size();
            });
        }
        run_all(work);
    }

    const World& world_;
    Client& client_;
    const Publication& publication_;
    const PublicationSources& sources_;
    const PushSettings& settings_;
    std::map<Digest, Need> needs_;
    std::atomic<bool> failed_ = false;
    std::atomic<bool> mounts_ = false;
    std::mutex mutex_;  ///< guards pushed_
    Pushed pushed_;
};

}  // namespace

Pushed run_publication_to_registry(const World& world, Client& client, const Publication& publication,
                                   const PublicationSources& sources, const PushSettings& settings) {
    return Push(world, client, publication, sources, settings).run();
}

std::string render_pushed(const Pushed& pushed) {
    std::string text =
        fmt::format("{} sent ({:.1f} MB)", counted(pushed.sent, "blob"), static_cast<double>(pushed.bytes) / 1e6);
    if (pushed.mounted > 0) text += fmt::format(", {} mounted", pushed.mounted);
    if (pushed.present > 0) text += fmt::format(", {} there already", pushed.present);
    return text + ", " + counted(pushed.requests, "request");
}

}  // namespace registry
