#include "registry/held.h"

#include <functional>
#include <map>
#include <optional>
#include <set>

#include "registry/manifests.h"
#include "system/parallel.h"

namespace registry {

namespace {

using Bytes = std::map<Digest, std::string>;

std::string annotation(const Manifest& manifest, const char* name) {
    const auto found = manifest.annotations.find(name);
    return found == manifest.annotations.end() ? "" : found->second;
}

std::vector<std::optional<Digest>> ask_tags(Client& client, const std::string& host, const std::vector<TagName>& names,
                                            std::size_t jobs) {
    std::vector<std::optional<Digest>> digests(names.size());
    const auto ask = [&](std::size_t i) { digests[i] = ask_tag(client, host, names[i].repository, names[i].tag); };
    // One alone: where nobody answers, or our certificates do not hold, one round of attempts tells it.
    if (!names.empty()) ask(0);
    std::vector<std::function<void()>> work;
    for (std::size_t i = 1; i < names.size(); ++i) work.emplace_back([&ask, i] { ask(i); });
    in_parallel(jobs, work);
    return digests;
}

/// Fetches what is not known yet, each once.
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
            bytes = load_manifest(client, host, repository, digest);
        });
    }
    in_parallel(jobs, work);
}

std::vector<HeldTag> load(Client& client, const std::string& host, const std::vector<TagName>& names, std::size_t jobs,
                          Bytes known) {
    const std::vector<std::optional<Digest>> digests = ask_tags(client, host, names, jobs);
    load_unknown(client, host, names, digests, jobs, known);
    std::vector<HeldTag> held;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!digests[i]) continue;
        const auto& [repository, tag] = names[i];
        const std::string name = host + "/" + repository + ":" + tag;
        held.push_back(make_held_tag(repository, tag, *digests[i], parse_manifest(known.at(*digests[i]), name)));
    }
    return held;
}

}  // namespace

HeldTag make_held_tag(const std::string& repository, const std::string& tag, const Digest& digest,
                      const Manifest& index) {
    return {.repository = repository,
            .tag = tag,
            .index = digest,
            .inputs = Digest::parse(annotation(index, inputs_annotation)),
            .revision = annotation(index, revision_annotation),
            .version = annotation(index, version_annotation),
            .source = annotation(index, source_annotation),
            .title = annotation(index, title_annotation)};
}

std::vector<HeldTag> load_held_tags(Client& client, const std::string& host, const std::vector<Candidate>& candidates,
                                    const PublicationSources& sources, std::size_t jobs) {
    std::vector<TagName> names;
    for (const Candidate& candidate : candidates) {
        names.push_back({candidate.repository, candidate.version_tag});
        for (const std::string& tag : candidate.moving_tags) names.push_back({candidate.repository, tag});
    }
    Bytes ours;
    for (const auto& [name, bytes] : sources.indexes) ours.emplace(sha256(bytes), bytes);
    return load(client, host, names, jobs, std::move(ours));
}

std::vector<HeldTag> load_held_tags(Client& client, const std::string& host, const std::vector<TagName>& names,
                                    std::size_t jobs) {
    return load(client, host, names, jobs, {});
}

}  // namespace registry
