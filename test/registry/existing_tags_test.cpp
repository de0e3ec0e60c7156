#include "registry/existing_tags.h"

#include <catch2/catch_test_macros.hpp>

#include "client_world.h"
#include "fake_registry.h"
#include "registry/manifests.h"
#include "sample_matrix.h"

using namespace registry;

TEST_CASE("existing tags are loaded with their inputs; absent tags are omitted") {
    ClientWorld fake;
    FakeRegistry registry(fake);
    const SampleMatrix matrix(fake.files, "1.1.0");
    const SampleMatrix older(fake.files, "1.0.0");
    const std::string& index = older.sources.indexes.at("3.13.3-production");
    registry.manifests["defra/python"].emplace(sha256(index), index);
    registry.tags.emplace("defra/python:latest", sha256(index));
    registry.tags.emplace("defra/python:latest-3.13", sha256(index));
    const std::vector<ExistingTag> existing =
        load_existing_tags(fake.client, registry.host, matrix.candidates, matrix.sources, 2);
    REQUIRE(existing.size() == 2);
    CHECK(existing[1].tag == "latest");
    CHECK(existing[1].index == sha256(index));
    CHECK(existing[1].version == "1.0.0");
    CHECK(existing[1].title == "3.13.3-production");
    CHECK(existing[1].inputs == older.candidates.at(1).inputs);
    CHECK(registry.count("HEAD") == 10);
    CHECK(registry.count("GET") == 1);
}

TEST_CASE("if the registry sends no digest for a tag, it is computed") {
    ClientWorld fake;
    const std::string url = "https://ghcr.io/v2/defra/python/manifests/1";
    fake.http.stub("HEAD", url, 200);
    fake.http.stub("GET", url, 200, "the bytes");
    CHECK(ask_tag(fake.client, "ghcr.io", "defra/python", "1") == sha256("the bytes"));
}

TEST_CASE("every request accepts all four manifest types") {
    ClientWorld fake;
    fake.http.stub("HEAD", "https://ghcr.io/v2/a/manifests/1", 404);
    CHECK_FALSE(ask_tag(fake.client, "ghcr.io", "a", "1", TagRead::head));
    CHECK(fake.http.sent.at(0).headers.at(0).value ==
          "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
          "application/vnd.docker.distribution.manifest.list.v2+json, "
          "application/vnd.docker.distribution.manifest.v2+json");
}

TEST_CASE("a registry that denies access is an error, not an empty registry") {
    ClientWorld fake;
    fake.http.stub("HEAD", "https://ghcr.io/v2/a/manifests/1", 403);
    CHECK_THROWS_AS(ask_tag(fake.client, "ghcr.io", "a", "1"), Error);
}

TEST_CASE("bytes that do not match their digest are an error") {
    ClientWorld fake;
    fake.http.stub("GET", "https://ghcr.io/v2/a/manifests/*", 200, "other bytes");
    const Error error = error_of([&] { load_manifest(fake.client, "ghcr.io", "a", sha256("the bytes")); });
    CHECK(error.problems.front().what == "ghcr.io/a responds with other bytes than " + sha256("the bytes").text());
}

TEST_CASE("all pages of a tag list are read") {
    ClientWorld fake;
    fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list", 200, R"({"tags":["b"]})",
                   {{"Link", R"(</v2/a/tags/list?last=b&n=1>; rel="next")"}});
    fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list?last=b&n=1", 200, R"({"tags":["a"]})");
    CHECK(list_tags(fake.client, "ghcr.io", "a") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("if the registry does not respond, only the first tag is retried") {
    ClientWorld fake;
    fake.http.fail("HEAD", "*");
    CHECK_THROWS_AS(load_existing_tags(fake.client, "registry.example",
                                       std::vector<TagName>{{"a", "1"}, {"a", "2"}, {"b", "1"}}, 4),
                    Error);
    CHECK(fake.http.sent.size() == 5);
}

TEST_CASE("the link with rel=\"next\" is followed, and an endless list is an error") {
    ClientWorld fake;
    SECTION("the second entry") {
        fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list", 200, R"({"tags":["b"]})",
                       {{"Link", R"(</v2/a/tags/list>; rel="first", </v2/a/tags/list?last=b>; rel=next)"}});
        fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list?last=b", 200, R"({"tags":["a"]})");
        CHECK(list_tags(fake.client, "ghcr.io", "a") == std::vector<std::string>{"a", "b"});
    }
    SECTION("in a loop") {
        fake.http.stub("GET", "https://ghcr.io/v2/a/tags/list", 200, R"({"tags":["b"]})",
                       {{"Link", R"(</v2/a/tags/list>; rel="next")"}});
        const Error error = error_of([&] { list_tags(fake.client, "ghcr.io", "a"); });
        CHECK(error.problems.front().what == "ghcr.io/a: the list of tags has more than 1000 pages");
    }
}

TEST_CASE("GET decides if HEAD is not supported or a 404 must be certain") {
    ClientWorld fake;
    const std::string url = "https://ghcr.io/v2/a/manifests/1";
    fake.http.stub("GET", url, 200, "the bytes");
    SECTION("405") {
        fake.http.stub("HEAD", url, 405);
        CHECK(ask_tag(fake.client, "ghcr.io", "a", "1") == sha256("the bytes"));
    }
    SECTION("404") {
        fake.http.stub("HEAD", url, 404);
        CHECK_FALSE(ask_tag(fake.client, "ghcr.io", "a", "1", TagRead::head));
        CHECK(ask_tag(fake.client, "ghcr.io", "a", "1") == sha256("the bytes"));
    }
    CHECK(ask_tag(fake.client, "ghcr.io", "a", "1", TagRead::get) == sha256("the bytes"));
}

TEST_CASE("a tag without a manifest has an unknown age") {
    ClientWorld fake;
    FakeRegistry registry(fake);
    const Digest gone = sha256("gone");
    registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (request.method == "HEAD") return Response{200, {{"Docker-Content-Digest", gone.text()}}, ""};
        return std::nullopt;
    };
    const auto existing =
        load_existing_tags(fake.client, registry.host, std::vector<TagName>{{"defra/python", "latest"}}, 2);
    REQUIRE(existing.size() == 1);
    CHECK(existing[0].index == gone);
    CHECK(existing[0].version.empty());
}
