// Against a real registry: what we push is there, whatever interrupts us, and never something else in between.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "peer.h"
#include "registry/fetch.h"
#include "registry/upload.h"

TEST_CASE("a real registry takes the whole matrix, and gives it back byte for byte", "[peer]") {
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
    const std::vector<HeldTag> held = load_held_tags(client, registry.host(), matrix.candidates, matrix.sources, 4);
    CHECK(matrix.publish(held).steps.empty());
    CHECK(client.requests() - before == matrix.tag_count());

    std::vector<Wanted> wanted;
    for (const Candidate& candidate : matrix.candidates)
        wanted.push_back({registry.host() + "/" + candidate.repository + ":" + candidate.version_tag, candidate.name,
                          "linux/amd64"});
    for (const Fetched& one : fetch_images(world, client, wanted, peer.real.tree.path / "fetched", 2)) {
        CHECK(one.layout.manifest == matrix.sources.layouts.at(one.layout.name).manifest);
        CHECK(check_blobs(peer.real.files, one.layout).empty());
    }
}

TEST_CASE("a registry with user names is pushed to with them, and not without (R16)", "[peer]") {
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

TEST_CASE("a hundred interruptions, each followed by a re-run, always end in the right tags", "[peer]") {
    needs_docker_registry();
    DockerRegistry registry;
    FaultProxy proxy(registry.port());
    Peer peer;
    const SampleMatrix last = peer.matrix("1.0.0");
    const SampleMatrix next = peer.matrix("1.1.0");
    peer.push(last, registry.host(), peer.real.http);
    const fs::path snapshot = registry.folder() / "snapshot";
    fs::copy(registry.storage(), snapshot, fs::copy_options::recursive);
    const long requests = static_cast<long>(peer.push(next, registry.host(), peer.real.http).requests) + 14;

    const unsigned seed = Catch::getSeed();
    std::minstd_rand random(seed);
    const World world = peer.world();
    for (int round = 0; round < 100; ++round) {
        INFO("round " << round << " of seed " << seed);
        fs::remove_all(registry.storage());
        fs::copy(snapshot, registry.storage(), fs::copy_options::recursive);
        const bool by_proxy = round % 3 == 0;
        MortalHttp mortal(peer.real.http, by_proxy ? 1'000'000 : 1 + static_cast<long>(random()) % requests,
                          round % 3 == 1 ? MortalHttp::Death::before : MortalHttp::Death::after);
        if (by_proxy) proxy.cut_after(1 + static_cast<long>(random() % 80'000));
        bool ended = true;
        try {
            peer.push(next, by_proxy ? proxy.host() : registry.host(), mortal);
        } catch (const Error& error) {
            ended = false;
            CHECK((error.exit == Exit::cancelled || error.exit == Exit::failed));
        }
        Client client(world, {});
        check_nothing_wrong(client, registry.host(), last, next);
        if (!ended) peer.push(next, registry.host(), peer.real.http);
        REQUIRE(is_complete(client, registry.host(), next));
    }
    CHECK(proxy.cuts() > 25);
}
