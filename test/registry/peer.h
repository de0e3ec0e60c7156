// Shared by the tests against real registries: a client machine, faults during a push, and the state that a reader may
// see.
#pragma once

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "docker_registry.h"
#include "fakes/fake_clock.h"
#include "registry/existing_tags.h"
#include "registry/manifests.h"
#include "sample_matrix.h"

using namespace registry;
namespace fs = std::filesystem;

/// Replaces the responses to a range of requests: either the request does not reach the registry, or the registry
/// carries it out and its response is lost.
struct FaultyHttp : Http {
    enum class Loss { request, response };
    Http& real;
    Response instead;
    long first;
    long last;
    Loss loss;
    std::atomic<long> sent = 0;

    FaultyHttp(Http& http, Response response, long from, long to, Loss what)
        : real(http), instead(std::move(response)), first(from), last(to), loss(what) {}

    Response send(const Request& request) override {
        const long number = ++sent;
        const bool fails = number >= first && number <= last;
        if (fails && loss == Loss::request) return instead;
        Response response = real.send(request);
        return fails ? instead : response;
    }
};

/// This machine, with a clock that does not wait.
struct Peer {
    RealWorld real;
    FakeClock clock;

    World world(Http& http) {
        return {real.processes, http, real.files, clock, real.timings, real.environment, real.out, real.log};
    }
    World world() { return world(real.http); }
    SampleMatrix matrix(const std::string& version) {
        return {real.files, version, real.tree.path / ("images " + version)};
    }

    Pushed push(const SampleMatrix& matrix, const std::string& host, Http& http, const ClientSettings& settings = {}) {
        const World here = world(http);
        Client client(here, settings);
        return push_matrix(here, client, host, matrix);
    }
};

inline Seen look(Client& client, const std::string& host, const std::vector<TagName>& names) {
    Seen seen;
    for (const TagName& name : names) seen[name] = ask_tag(client, host, name.repository, name.tag);
    return seen;
}

inline bool is_complete(Client& client, const std::string& host, const SampleMatrix& matrix) {
    return is_complete(look(client, host, names_of(matrix, TagKind::version)), matrix) &&
           is_complete(look(client, host, names_of(matrix, TagKind::moving)), matrix);
}

inline bool is_complete(Peer& peer, const std::string& host, const SampleMatrix& matrix) {
    const World world = peer.world();
    Client client(world, {});
    return is_complete(client, host, matrix);
}

/// Reads the moving tags first: if one of them is new, all version tags must exist afterwards.
inline Seen look_at_both(Client& client, const std::string& host, const SampleMatrix& last, const SampleMatrix& next) {
    Seen seen = look(client, host, names_of(next, TagKind::moving));
    seen.merge(look(client, host, names_of(next, TagKind::version)));
    seen.merge(look(client, host, names_of(last, TagKind::version)));
    return seen;
}

/// Reads the tags in a loop for as long as it lives.
class Watcher {
  public:
    Watcher(const std::string& host, const SampleMatrix& last, const SampleMatrix& next) {
        thread_ = std::jthread([this, host, &last, &next](const std::stop_token& stop) {
            Peer peer;
            const World world = peer.world();
            while (!stop.stop_requested()) {
                Client client(world, {});
                try {
                    Seen seen = look_at_both(client, host, last, next);
                    // docker-registry 2.8 truncates and rewrites the file of a tag: for a moment the tag does not
                    // exist.
                    for (const TagName& name : names_of(next, TagKind::moving)) {
                        if (!seen.at(name)) seen.erase(name);
                    }
                    ++looks_;
                    if (!is_consistent(seen, last, next)) ++wrong_;
                } catch (const Error&) {  // for the same reason
                }
            }
        });
    }

    int looks() const { return looks_; }
    int wrong() const { return wrong_; }

  private:
    std::atomic<int> looks_ = 0;
    std::atomic<int> wrong_ = 0;
    std::jthread thread_;
};

/// Pushes in a child process and returns its id; its exit code is that of our program.
inline pid_t push_in_child(Peer& peer, const SampleMatrix& matrix, const std::string& host) {
    const pid_t child = fork();
    if (child != 0) return child;
    int code = 0;
    try {
        RealHttp http{Environment{}};
        peer.push(matrix, host, http);
    } catch (const Error& error) {
        code = static_cast<int>(error.exit);
    }
    _exit(code);
}
