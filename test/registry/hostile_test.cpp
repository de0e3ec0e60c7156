// A malicious or broken registry: its responses are not trusted, and their cost is bounded.
#include <catch2/catch_test_macros.hpp>

#include "client_world.h"
#include "fake_registry.h"
#include "registry/existing_tags.h"
#include "registry/fetch.h"
#include "registry/manifests.h"
#include "registry/upload.h"

using namespace registry;

namespace {

struct Hostile : ClientWorld {
    FakeRegistry registry{*this};

    /// The problems reported when a tag names these bytes.
    std::string problems_with(const std::string& bytes) {
        registry.manifests["defra/python"].insert_or_assign(sha256(bytes), bytes);
        registry.tags.insert_or_assign("defra/python:latest", sha256(bytes));
        try {
            load_existing_tags(client, registry.host, std::vector<TagName>{{"defra/python", "latest"}}, 1);
        } catch (const Error& error) {
            CHECK(error.exit == Exit::failed);
            return render_problems(error.problems);
        }
        return "";
    }
};

}  // namespace

TEST_CASE("a tag that names no image is not overwritten: its name and media type are reported") {
    Hostile scene;
    CHECK(holds(scene.problems_with(R"({"schemaVersion":1,"name":"a","fsLayers":[]})"),
                "localhost:5000/defra/python:latest is neither an image manifest nor an index"));
    CHECK(holds(scene.problems_with(R"({"mediaType":"application/vnd.example.thing+json","config":{},"layers":[]})"),
                "(application/vnd.example.thing+json)"));
    CHECK(holds(scene.problems_with(R"({"manifests":[],"config":{},"layers":[]})"), "at once"));
    CHECK_FALSE(scene.problems_with("no JSON").empty());
    CHECK_FALSE(scene.problems_with(std::string(100000, '[')).empty());
    CHECK(scene.registry.written.empty());
}

TEST_CASE("at most 4 MiB of a manifest are read") {
    Hostile scene;
    CHECK_FALSE(scene.problems_with(R"({"schemaVersion":2,"manifests":[]})" + std::string(5U << 20U, ' ')).empty());
    for (const Request& request : scene.http.sent) CHECK(request.max_body <= max_manifest_size);
}

TEST_CASE("an index with ten thousand children is read, and a missing platform is reported") {
    Hostile scene;
    std::string children;
    for (int i = 0; i < 10000; ++i) {
        children += fmt::format(R"({}{{"mediaType":"{}","digest":"{}","size":1}})", i == 0 ? "" : ",", oci_index_type,
                                sha256(std::to_string(i)).text());
    }
    const std::string index = fmt::format(R"({{"mediaType":"{}","manifests":[{}]}})", oci_index_type, children);
    REQUIRE(index.size() < max_manifest_size);
    CHECK(scene.problems_with(index).empty());
    const std::size_t before = scene.http.sent.size();
    const std::vector<FetchRequest> requests = {{"localhost:5000/defra/python:latest", "x", "linux/amd64"}};
    const Error error = error_of([&] { fetch_images(scene.world(), scene.client, requests, "out", 1); });
    CHECK(holds(error.problems, "is not there for linux/amd64"));
    CHECK(scene.http.sent.size() - before <= 2);
}

TEST_CASE("a registry that reports another digest for an upload is an error") {
    Hostile scene;
    const std::string index = render_index({}, {});
    scene.registry.loses = [](const Request& request) -> std::optional<Response> {
        if (request.method != "PUT") return std::nullopt;
        return Response{201, {{"Docker-Content-Digest", sha256("another").text()}}, ""};
    };
    CHECK_THROWS_AS(put_tag(scene.client, scene.registry.host, "defra/python", "1", index), Error);
}

TEST_CASE("a token server's response is read within bounds") {
    for (const char* body : {"", "<html>", "{}", R"({"token":1})", R"({"token":""})", "[", "[]", "\xff"}) {
        ClientWorld fake;
        const Header bearer{"WWW-Authenticate", R"(Bearer realm="https://tokens.example/t",service="s")"};
        fake.http.stub("HEAD", "https://registry.example/*", 401, "", {bearer});
        fake.http.stub("GET", "https://tokens.example/*", 200, body);
        INFO(body);
        CHECK_THROWS_AS(ask_tag(fake.client, "registry.example", "a", "b"), Error);
        CHECK(fake.http.sent.size() == 2);
        CHECK(fake.http.sent.back().max_body <= 64U << 10U);
    }
}
