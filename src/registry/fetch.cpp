#include "registry/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
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
    std::set<fs::path> layouts{};
};

struct Image {
    Reference reference;  ///< with the digest of the top
    fs::path directory;
    std::vector<Descriptor> entries;  ///< the image and its attestations
};

[[noreturn]] void refuse(const Reference& reference, const std::string& what, const std::string& hint) {
    throw Error{Exit::failed, render_reference(reference) + " " + what, hint};
}

struct BlobFetch {
    Files& files;
    Client& client;
    const Transfer& transfer;
    const Digest& digest = transfer.blob.digest;
    const std::uint64_t size = transfer.blob.size;
    const std::uint64_t pieces = std::max<std::uint64_t>(1, (size + piece_size - 1) / piece_size);
    const fs::path path = blob_path(*transfer.layouts.begin(), digest);
    fs::path found{};

    void run() {
        if (!find_in_layouts()) fetch();
        for (const fs::path& layout : transfer.layouts) {
            const fs::path place = blob_path(layout, digest);
            if (place != found) files.link_or_copy(found, place);
        }
    }

    bool find_in_layouts() {
        for (const fs::path& layout : transfer.layouts) {
            const std::vector<std::string> names = files.names_in(layout / "blobs" / "sha256");
            if (!std::ranges::binary_search(names, digest.hex())) continue;
            found = blob_path(layout, digest);
            if (files.digest_of(found) == digest) return true;
        }
        return false;
    }

    void fetch() {
        for (int attempt = 1;; ++attempt) {
            fetch_pieces();
            const fs::path whole = join_pieces();
            if (files.digest_of(whole) == digest) {
                files.rename(whole, path);
                files.give_to_owner_of_directory(path);
                found = path;
                return;
            }
            files.remove(whole);
            if (attempt == max_fetches) {
                refuse(transfer.from, "responds with other bytes than " + digest.text(),
                       "do not use this registry, or the proxy in between");
            }
        }
    }

    fs::path piece_path(std::uint64_t piece) const { return path.string() + fmt::format(".{}", piece); }

    void fetch_pieces() {
        files.make_directory(path.parent_path());
        const std::vector<std::string> there = files.names_in(path.parent_path());
        for (std::uint64_t piece = 0; piece < pieces; ++piece) {
            if (std::ranges::binary_search(there, piece_path(piece).filename().string())) continue;
            if (fetch_piece(piece) == 206 || pieces == 1) continue;
            // The registry does not support ranges and has sent everything.
            if (piece > 0) files.rename(piece_path(piece), piece_path(0));
            for (std::uint64_t other = 1; other < pieces; ++other) files.remove(piece_path(other));
            return;
        }
    }

    int fetch_piece(std::uint64_t piece) {
        Call call{.request = {.save_to = piece_path(piece), .max_body = size, .timeout = std::chrono::seconds(0)},
                  .host = transfer.from.host,
                  .repository = transfer.from.repository,
                  .path = "blobs/" + digest.text()};
        if (pieces > 1) {
            const std::uint64_t begin = piece * piece_size;
            const std::uint64_t end = std::min(begin + piece_size, size);
            call.request.headers = {{"Range", fmt::format("bytes={}-{}", begin, end - 1)}};
        }
        const Response response = client.send(call);
        if (response.status == 200 || response.status == 206) return response.status;
        refuse(transfer.from, "could not be read: " + render_refusal(call, response), "");
    }

    fs::path join_pieces() {
        const fs::path whole = piece_path(0);
        for (std::uint64_t piece = 1; piece < pieces; ++piece) {
            const std::optional<std::string> bytes = files.read_if_there(piece_path(piece));
            if (!bytes) break;  // the first one is the whole
            files.append(whole, *bytes);
            files.remove(piece_path(piece));
        }
        return whole;
    }
};

struct Fetch {
    const World& world;
    Client& client;
    const fs::path& directory;
    const std::size_t jobs;
    std::map<Digest, std::string> manifests{};
    std::map<Digest, Transfer> transfers{};

    std::vector<Fetched> run(const std::vector<FetchRequest>& wanted) {
        std::vector<Image> images;
        for (const FetchRequest& one : wanted) images.push_back(plan_image(one));
        std::vector<const Transfer*> all;
        for (const auto& [digest, transfer] : transfers) all.push_back(&transfer);
        in_parallel(jobs, all.size(), [&](std::size_t i) { BlobFetch{world.files, client, *all[i]}.run(); });
        std::vector<Fetched> fetched;
        for (std::size_t i = 0; i < images.size(); ++i) fetched.push_back(finish(images[i], wanted[i]));
        return fetched;
    }

    Image plan_image(const FetchRequest& wanted) {
        const Reference reference = resolve(wanted.reference);
        const std::string& top = manifest_of(reference, *reference.digest);
        Image image{reference, directory / name_of(wanted), {}};
        world.files.remove(image.directory / "index.json");  // until everything is there, this is no layout
        image.entries = choose(reference, parse_manifest(top, wanted.reference), top, wanted.platform);
        for (const Descriptor& entry : image.entries) {
            const std::string& bytes = manifest_of(reference, entry.digest);
            const Manifest manifest = parse_manifest(bytes, wanted.reference);
            world.files.write(blob_path(image.directory, entry.digest), bytes);
            if (manifest.config) add(*manifest.config, reference, image.directory);
            for (const Descriptor& layer : manifest.layers) add(layer, reference, image.directory);
        }
        return image;
    }

    Reference resolve(const std::string& text) {
        std::optional<Reference> reference = parse_reference(text);
        if (!reference) throw Error{Exit::bad_input, "\"" + text + "\" is not an image reference", ""};
        if (!reference->digest) {
            reference->digest = ask_tag(client, reference->host, reference->repository, reference->tag);
            if (!reference->digest) refuse(*reference, "is not there", "check its name");
        }
        return *reference;
    }

    /// Each once: every manifest that is fetched counts as a pull.
    const std::string& manifest_of(const Reference& reference, const Digest& digest) {
        const auto known = manifests.find(digest);
        if (known != manifests.end()) return known->second;
        return manifests[digest] = load_manifest(client, reference.host, reference.repository, digest);
    }

    /// The image for this platform and its attestations. A manifest without an index is the image itself.
    static std::vector<Descriptor> choose(const Reference& reference, const Manifest& manifest, const std::string& top,
                                          const std::string& platform) {
        if (manifest.config)
            return {{.media_type = manifest.media_type, .digest = *reference.digest, .size = top.size()}};
        const auto image = std::ranges::find_if(manifest.children, [&](const Descriptor& child) {
            return is_manifest_type(child.media_type) && child.platform == platform;
        });
        if (image == manifest.children.end())
            refuse(reference, "is not there for " + platform, "choose other --platforms");
        std::vector<Descriptor> chosen = {*image};
        for (const Descriptor& child : manifest.children) {
            if (text_at(child.annotations, "vnd.docker.reference.digest") == image->digest.text())
                chosen.push_back(child);
        }
        return chosen;
    }

    void add(const Descriptor& blob, const Reference& from, const fs::path& layout) {
        transfers.try_emplace(blob.digest, Transfer{blob, from, {}}).first->second.layouts.insert(layout);
    }

    Fetched finish(const Image& image, const FetchRequest& wanted) {
        world.files.write(image.directory / "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n");
        world.files.write(image.directory / "index.json", render_index(image.entries, {}));
        return {image.reference, manifests.at(*image.reference.digest),
                load_layout(world.files, image.directory, wanted.image, wanted.platform)};
    }
};

}  // namespace

std::string name_of(const FetchRequest& request) {
    return request.image + "-" + render_platform_name(request.platform);
}

std::vector<Fetched> fetch_images(const World& world, Client& client, const std::vector<FetchRequest>& wanted,
                                  const fs::path& directory, std::size_t jobs) {
    return Fetch{world, client, directory, jobs}.run(wanted);
}

}  // namespace registry
