// Against a real registry: a push ends with the right tags, whatever interrupts it, and never shows a wrong state.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <random>

#include "peer.h"
#include "registry/fetch.h"
#include "registry/upload.h"

TEST_CASE("a real registry accepts the whole matrix and returns it unchanged", "[peer]") {
    // Only here: an independent implementation computes the same digests.
    needs_docker_registry();
    DockerRegistry registry;
    Peer peer;
    const SampleMatrix matrix = peer.matrix("1.0.0");
    const Pushed pushed = peer.push(matrix, registry.host(), peer.real.http);
    WARN("fresh: " << render_pushed(pushed));
    const World world = peer.world();
    Client client(world, {});
    CHECK(is_complete(client, registry.host(), matrix));
    CHECK(pushed.mounted == 4);

    const std::size_t before = client.requests();
    const std::vector<ExistingTag> existing =
        load_existing_tags(client, registry.host(), matrix.candidates, matrix.sources, 4);
    CHECK(matrix.publish(existing).steps.empty());
    CHECK(client.requests() - before == matrix.tag_count());

    std::vector<FetchRequest> requests;
    for (const Candidate& candidate : matrix.candidates)
        requests.push_back({registry.host() + "/" + candidate.repository + ":" + candidate.version_tag, candidate.name,
                            "linux/amd64"});
    for (const Fetched& one : fetch_images(world, client, requests, peer.real.tree.path / "fetched", 2)) {
        CHECK(one.layout.manifest == matrix.sources.layouts.at(one.layout.name).manifest);
        CHECK(check_blobs(peer.real.files, one.layout).empty());
    }
}

TEST_CASE("a push to a registry with logins succeeds with credentials only", "[peer]") {
    // Only here: a registry with a password file accepts our headers.
    needs_docker_registry();
    const fs::path users = fs::temp_directory_path() / ("users-" + std::to_string(getpid()));
    std::ofstream(users) << "user:$2b$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW\n";
    DockerRegistry registry(
        RegistrySetup{.auth = "auth:\n  htpasswd:\n    realm: peer\n    path: " + users.string() + "\n"});
    Peer peer;
    const World world = peer.world();
    Client anonymous(world, {});
    CHECK_THROWS_AS(try_push(anonymous, registry.host(), "defra/python"), Error);
    const ClientSettings settings{.credentials = {{registry.host(), {"user", Secret("pw")}}}};
    Client authenticated(world, settings);
    try_push(authenticated, registry.host(), "defra/python");
    const SampleMatrix matrix = peer.matrix("1.0.0");
    peer.push(matrix, registry.host(), peer.real.http, settings);
    CHECK(is_complete(authenticated, registry.host(), matrix));
    fs::remove(users);
}

namespace {

/// A registry with one version, to which the next one is pushed.
struct Interrupted {
    DockerRegistry registry;
    FaultProxy proxy{registry.port()};
    Peer peer;
    SampleMatrix last = peer.matrix("1.0.0");
    SampleMatrix next = peer.matrix("1.1.0");
    fs::path snapshot = registry.directory() / "snapshot";
    long requests = 0;                   ///< of one complete push
    std::chrono::microseconds lasts{0};  ///< the duration of one complete push in a child process
    std::minstd_rand random{Catch::getSeed()};
    int killed = 0;

    Interrupted() {
        peer.push(last, registry.host(), peer.real.http);
        fs::copy(registry.storage(), snapshot, fs::copy_options::recursive);
        requests = static_cast<long>(peer.push(next, registry.host(), peer.real.http).requests + next.tag_count());
        reset_registry();
        const auto started = std::chrono::steady_clock::now();
        REQUIRE(exit_code_of(push_in_child(peer, next, registry.host())) == 0);
        lasts = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
    }

    void reset_registry() {
        fs::remove_all(registry.storage());
        fs::copy(snapshot, registry.storage(), fs::copy_options::recursive);
    }

    long any(long below) { return static_cast<long>(random() % static_cast<unsigned long>(below)); }

    /// True if the push completed.
    bool push(const std::string& host, Http& http) {
        try {
            peer.push(next, host, http);
            return true;
        } catch (const Error& error) {
            CHECK(error.exit == Exit::failed);
            return false;
        }
    }

    bool push_through_a_cut() {
        proxy.cut_after(1 + any(80'000));
        const Watcher watcher(registry.host(), last, next);
        const bool ended = push(proxy.host(), peer.real.http);
        CHECK(watcher.wrong() == 0);
        return ended;
    }

    bool push_with_responses(const Response& response) {
        const long first = 1 + any(requests);
        FaultyHttp faulty(peer.real.http, response, first, first + any(30),
                          any(2) == 0 ? FaultyHttp::Loss::request : FaultyHttp::Loss::response);
        const Watcher watcher(registry.host(), last, next);
        const bool ended = push(registry.host(), faulty);
        CHECK(watcher.wrong() == 0);
        return ended;
    }

    bool push_and_be_killed() {
        const pid_t child = push_in_child(peer, next, registry.host());
        const Watcher watcher(registry.host(), last, next);
        std::this_thread::sleep_for(lasts * any(100) / 100);
        kill(child, SIGKILL);
        const int code = exit_code_of(child);
        killed += code == -SIGKILL ? 1 : 0;
        CHECK(watcher.wrong() == 0);
        return code == 0;
    }

    bool push_in_round(int round) {
        switch (round % 4) {
            case 0:
                return push_through_a_cut();
            case 1:
                return push_with_responses({503, {}, R"({"errors":[{"code":"UNAVAILABLE"}]})"});
            case 2:
                return push_with_responses({429, {{"Retry-After", "2"}}, R"({"errors":[{"code":"TOOMANYREQUESTS"}]})"});
            default:
                return push_and_be_killed();
        }
    }
};

}  // namespace

TEST_CASE("a re-run after any of a hundred interruptions ends with the right tags", "[peer]") {
    // Only here: processes killed in the middle of real requests, and a real registry with the state they left.
    needs_docker_registry();
    Interrupted scene;
    const World world = scene.peer.world();
    int failed = 0;
    for (int round = 0; round < 100; ++round) {
        INFO("round " << round << " of seed " << Catch::getSeed());
        scene.reset_registry();
        const bool ended = scene.push_in_round(round);
        failed += ended ? 0 : 1;
        Client client(world, {});
        CHECK(
            is_consistent(look_at_both(client, scene.registry.host(), scene.last, scene.next), scene.last, scene.next));
        if (!ended) scene.peer.push(scene.next, scene.registry.host(), scene.peer.real.http);
        REQUIRE(is_complete(client, scene.registry.host(), scene.next));
    }
    CHECK(scene.proxy.cuts() > 20);
    CHECK(scene.killed > 0);
    CHECK(failed > 20);
}
