// Against a real registry: what we push is there, whatever interrupts us, and never something else in between.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "docker_registry.h"
#include "fakes/fake_clock.h"
#include "registry/fetch.h"
#include "registry/held.h"
#include "registry/manifests.h"
#include "registry/push.h"
#include "registry/upload.h"
#include "sample_matrix.h"

using namespace registry;
namespace fs = std::filesystem;

namespace {

void needs_docker_registry() {
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

std::vector<TagName> names_of(const SampleMatrix& matrix, bool moving) {
    std::vector<TagName> names;
    for (const Candidate& candidate : matrix.candidates) {
        if (!moving) names.push_back({candidate.repository, candidate.version_tag});
        if (!moving) continue;
        for (const std::string& tag : candidate.moving_tags) names.push_back({candidate.repository, tag});
    }
    return names;
}

Digest index_of(const SampleMatrix& matrix, const TagName& name) {
    for (const Candidate& candidate : matrix.candidates) {
        if (candidate.repository != name.repository) continue;
        if (candidate.version_tag == name.tag) return candidate.index;
        for (const std::string& tag : candidate.moving_tags) {
            if (tag == name.tag) return candidate.index;
        }
    }
    throw std::logic_error("the matrix has no such tag");
}

std::map<TagName, std::optional<Digest>> look(Client& client, const std::string& host,
                                              const std::vector<TagName>& names) {
    std::map<TagName, std::optional<Digest>> seen;
    for (const TagName& name : names) seen[name] = ask_tag(client, host, name.repository, name.tag);
    return seen;
}

bool is_complete(Client& client, const std::string& host, const SampleMatrix& matrix) {
    for (const bool moving : {false, true}) {
        for (const auto& [name, digest] : look(client, host, names_of(matrix, moving))) {
            if (digest != index_of(matrix, name)) return false;
        }
    }
    return true;
}

/// What anybody may see while `next` takes the place of `last`: version tags that are right or not there, aliases of
/// either, and none of `next` before all its version tags.
void check_nothing_wrong(Client& client, const std::string& host, const SampleMatrix& last, const SampleMatrix& next) {
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

}  // namespace

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
    DockerRegistry registry("auth:\n  htpasswd:\n    realm: peer\n    path: " + users.string() + "\n");
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
