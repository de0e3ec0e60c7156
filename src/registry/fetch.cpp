#include "registry/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "registry/call.h"
#include "registry/manifests.h"
#include "system/parallel.h"

namespace registry {

namespace {

namespace fs = std::filesystem;

/// A blob is fetched in pieces of this size, each whole or not there: a fetch that breaks goes on behind the last.
constexpr std::uint64_t piece_size = 32U << 20U;
constexpr int max_fetches = 2;  ///< of a blob whose bytes are not what they should be

/// One blob: from where, and every layout that it belongs to.
struct Transfer {
    Descriptor blob;
    Reference from;
    std::vector<fs::path> layouts;
};

struct Image {
    Fetched fetched;
    fs::path directory;
    std::vector<Descriptor> entries;  ///< the image and its attestations
};

[[noreturn]] void refuse(const Reference& reference, const std::string& what, const std::string& hint) {
    throw Error{Exit::failed, render_reference(reference) + " " + what, hint};
}

class BlobFetch {
  public:
    BlobFetch(const World& world, Client& client, const Transfer& transfer)
        : files_(world.files),
          client_(client),
          transfer_(transfer),
          path_(blob_path(transfer.layouts.front(), transfer.blob.digest)) {}

    void run() {
        if (!find_in_layouts()) fetch();
        for (const fs::path& layout : transfer_.layouts) {
            const fs::path place = blob_path(layout, transfer_.blob.digest);
            if (place != found_) files_.link_or_copy(found_, place);
        }
    }

  private:
    bool find_in_layouts() {
        for (const fs::path& layout : transfer_.layouts) {
            const std::vector<std::string> names = files_.names_in(layout / "blobs" / "sha256");
            if (!std::ranges::binary_search(names, transfer_.blob.digest.hex())) continue;
            found_ = blob_path(layout, transfer_.blob.digest);
            if (files_.digest_of(found_) == transfer_.blob.digest) return true;
        }
        return false;
    }

    void fetch() {
        for (int attempt = 1;; ++attempt) {
            fetch_pieces();
            const fs::path whole = join_pieces();
            if (files_.digest_of(whole) == transfer_.blob.digest) {
                files_.rename(whole, path_);
                files_.give_to_owner_of_directory(path_);
                found_ = path_;
                return;
            }
            files_.remove(whole);
            if (attempt == max_fetches) {
                refuse(transfer_.from, "responds with other bytes than " + transfer_.blob.digest.text(),
                       "do not use this registry, or the proxy in between");
            }
        }
    }

    std::uint64_t pieces() const { return std::max<std::uint64_t>(1, (size() + piece_size - 1) / piece_size); }
    std::uint64_t size() const { return transfer_.blob.size; }
    fs::path piece_path(std::uint64_t piece) const { return path_.string() + fmt::format(".{}", piece); }

    void fetch_pieces() {
        files_.make_directory(path_.parent_path());
        const std::vector<std::string> there = files_.names_in(path_.parent_path());
        for (std::uint64_t piece = 0; piece < pieces(); ++piece) {
            if (std::ranges::binary_search(there, piece_path(piece).filename().string())) continue;
            if (fetch_piece(piece) == 206 || pieces() == 1) continue;
            take_as_whole(piece);
            return;
        }
    }

    /// The registry does not support ranges and has sent everything.
    void take_as_whole(std::uint64_t piece) {
        if (piece > 0) files_.rename(piece_path(piece), piece_path(0));
        for (std::uint64_t other = 1; other < pieces(); ++other) files_.remove(piece_path(other));
    }

    int fetch_piece(std::uint64_t piece) {
        Call call{.host = transfer_.from.host,
                  .repository = transfer_.from.repository,
                  .path = "blobs/" + transfer_.blob.digest.text(),
                  .save_to = piece_path(piece),
                  .max_body = size(),
                  .timeout = std::chrono::seconds(0)};
        if (pieces() > 1) {
            const std::uint64_t begin = piece * piece_size;
            call.headers = {{"Range", fmt::format("bytes={}-{}", begin, std::min(begin + piece_size, size()) - 1)}};
        }
        const Response response = client_.send(call);
        if (response.status == 200 || response.status == 206) return response.status;
        refuse(transfer_.from, "could not be read: " + render_refusal(call, response), "");
    }

    fs::path join_pieces() {
        const fs::path whole = piece_path(0);
        for (std::uint64_t piece = 1; piece < pieces(); ++piece) {
            const std::optional<std::string> bytes = files_.read_if_there(piece_path(piece));
            if (!bytes) break;  // the first one is the whole
            files_.append(whole, *bytes);
            files_.remove(piece_path(piece));
        }
        return whole;
    }

    Files& files_;
    Client& client_;
    const Transfer& transfer_;
    fs::path path_;
    fs::path found_;
};

class Fetch {
  public:
    Fetch(const World& world, Client& client, fs::path directory, std::size_t jobs)
        : world_(world), client_(client), directory_(std::move(directory)), jobs_(jobs) {}

    std::vector<Fetched> run(const std::vector<FetchRequest>& wanted) {
        std::vector<Image> images;
        for (const FetchRequest& one : wanted) images.push_back(plan_image(one));
        std::vector<std::function<void()>> work;
        for (const auto& [digest, transfer] : transfers_)
            work.emplace_back([this, &transfer = transfer] { BlobFetch(world_, client_, transfer).run(); });
        in_parallel(jobs_, work);
        std::vector<Fetched> fetched;
        for (std::size_t i = 0; i < images.size(); ++i) fetched.push_back(finish(images[i], wanted[i]));
        return fetched;
    }

  private:
    Image plan_image(const FetchRequest& wanted) {
        const Reference reference = resolve(wanted.reference);
        const std::string& top = manifest_of(reference, *reference.digest);
        Image image{{reference, top, no_layout()}, directory_ / name_of(wanted), {}};
        world_.files.remove(image.directory / "index.json");  // until everything is there, this is no layout
        image.entries = choose(reference, parse_manifest(top, wanted.reference), top, wanted.platform);
        for (const Descriptor& entry : image.entries) {
            const std::string& bytes = manifest_of(reference, entry.digest);
            const Manifest manifest = parse_manifest(bytes, wanted.reference);
            world_.files.write(blob_path(image.directory, entry.digest), bytes);
            if (manifest.config) add(*manifest.config, reference, image.directory);
            for (const Descriptor& layer : manifest.layers) add(layer, reference, image.directory);
        }
        return image;
    }

    static Layout no_layout() {
        const Digest nothing = sha256("");
        return {.manifest = nothing, .config = nothing, .manifest_descriptor = {.digest = nothing}};
    }

    Reference resolve(const std::string& text) {
        std::optional<Reference> reference = parse_reference(text);
        if (!reference) throw Error{Exit::bad_input, "\"" + text + "\" is no image reference", ""};
        if (!reference->digest) {
            reference->digest = ask_tag(client_, reference->host, reference->repository, reference->tag);
            if (!reference->digest) refuse(*reference, "is not there", "check its name");
        }
        return *reference;
    }

    /// Each once: every manifest that is fetched counts as a pull (registry.md §3).
    const std::string& manifest_of(const Reference& reference, const Digest& digest) {
        const auto known = manifests_.find(digest);
        if (known != manifests_.end()) return known->second;
        return manifests_[digest] = load_manifest(client_, reference.host, reference.repository, digest);
    }

    /// The image for this platform and its attestations. A manifest without an index is the image itself.
    static std::vector<Descriptor> choose(const Reference& reference, const Manifest& manifest, const std::string& top,
                                          const std::string& platform) {
        if (manifest.config)
            return {{.media_type = manifest.media_type, .digest = *reference.digest, .size = top.size()}};
        std::vector<Descriptor> chosen;
        for (const Descriptor& child : manifest.children) {
            if (is_manifest_type(child.media_type) && child.platform == platform) chosen.push_back(child);
        }
        if (chosen.empty()) refuse(reference, "is not there for " + platform, "choose other --platforms");
        const std::string image = chosen.front().digest.text();
        chosen.erase(chosen.begin() + 1, chosen.end());
        for (const Descriptor& child : manifest.children) {
            const auto about = child.annotations.find("vnd.docker.reference.digest");
            if (about != child.annotations.end() && about->second == image) chosen.push_back(child);
        }
        return chosen;
    }

    void add(const Descriptor& blob, const Reference& from, const fs::path& layout) {
        Transfer& transfer = transfers_.try_emplace(blob.digest, Transfer{blob, from, {}}).first->second;
        if (std::ranges::find(transfer.layouts, layout) == transfer.layouts.end()) transfer.layouts.push_back(layout);
    }

    Fetched finish(Image& image, const FetchRequest& wanted) {
        world_.files.write(image.directory / "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n");
        world_.files.write(image.directory / "index.json", render_index(image.entries, {}));
        image.fetched.layout = load_layout(world_.files, image.directory, wanted.image, wanted.platform);
        return std::move(image.fetched);
    }

    const World& world_;
    Client& client_;
    const fs::path directory_;
    const std::size_t jobs_;
    std::map<Digest, std::string> manifests_;
    std::map<Digest, Transfer> transfers_;
};

}  // namespace

std::string name_of(const FetchRequest& request) {
    return request.image + "-" + render_platform_name(request.platform);
}

std::vector<Fetched> fetch_images(const World& world, Client& client, const std::vector<FetchRequest>& wanted,
                                  const fs::path& directory, std::size_t jobs) {
    return Fetch(world, client, directory, jobs).run(wanted);
}

}  // namespace registry
