#include "registry/existing_tags.h"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/text.h"
#include "registry/manifests.h"
#include "registry/upload.h"
#include "system/parallel.h"

namespace registry {

namespace {

using Bytes = std::map<Digest, std::string>;

/// What the tags of a registry name, and the bytes of those that were fetched for it.
class TagLookup {
  public:
    TagLookup(Client& client, const std::string& host, const std::vector<TagName>& names, Bytes& known)
        : client_(client), host_(host), names_(names), known_(known), digests_(names.size()) {}

    std::vector<std::optional<Digest>> run(std::size_t jobs) {
        if (names_.empty()) return digests_;
        // One tag alone: where the registry does not respond, or its certificate is not trusted, this is reported once.
        // Before a push that is a GET: a registry, or a proxy in front of it, may respond to every HEAD with 404. Where
        // the first tag exists, no 404 for another one is believed without a GET.
        const bool is_before_push = client_.pushes_to(host_);
        ask(0, is_before_push ? TagRead::get : TagRead::head);
        ask_others(jobs, TagRead::head);
        if (is_before_push && digests_[0]) ask_others(jobs, TagRead::get);
        return digests_;
    }

  private:
    void ask(std::size_t i, TagRead read) {
        const auto& [repository, tag] = names_[i];
        const auto may_be_new = [this, &repository = repository] { return note_if_new(repository); };
        if (read != TagRead::get) {
            digests_[i] = ask_tag(client_, host_, repository, tag, read, may_be_new);
        } else if (std::optional<std::string> bytes = get_tag(client_, host_, repository, tag, may_be_new)) {
            digests_[i] = sha256(*bytes);
            const std::lock_guard lock(mutex_);
            known_.emplace(*digests_[i], *std::move(bytes));
        }
    }

    void ask_others(std::size_t jobs, TagRead read) {
        // A new version: the first moving tag names the version before it, whose bytes are asked for next.
        const bool is_new = client_.pushes_to(host_) && !digests_[0];
        std::vector<std::function<void()>> work;
        for (std::size_t i = 1; i < names_.size(); ++i) {
            const TagRead wanted = is_new && i == 1 ? TagRead::get : read;
            if (!digests_[i]) work.emplace_back([this, i, wanted] { ask(i, wanted); });
        }
        in_parallel(jobs, work);
    }

    /// The registry denies reads of this repository. Where a push is allowed, that means it does not exist yet: some
    /// registries create it with the first push. Throws Error{failed} if a push is denied, too.
    bool note_if_new(const std::string& repository) {
        if (!client_.pushes_to(host_)) return false;
        const std::lock_guard lock(mutex_);
        if (!new_.contains(repository)) try_push(client_, host_, repository);
        new_.insert(repository);
        return true;
    }

    Client& client_;
    const std::string& host_;
    const std::vector<TagName>& names_;
    Bytes& known_;
    std::vector<std::optional<Digest>> digests_;
    std::mutex mutex_;  ///< guards known_ and new_ while tags are asked for in parallel
    std::set<std::string> new_;
};

/// Fetches what is not known yet, each once. An index that is gone leaves no bytes.
void load_unknown(Client& client, const std::string& host, const std::vector<TagName>& names,
                  const std::vector<std::optional<Digest>>& digests, std::size_t jobs, Bytes& known) {
    std::map<Digest, std::string> wanted;  // a repository that holds it
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (digests[i] && !known.contains(*digests[i])) wanted.emplace(*digests[i], names[i].repository);
    }
    std::vector<std::function<void()>> work;
    for (const auto& [digest, repository] : wanted) {
        std::string& bytes = known[digest];
        work.emplace_back([&client, &host, &bytes, digest = digest, repository = repository] {
            bytes = find_manifest(client, host, repository, digest).value_or("");
        });
    }
    in_parallel(jobs, work);
}

std::vector<ExistingTag> load(Client& client, const std::string& host, const std::vector<TagName>& names,
                              std::size_t jobs, Bytes known) {
    const std::vector<std::optional<Digest>> digests = TagLookup(client, host, names, known).run(jobs);
    load_unknown(client, host, names, digests, jobs, known);
    std::vector<ExistingTag> existing;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!digests[i]) continue;
        const auto& [repository, tag] = names[i];
        const std::string name = host + "/" + repository + ":" + tag;
        const std::string& bytes = known.at(*digests[i]);
        existing.push_back(
            make_existing_tag(repository, tag, *digests[i], bytes.empty() ? Manifest{} : parse_manifest(bytes, name)));
    }
    return existing;
}

}  // namespace

ExistingTag make_existing_tag(const std::string& repository, const std::string& tag, const Digest& digest,
                              const Manifest& index) {
    return {.repository = repository,
            .tag = tag,
            .index = digest,
            .inputs = Digest::parse(text_at(index.annotations, inputs_annotation)),
            .revision = text_at(index.annotations, revision_annotation),
            .version = text_at(index.annotations, version_annotation),
            .source = text_at(index.annotations, source_annotation),
            .title = text_at(index.annotations, title_annotation)};
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
    return load(client, host, names, jobs, std::move(ours));
}

std::vector<ExistingTag> load_existing_tags(Client& client, const std::string& host, const std::vector<TagName>& names,
                                            std::size_t jobs) {
    return load(client, host, names, jobs, {});
}

}  // namespace registry
