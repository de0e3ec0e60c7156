#include "registry/fetch.h"

#include <catch2/catch_test_macros.hpp>

#include "client_world.h"
#include "fake_registry.h"
#include "registry/push.h"
#include "sample_matrix.h"

using namespace registry;

namespace {

/// A registry with a published matrix.
struct Bench : ClientWorld {
    FakeRegistry registry{*this};
    SampleMatrix matrix{files, "1.1.0"};

    Bench() {
        run_publication_to_registry(world(), client, matrix.publish(), matrix.sources,
                                    {.host = registry.host, .jobs = 1, .note_done = {}});
        http.sent.clear();
    }

    std::vector<FetchRequest> requests() const {
        std::vector<FetchRequest> all;
        for (const Candidate& candidate : matrix.candidates)
            all.push_back({registry.host + "/" + candidate.repository + "@" + candidate.index.text(), candidate.name,
                           "linux/amd64"});
        return all;
    }
};

}  // namespace

TEST_CASE("fetched images equal the pushed ones: manifests, attestations and blobs") {
    Bench bench;
    const std::vector<Fetched> fetched = fetch_images(bench.world(), bench.client, bench.requests(), "out/fetched", 2);
    REQUIRE(fetched.size() == 4);
    for (const Fetched& one : fetched) {
        const Layout& built = bench.matrix.sources.layouts.at(one.layout.name);
        CHECK(one.layout.manifest == built.manifest);
        CHECK(one.layout.attestations.size() == 1);
        CHECK(one.top == bench.matrix.sources.indexes.at(one.layout.image));
        CHECK(check_blobs(bench.files, one.layout).empty());
    }
}

TEST_CASE("a shared blob is downloaded once, and a second fetch requests only manifests") {
    Bench bench;
    fetch_images(bench.world(), bench.client, bench.requests(), "out/fetched", 2);
    CHECK(bench.registry.count("GET", "/blobs/") == 16);  // base, two Pythons, an empty configuration; three blobs each
    bench.http.sent.clear();
    fetch_images(bench.world(), bench.client, bench.requests(), "out/fetched", 2);
    CHECK(bench.registry.count("GET", "/blobs/") == 0);
}

TEST_CASE("a blob with wrong bytes is requested once more and never written to a layout") {
    Bench bench;
    const Digest config = bench.matrix.sources.layouts.at("3.13.3-production-linux-amd64").config;
    bench.registry.blobs["defra/python"].at(config).back() = 'x';
    const Error error =
        error_of([&] { fetch_images(bench.world(), bench.client, bench.requests(), "out/fetched", 1); });
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what ==
          bench.requests().at(1).reference + " responds with other bytes than " + config.text());
    CHECK(bench.registry.count("GET", "/blobs/" + config.text()) == 2);
    CHECK_FALSE(bench.files.read_if_there("out/fetched/3.13.3-production-linux-amd64/index.json"));
}

TEST_CASE("an interrupted download is resumed") {
    ClientWorld fake;
    FakeRegistry registry(fake);
    const std::string layer((32U << 20U) + 5, 'x');
    const std::string config = R"({"architecture":"amd64","os":"linux"})";
    const std::string manifest = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"c","digest":"{}","size":{}}},"layers":[{{"mediaType":"l","digest":"{}","size":{}}}]}})",
        oci_manifest_type, sha256(config).text(), config.size(), sha256(layer).text(), layer.size());
    registry.blobs["a"] = {{sha256(config), config}, {sha256(layer), layer}};
    registry.manifests["a"] = {{sha256(manifest), manifest}};
    bool broken = true;
    registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (broken && !request.headers.empty() && request.headers.front().value.starts_with("bytes=33554432"))
            FakeRegistry::cut(request);
        return std::nullopt;
    };
    const std::vector<FetchRequest> requests = {{"localhost:5000/a@" + sha256(manifest).text(), "a", "linux/amd64"}};
    CHECK_THROWS_AS(fetch_images(fake.world(), fake.client, requests, "f", 1), Error);
    broken = false;
    fake.http.sent.clear();
    const std::vector<Fetched> fetched = fetch_images(fake.world(), fake.client, requests, "f", 1);
    CHECK(registry.count("GET", "/blobs/" + sha256(layer).text()) == 1);
    CHECK(check_blobs(fake.files, fetched.front().layout).empty());
}

TEST_CASE("a missing platform is reported") {
    Bench bench;
    std::vector<FetchRequest> requests = bench.requests();
    requests.resize(1);
    requests.front().platform = "linux/s390x";
    const Error error = error_of([&] { fetch_images(bench.world(), bench.client, requests, "f", 1); });
    CHECK(error.problems.front().what == requests.front().reference + " is not there for linux/s390x");
}
