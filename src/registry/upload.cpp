#include "registry/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "base/text.h"
#include "oci/manifest.h"
#include "registry/manifests.h"
#include "system/cancellation.h"
#include "system/parallel.h"
#include "system/relay.h"

namespace registry {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_response = 64U << 10U;

Call make_call(const std::string& method, const std::string& host, const std::string& repository,
               const std::string& path) {
    return {.request = {.method = method, .max_body = max_response},
            .host = host,
            .repository = repository,
            .path = path,
            .actions = "pull,push"};
}

/// An upload URL is gone after a broken connection, a restart or a wrong byte: begin again.
bool is_worth_a_new_upload(const Response& response) {
    return is_worth_a_retry(response.status) || response.status == 404 || response.status == 416 ||
           has_error_code(response, "BLOB_UPLOAD_INVALID") || has_error_code(response, "DIGEST_INVALID");
}

bool is_taken(const Response& response) {
    return response.status / 100 == 2;
}

Call make_put(const std::string& host, const std::string& repository, const std::string& name,
              const std::string& bytes) {
    Call call = make_call("PUT", host, repository, "manifests/" + name);
    call.request.headers = {{"Content-Type", parse_manifest(bytes, repository + ", " + name).media_type}};
    call.request.body = bytes;
    return call;
}

/// An empty digest is as good as none.
void check_digest(const Call& call, const Response& response, const Digest& digest) {
    const std::string theirs = response.header("Docker-Content-Digest").value_or("");
    if (theirs.empty() || Digest::parse(theirs) == digest) return;
    throw Error{
        Exit::failed,
        fmt::format("{}/{} took {} and calls it {}", call.host, call.repository, digest.text(), one_line(theirs)),
        "do not use this registry, or the proxy in between"};
}

struct Upload {
    Client& client;
    Files& files;
    const std::string& host;
    const std::string& repository;
    const Blob& blob;
    std::string mount_from;
    bool ask_first;
    bool sent = false;  ///< at least once, without a good response

    Arrival run() {
        Attempts attempts;
        while (true) {
            Call call = make_begin();
            Response response = client.send(call);
            if (response.status == 201) return mount_from == repository ? Arrival::there_already : Arrival::mounted;
            if (is_about_mount(response)) {
                mount_from.clear();
                ask_first = ask_first || response.status >= 500;
                continue;
            }
            if (response.status != 202 && !is_worth_a_retry(response.status)) refuse_push(client, call, response);
            if (response.status == 202) {
                if (is_there_after_all()) return sent ? Arrival::sent : Arrival::found;
                call = make_send(response);
                response = client.send(call);
                if (is_taken(response)) return Arrival::sent;
                if (!is_worth_a_new_upload(response)) refuse_push(client, call, response);
                check_file(response);
                sent = ask_first = true;
            }
            if (!client.wait_for_next(attempts, host, response)) refuse_push(client, call, response);
        }
    }

    Call make_begin() const {
        Call call = make_call("POST", host, repository, "blobs/uploads/");
        call.once = true;
        if (mount_from.empty()) return call;
        call.path += "?mount=" + blob.digest.text() + "&from=" + mount_from;
        call.mounted_from = mount_from;
        return call;
    }

    /// A registry that rejects a mount may still take the bytes; but not if it is busy or does not respond.
    bool is_about_mount(const Response& response) const {
        if (mount_from.empty() || response.status == 202) return false;
        return response.status >= 500 || !is_worth_a_retry(response.status);
    }

    Call make_send(const Response& begun) const {
        const std::string location = begun.header("Location").value_or("");
        if (location.empty()) {
            throw Error{
                Exit::failed,
                fmt::format("{}/{} began an upload and named no place to send it to (no Location)", host, repository),
                "do not use this registry, or the proxy in between"};
        }
        Call call = make_call("PUT", host, repository, "blobs/uploads/");
        call.location =
            location + (location.find('?') == std::string::npos ? "?" : "&") + "digest=" + blob.digest.text();
        call.request.headers = {{"Content-Type", "application/octet-stream"}};
        call.request.body_file = blob.file;
        call.request.timeout = std::chrono::seconds(0);
        call.once = true;
        return call;
    }

    /// Only where the registry may not have understood the mount, or has been sent the blob before.
    bool is_there_after_all() {
        if (!std::exchange(ask_first, false)) return false;
        return client.send(make_call("HEAD", host, repository, "blobs/" + blob.digest.text())).status == 200;
    }

    /// A registry that does not find the digest in our bytes may be right.
    void check_file(const Response& response) const {
        if (!has_error_code(response, "DIGEST_INVALID") || files.digest_of(blob.file) == blob.digest) return;
        throw Error{Exit::failed,
                    {blob.file.string()},
                    "the bytes are not what their name says: they were changed since the build",
                    "build and scan the image again"};
    }
};

/// Registries that lag behind themselves do not find what they have just been given; their data may be there at the
/// second look.
bool is_worth_a_second_look(const Response& response) {
    return response.status == 404 || (response.status == 400 && (has_error_code(response, "MANIFEST_BLOB_UNKNOWN") ||
                                                                 has_error_code(response, "DIGEST_INVALID")));
}

/// Puts the bytes as they are, under their digest.
void put_manifest(Client& client, const std::string& host, const std::string& repository, const std::string& bytes) {
    const Digest digest = sha256(bytes);
    const Call call = make_put(host, repository, digest.text(), bytes);
    Response response = client.send(call);
    Attempts attempts;
    if (is_worth_a_second_look(response) && client.wait_for_next(attempts, host, response))
        response = client.send(call);
    if (!is_taken(response)) refuse_push(client, call, response);
    check_digest(call, response, digest);
}

/// One blob, and every repository that needs it.
struct Need {
    Blob blob;
    std::vector<std::string> repositories;
};

using Steps = std::vector<const Step*>;

/// Everything of a publication by digest: blobs, the images' manifests, their indexes.
struct Storing {
    Client& client;
    Files& files;
    const std::string& host;
    const Publication& publication;
    const PublicationSources& sources;
    const std::size_t jobs;
    std::map<Digest, Need> needs{};
    std::atomic<bool> failed = false;
    std::atomic<bool> mounts = false;  ///< the registry has mounted a blob
    std::mutex mutex{};                ///< guards pushed
    Pushed pushed{};

    Pushed run() {
        const Steps images = find_missing_images();
        store_blobs();
        store_manifests(images);
        Steps indexes;
        for (const Step& step : publication.steps) {
            if (step.kind == StepKind::store_index) indexes.push_back(&step);
        }
        store_manifests(indexes);
        check_readable();
        return pushed;
    }

    /// Also notes the blobs that they need. If the registry has the very first image, it is asked for the others too.
    Steps find_missing_images() {
        Steps images;
        bool is_worth_asking = true;
        const auto may_be_new = [] { return true; };  // check_readable shows whether it was
        for (const Step& step : publication.steps) {
            if (step.kind != StepKind::store_manifest) continue;
            if (is_worth_asking &&
                ask_tag(client, host, step.repository, step.digest.text(), TagRead::head, may_be_new)) {
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
        const std::string bytes = files.read(path);
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
        const Arrival arrival =
            upload_blob(client, files, host, repository, need.blob, need.repositories.front(), ask_first);
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
            put_manifest(client, host, steps[i]->repository, bytes);
            const std::lock_guard lock(mutex);
            pushed.bytes += bytes.size();
        });
    }

    /// All of it; but once something has failed, or the run is cancelled, nothing new is begun.
    void run_all(std::size_t count, const std::function<void(std::size_t)>& piece) {
        in_parallel(jobs, count, [&](std::size_t i) {
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

    /// A registry may deny reads of a repository until the first push. Tags are only written where they can be read.
    void check_readable() {
        std::set<std::string> seen;
        for (const Step& step : publication.steps) {
            if (step.kind != StepKind::store_manifest || !seen.insert(step.repository).second) continue;
            if (client.has_denied_reads(host, step.repository))
                ask_tag(client, host, step.repository, step.digest.text(), TagRead::head);
        }
    }
};

}  // namespace

Pushed store_content(Client& client, Files& files, const std::string& host, const Publication& publication,
                     const PublicationSources& sources, std::size_t jobs) {
    return Storing{client, files, host, publication, sources, jobs}.run();
}

std::string render_pushed(const Pushed& pushed) {
    std::string text =
        fmt::format("{} sent ({:.1f} MB)", counted(pushed.sent, "blob"), static_cast<double>(pushed.bytes) / 1e6);
    if (pushed.mounted > 0) text += fmt::format(", {} mounted", pushed.mounted);
    if (pushed.present > 0) text += fmt::format(", {} there already", pushed.present);
    return text + ", " + counted(pushed.requests, "request");
}

void refuse_push(const Client& client, const Call& call, const Response& response) {
    if (is_denied(response)) {
        const bool known = client.has_credentials(call.host, call.repository);
        client.refuse_denied(
            fmt::format("{} push to {}/{} ({})",
                        known ? "the credentials do not allow a" : "there are no credentials for a", call.host,
                        call.repository, render_refusal(call, response)),
            known ? "use an access token that may write to this repository" : "give a user name and an access token");
    }
    throw Error{Exit::failed, render_refusal(call, response), "what is sent already is not sent again: run it again"};
}

Arrival upload_blob(Client& client, Files& files, const std::string& host, const std::string& repository,
                    const Blob& blob, const std::string& mount_from, bool ask_first) {
    return Upload{client, files, host, repository, blob, mount_from, ask_first}.run();
}

TagPut put_tag(Client& client, const std::string& host, const std::string& repository, const std::string& tag,
               const std::string& bytes) {
    TagPut put{.call = make_put(host, repository, tag, bytes)};
    put.call.once = true;
    put.response = client.send(put.call);
    put.taken = is_taken(put.response);
    put.is_worth_a_second_look = is_worth_a_second_look(put.response);
    if (put.taken) check_digest(put.call, put.response, sha256(bytes));
    return put;
}

void try_push(Client& client, const std::string& host, const std::string& repository) {
    const Call begin = make_call("POST", host, repository, "blobs/uploads/");
    const Response begun = client.send(begin);
    if (begun.status != 202) refuse_push(client, begin, begun);
    Call end = make_call("DELETE", host, repository, "blobs/uploads/");
    end.location = begun.header("Location").value_or("");
    end.once = true;
    if (!end.location.empty()) client.send(end);  // the response does not matter: uploads end by themselves
}

}  // namespace registry
