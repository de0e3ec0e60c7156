#include "registry/existing_tags.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_registry.h"
#include "registry/manifests.h"
#include "sample_matrix.h"

using namespace registry;

TEST_CASE("what is there says what it was made from, and what is not there is left out") {
    FakeWorld fake;
    FakeRegistry registry(fake);
    const SampleMatrix matrix(fake.files, "1.1.0");
    const SampleMatrix older(fake.files, "1.0.0");
    const std::string& index = older.sources.indexes.at("3.13.3-production");
    registry.manifests["defra/python"].emplace(sha256(index), index);
    registry.tags.emplace("defra/python:latest", sha256(index));
    registry.tags.emplace("defra/python:latest-3.13", sha256(index));
    const World world = fake.world();
    Client client(world, {});
    const std::vector<ExistingTag> existing =
        load_existing_tags(client, registry.host, matrix.candidates, matrix.sources, 2);
    REQUIRE(existing.size() == 2);
    CHECK(existing[1].tag == "latest");
    CHECK(existing[1].index == sha256(index));
    CHECK(existing[1].version == "1.0.0");
    CHECK(existing[1].title == "3.13.3-production");
    CHECK(existing[1].inputs == older.candidates.at(1).inputs);
    CHECK(registry.count("HEAD") == 10);
    CHECK(registry.count("GET") == 1);
}

TEST_CASE("where a registry keeps the digest of a tag to itself, it is computed") {
    FakeWorld fake;
    const std::string url = "https://ghcr.io/v2/defra/python/manifests/1";
    fake.http.stub("HEAD", url, 200);
    fake.http.stub("GET", url, 200, "the bytes");
    const World world = fake.world();
    Client client(world, {});
    CHECK(ask_tag(client, "ghcr.io", "defra/python", "1") == sha256("the bytes"));
}

TEST_CASE("every question names all four kinds of manifests (R8)") {
    FakeWorld fake;
    fake.http.stub("HEAD", "https://ghcr.io/v2/a/manifests/1", 404);
    const World world = fake.world();
    Client client(world, {});
    CHECK_FALSE(ask_tag(client, "ghcr.io", "a", "1", TagRead::head));
    CHECK(fake.http.sent.at(0).headers.at(0).value ==
          "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
          "application/vnd.docker.distribution.manifest.list.v2+json, "
          "application/vnd.docker.distribution.manifest.v2+json");
}

TEST_CASE("a registry that may not be asked holds not nothing: it is an error") {
    FakeWorld fake;
    fake.http.stub("HEAD", "https://ghcr.io/v2/a/manifests/1", 403);
    const World world = fake.world();
    Client client(world, {});
    CHECK_THROWS_AS(ask_tag(client, "ghcr.io", "a", "1"), Error);
}

TEST_CASE("bytes that are not what their digest says are an error (R7)") {
    FakeWorld fake;
    fake.http.stub("GET", "https://ghcr.io/v2/a/manifests/*", 200, "other bytes");
    const World world = fake.world();
    Client client(world, {});
    try {
        load_manifest(client, "ghcr.io", "a", sha256("the bytes"));
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.problems.front().what == "ghcr.io/a responds with other bytes than " + sha256("the bytes").text());
    }
}

TEST_CASE("a list of tags is read over all its pages") {
    FakeWorld fake;
    fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list", 200, R"({"tags":["b"]})",
                   {{"Link", R"(</v2/a/tags/list?last=b&n=1>; rel="next")"}});
    fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list?last=b&n=1", 200, R"({"tags":["a"]})");
    const World world = fake.world();
    Client client(world, {});
    CHECK(list_tags(client, "ghcr.io", "a") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("where nobody answers, the first tag's attempts are the only ones") {
    FakeWorld fake;
    fake.http.fail("HEAD", "*");
    const World world = fake.world();
    Client client(world, {});
    CHECK_THROWS_AS(
        load_existing_tags(client, "registry.example", std::vector<TagName>{{"a", "1"}, {"a", "2"}, {"b", "1"}}, 4),
        Error);
    CHECK(fake.http.sent.size() == 5);
}

TEST_CASE("of several links the one to the next page is followed, and a list without an end is an error") {
    FakeWorld fake;
    const World world = fake.world();
    Client client(world, {});
    SECTION("the second entry") {
        fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list", 200, R"({"tags":["b"]})",
                       {{"Link", R"(</v2/a/tags/list>; rel="first", </v2/a/tags/list?last=b>; rel=next)"}});
        fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list?last=b", 200, R"({"tags":["a"]})");
        CHECK(list_tags(client, "ghcr.io", "a") == std::vector<std::string>{"a", "b"});
    }
    SECTION("round and round") {
        fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list", 200, R"({"tags":["b"]})",
                       {{"Link", R"(</v2/a/tags/list>; rel="next")"}});
        CHECK_THROWS_AS(list_tags(client, "ghcr.io", "a"), Error);
    }
}

TEST_CASE("where HEAD is not supported, or a 404 has to be certain, GET decides") {
    FakeWorld fake;
    const std::string url = "https://ghcr.io/v2/a/manifests/1";
    fake.http.stub("GET", url, 200, "the bytes");
    const World world = fake.world();
    Client client(world, {});
    SECTION("405") {
        fake.http.stub("HEAD", url, 405);
        CHECK(ask_tag(client, "ghcr.io", "a", "1") == sha256("the bytes"));
    }
    SECTION("404") {
        fake.http.stub("HEAD", url, 404);
        CHECK_FALSE(ask_tag(client, "ghcr.io", "a", "1", TagRead::head));
        CHECK(ask_tag(client, "ghcr.io", "a", "1") == sha256("the bytes"));
    }
    CHECK(ask_tag(client, "ghcr.io", "a", "1", TagRead::get) == sha256("the bytes"));
}

TEST_CASE("a tag whose manifest is gone is a tag of unknown age") {
    FakeWorld fake;
    FakeRegistry registry(fake);
    const Digest gone = sha256("gone");
    registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (request.method == "HEAD") return Response{200, {{"Docker-Content-Digest", gone.text()}}, ""};
        return std::nullopt;
    };
    const World world = fake.world();
    Client client(world, {});
    const auto existing =
        load_existing_tags(client, registry.host, std::vector<TagName>{{"defra/python", "latest"}}, 2);
    REQUIRE(existing.size() == 1);
    CHECK(existing[0].index == gone);
    CHECK(existing[0].version.empty());
}
