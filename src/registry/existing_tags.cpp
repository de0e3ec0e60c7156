#include "registry/existing_tags.h"

#include <mutex>
#include <optional>
#include <set>

#include "base/text.h"
#include "registry/manifests.h"
#include "system/parallel.h"

namespace registry {

namespace {

using Bytes = std::map<Digest, std::string>;

/// What the tags of a registry name. `known`: the bytes of indexes, which need not be fetched.
struct TagLookup {
    Client& client;
    const std::string& host;
    const std::vector<TagName>& names;
    const std::size_t jobs;
    Bytes known;
    const bool is_before_push = client.pushes_to(host);
    std::vector<std::optional<Digest>> digests = std::vector<std::optional<Digest>>(names.size());
    std::set<std::string> new_repositories{};
    std::mutex mutex{};  ///< guards known and new_repositories while tags are asked for in parallel

    std::vector<ExistingTag> run() {
        ask_all();
        load_unknown();
        std::vector<ExistingTag> existing;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!digests[i]) continue;
            const auto& [repository, tag] = names[i];
            const std::string& bytes = known.at(*digests[i]);
            const Manifest index =
                bytes.empty() ? Manifest{} : parse_manifest(bytes, host + "/" + repository + ":" + tag);
            existing.push_back(make_existing_tag(repository, tag, *digests[i], index));
        }
        return existing;
    }

    void ask_all() {
        if (names.empty()) return;
        // One tag alone: where the registry does not respond, or its certificate is not trusted, this is reported once.
        // Before a push that is a GET: a registry, or a proxy in front of it, may respond to every HEAD with 404. Where
        // the first tag exists, no 404 for another one is believed without a GET. Where it does not, this is a new
        // version: the first moving tag names the version before it, whose bytes are asked for next.
        ask(0, is_before_push ? TagRead::get : TagRead::head);
        const bool is_new = is_before_push && !digests[0];
        const TagRead read = is_before_push && !is_new ? TagRead::head_then_get : TagRead::head;
        in_parallel(jobs, names.size() - 1,
                    [&](std::size_t others) { ask(others + 1, is_new && others == 0 ? TagRead::get : read); });
    }

    void ask(std::size_t i, TagRead read) {
        const auto& [repository, tag] = names[i];
        const auto may_be_new = [this, &repository = repository] { return note_if_new(repository); };
        if (read != TagRead::get) {
            digests[i] = ask_tag(client, host, repository, tag, read, may_be_new);
        } else if (std::optional<std::string> bytes = get_tag(client, host, repository, tag, may_be_new)) {
            digests[i] = sha256(*bytes);
            const std::lock_guard lock(mutex);
            known.emplace(*digests[i], *std::move(bytes));
        }
    }

    /// The registry denies reads of this repository. Where a push is allowed, that means it does not exist yet: some
    /// registries create it with the first push. Throws Error{failed} if a push is denied, too.
    bool note_if_new(const std::string& repository) {
        if (!is_before_push) return false;
        const std::lock_guard lock(mutex);
        if (!new_repositories.contains(repository)) try_push(client, host, repository);
        new_repositories.insert(repository);
        return true;
    }

    /// Fetches what is not known yet, each once. An index that is gone leaves no bytes.
    void load_unknown() {
        std::vector<std::size_t> wanted;  // of the names, one for each index
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (digests[i] && known.try_emplace(*digests[i]).second) wanted.push_back(i);
        }
        in_parallel(jobs, wanted.size(), [&](std::size_t one) {
            const std::size_t i = wanted[one];
            known.at(*digests[i]) = find_manifest(client, host, names[i].repository, *digests[i]).value_or("");
        });
    }
};

}  // namespace

ExistingTag make_existing_tag(const std::string& repository, const std::string& tag, const Digest& digest,
                              const Manifest& index) {
    ExistingTag existing{.repository = repository,
                         .tag = tag,
                         .index = digest,
                         .inputs = Digest::parse(text_at(index.annotations, inputs_annotation)),
                         .revision = text_at(index.annotations, revision_annotation),
                         .version = text_at(index.annotations, version_annotation),
                         .source = text_at(index.annotations, source_annotation),
                         .title = text_at(index.annotations, title_annotation)};
    for (const Descriptor& child : index.children) {
        if (child.platform != "unknown/unknown") existing.platforms.push_back(child.platform);
    }
    return existing;
}

std::vector<ExistingTag> load_existing_tags(Client& client, const std::string& host,
                                            const std::vector<Candidate>& candidates, const PublicationSources& sources,
                                            std::size_t jobs) {
    std::vector<TagName> names;
    for (const Candidate& candidate : candidates) {
        names.push_back({candidate.repository, candidate.version_tag});
        for (const std::string& tag : candidate.moving_tags) names.push_back({candidate.repository, tag});
    }
    Bytes ours;
    for (const auto& [name, bytes] : sources.indexes) ours.emplace(sha256(bytes), bytes);
    return TagLookup{client, host, names, jobs, std::move(ours)}.run();
}

std::vector<ExistingTag> load_existing_tags(Client& client, const std::string& host, const std::vector<TagName>& names,
                                            std::size_t jobs) {
    return TagLookup{client, host, names, jobs, {}}.run();
}

}  // namespace registry
