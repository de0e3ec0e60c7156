// Pushes to an in-memory registry: what is written, requested and reported.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "expect.h"
#include "fake_registry.h"
#include "sample_matrix.h"

using namespace registry;

/// A matrix, an empty registry and a client.
struct Bench {
    FakeWorld fake;
    FakeRegistry registry{fake};
    SampleMatrix matrix{fake.files, "1.1.0"};
    World world = fake.world();

    Pushed push(const SampleMatrix& of, std::size_t jobs = 4) {
        Client client(world, {.pushes_to = {registry.host}});
        return push_matrix(world, client, registry.host, of, jobs);
    }

    Pushed write(Client& client, const SampleMatrix& of, const Publication& publication) {
        return run_publication_to_registry(world, client, publication, of.sources,
                                           {.host = registry.host, .jobs = 4, .note_done = {}});
    }

    Error push_fails() {
        return error_of([&] { push(matrix, 1); });
    }

    /// Publishes as another program would, without our client.
    void put(const SampleMatrix& of) {
        for (const Candidate& candidate : of.candidates) {
            std::map<Digest, std::string>& manifests = registry.manifests[candidate.repository];
            manifests.emplace(candidate.index, of.sources.indexes.at(candidate.name));
            for (const Member& member : candidate.members) {
                const Layout& layout = of.sources.layouts.at(member.name);
                manifests.emplace(member.manifest, fake.files.read(blob_path(layout.directory, member.manifest)));
            }
            registry.tags.insert_or_assign(candidate.repository + ":" + candidate.version_tag, candidate.index);
            for (const std::string& tag : candidate.moving_tags)
                registry.tags.insert_or_assign(candidate.repository + ":" + tag, candidate.index);
        }
    }

    /// The digests of these tags in the registry now.
    Seen seen(const SampleMatrix& of) const {
        Seen shown;
        for (const TagKind kind : {TagKind::version, TagKind::moving}) {
            for (const TagName& name : names_of(of, kind)) {
                const auto tag = registry.tags.find(name.repository + ":" + name.tag);
                shown[name] = tag == registry.tags.end() ? std::nullopt : std::optional(tag->second);
            }
        }
        return shown;
    }

    bool is_published(const SampleMatrix& of) const { return is_complete(seen(of), of); }
};

inline bool is_put_of(const Request& request, const std::string& tag) {
    return request.method == "PUT" && request.url.ends_with("/manifests/" + tag);
}
