// Against a real registry: what we push is there, whatever interrupts us, and never something else in between.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <random>

#include "peer.h"
#include "registry/fetch.h"
#include "registry/upload.h"

TEST_CASE("a real registry takes the whole matrix, and gives it back byte for byte", "[peer]") {
    // Only here: another maker's registry computes the digests that we computed.
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

    std::vector<FetchRequest> wanted;
    for (const Candidate& candidate : matrix.candidates)
        wanted.push_back({registry.host() + "/" + candidate.repository + ":" + candidate.version_tag, candidate.name,
                          "linux/amd64"});
    for (const Fetched& one : fetch_images(world, client, wanted, peer.real.tree.path / "fetched", 2)) {
        CHECK(one.layout.manifest == matrix.sources.layouts.at(one.layout.name).manifest);
        CHECK(check_blobs(peer.real.files, one.layout).empty());
    }
}

TEST_CASE("a registry with user names is pushed to with them, and not without (R16)", "[peer]") {
    // Only here: a registry with a password file accepts our headers.
    needs_docker_registry();
    const fs::path users = fs::temp_directory_path() / ("users-" + std::to_string(getpid()));
    std::ofstream(users) << "user:$2b$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW\n";
    DockerRegistry registry(
        RegistrySetup{.auth = "auth:\n  htpasswd:\n    realm: peer\n    path: " + users.string() + "\n"});
    Peer peer;
    const World world = peer.world();
    Client stranger(world, {});
    CHECK_THROWS_AS(try_push(stranger, registry.host(), "defra/python"), Error);
    const ClientSettings settings{.credentials = {{registry.host(), {"user", Secret("pw")}}}};
    Client friendly(world, settings);
    try_push(friendly, registry.host(), "defra/python");
    const SampleMatrix matrix = peer.matrix("1.0.0");
    peer.push(matrix, registry.host(), peer.real.http, settings);
    CHECK(is_complete(friendly, registry.host(), matrix));
    fs::remove(users);
}

namespace {

/// A registry that holds one version, and is to hold the next one.
struct Interrupted {
    DockerRegistry registry;
    FaultProxy proxy{registry.port()};
    Peer peer;
    SampleMatrix last = peer.matrix("1.0.0");
    SampleMatrix next = peer.matrix("1.1.0");
    fs::path snapshot = registry.directory() / "snapshot";
    long requests = 0;                   ///< of one whole push
    std::chrono::microseconds lasts{0};  ///< the same, in a process of its own
    std::minstd_rand random{Catch::getSeed()};
    int killed = 0;

    Interrupted() {
        peer.push(last, registry.host(), peer.real.http);
        fs::copy(registry.storage(), snapshot, fs::copy_options::recursive);
        requests = static_cast<long>(peer.push(next, registry.host(), peer.real.http).requests + next.tag_count());
        start_anew();
        const auto started = std::chrono::steady_clock::now();
        REQUIRE(exit_code_of(push_in_child(peer, next, registry.host())) == 0);
        lasts = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
    }

    void start_anew() {
        fs::remove_all(registry.storage());
        fs::copy(snapshot, registry.storage(), fs::copy_options::recursive);
    }

    long any(long below) { return static_cast<long>(random() % static_cast<unsigned long>(below)); }

    /// True if it came to its end all the same.
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

    bool push_through_answers(const Response& answer) {
        const long first = 1 + any(requests);
        FaultyHttp ailing(peer.real.http, answer, first, first + any(30),
                          any(2) == 0 ? FaultyHttp::Loss::request : FaultyHttp::Loss::answer);
        const Watcher watcher(registry.host(), last, next);
        const bool ended = push(registry.host(), ailing);
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
                return push_through_answers({503, {}, R"({"errors":[{"code":"UNAVAILABLE"}]})"});
            case 2:
                return push_through_answers(
                    {429, {{"Retry-After", "2"}}, R"({"errors":[{"code":"TOOMANYREQUESTS"}]})"});
            default:
                return push_and_be_killed();
        }
    }
};

}  // namespace

TEST_CASE("a hundred interruptions, each followed by a re-run, always end in the right tags (R4, R5, D8)", "[peer]") {
    // Only here: processes that are killed in the middle of real requests, with a real registry holding what they left.
    needs_docker_registry();
    Interrupted scene;
    const World world = scene.peer.world();
    int failed = 0;
    for (int round = 0; round < 100; ++round) {
        INFO("round " << round << " of seed " << Catch::getSeed());
        scene.start_anew();
        const bool ended = scene.push_in_round(round);
        failed += ended ? 0 : 1;
        Client client(world, {});
        CHECK(may_be_seen(look_at_both(client, scene.registry.host(), scene.last, scene.next), scene.last, scene.next));
        if (!ended) scene.peer.push(scene.next, scene.registry.host(), scene.peer.real.http);
        REQUIRE(is_complete(client, scene.registry.host(), scene.next));
    }
    CHECK(scene.proxy.cuts() > 20);
    CHECK(scene.killed > 0);
    CHECK(failed > 20);
}
