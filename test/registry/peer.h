// What tests against real registries share: a machine that pushes, deaths on the way, and what anybody may see.
#pragma once

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "docker_registry.h"
#include "fakes/fake_clock.h"
#include "registry/held.h"
#include "registry/manifests.h"
#include "registry/push.h"
#include "sample_matrix.h"

using namespace registry;
namespace fs = std::filesystem;

inline void needs_docker_registry() {
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed: apt-get install docker-registry");
}

/// After so many requests the process is gone: before or after the last one reaches the registry.
struct MortalHttp : Http {
    enum class Death { before, after };
    Http& real;
    std::atomic<long> life;
    Death death;

    MortalHttp(Http& http, long requests, Death how) : real(http), life(requests), death(how) {}

    Response send(const Request& request) override {
        const long left = --life;
        if (left < 0 || (left == 0 && death == Death::before)) die();
        Response response = real.send(request);
        if (left == 0) die();
        return response;
    }

    [[noreturn]] static void die() { throw Error{Exit::cancelled, {{{}, "killed", ""}}}; }
};

/// This machine, with a clock that does not make us wait.
struct Peer {
    RealWorld real;
    FakeClock clock;

    World world(Http& http) { return {real.processes, http, real.files, clock, real.environment, real.out, real.log}; }
    World world() { return world(real.http); }
    SampleMatrix matrix(const std::string& version) {
        return {real.files, version, real.tree.path / ("images " + version)};
    }

    Pushed push(const SampleMatrix& matrix, const std::string& host, Http& http, const ClientSettings& settings = {}) {
        const World here = world(http);
        Client client(here, settings);
        const std::vector<HeldTag> held = load_held_tags(client, host, matrix.candidates, matrix.sources, 4);
        return run_publication_to_registry(here, client, matrix.publish(held), matrix.sources,
                                           {.host = host, .jobs = 4, .note_done = {}});
    }
};

inline std::vector<TagName> names_of(const SampleMatrix& matrix, bool moving) {
    std::vector<TagName> names;
    for (const Candidate& candidate : matrix.candidates) {
        if (!moving) names.push_back({candidate.repository, candidate.version_tag});
        if (!moving) continue;
        for (const std::string& tag : candidate.moving_tags) names.push_back({candidate.repository, tag});
    }
    return names;
}

inline Digest index_of(const SampleMatrix& matrix, const TagName& name) {
    for (const Candidate& candidate : matrix.candidates) {
        if (candidate.repository != name.repository) continue;
        if (candidate.version_tag == name.tag) return candidate.index;
        for (const std::string& tag : candidate.moving_tags) {
            if (tag == name.tag) return candidate.index;
        }
    }
    throw std::logic_error("the matrix has no such tag");
}

inline std::map<TagName, std::optional<Digest>> look(Client& client, const std::string& host,
                                                     const std::vector<TagName>& names) {
    std::map<TagName, std::optional<Digest>> seen;
    for (const TagName& name : names) seen[name] = ask_tag(client, host, name.repository, name.tag);
    return seen;
}

inline bool is_complete(Client& client, const std::string& host, const SampleMatrix& matrix) {
    for (const bool moving : {false, true}) {
        for (const auto& [name, digest] : look(client, host, names_of(matrix, moving))) {
            if (digest != index_of(matrix, name)) return false;
        }
    }
    return true;
}

/// What anybody may see while `next` takes the place of `last`: version tags that are right or not there, aliases of
/// either, and none of `next` before all its version tags.
inline void check_nothing_wrong(Client& client, const std::string& host, const SampleMatrix& last,
                                const SampleMatrix& next) {
    bool all_versions = true;
    for (const auto& [name, digest] : look(client, host, names_of(next, false))) {
        all_versions = all_versions && digest;
        CHECK((!digest || digest == index_of(next, name)));
    }
    for (const auto& [name, digest] : look(client, host, names_of(last, false))) CHECK(digest == index_of(last, name));
    for (const auto& [name, digest] : look(client, host, names_of(next, true))) {
        const bool moved = digest == index_of(next, name);
        CHECK((moved || digest == index_of(last, name)));
        CHECK((!moved || all_versions));
    }
}
