// Where Docker Hub can be had: a registry on this machine plays it, and gcr.io and ghcr.io, under their real names.
#include "registry/docker_registry.h"
#include "whole/road.h"

namespace {

/// Fills the registry with what the bases' references name.
void push_bases(Road& road, const DockerRegistry& registry) {
    const rapidjson::Document bases =
        parse_tool_json(road.real.files.read(cache_folder() / "stand-ins/bases.json"), "bases.json");
    for (const auto& base : bases.GetObject()) {
        std::string reference = text_of(base.name);
        const std::string layout = text_at(base.value, "layout");
        for (const std::string host : {"gcr.io/", "ghcr.io/"}) {
            if (reference.starts_with(host)) reference.erase(0, host.size());
        }
        if (reference.starts_with("python:")) reference.insert(0, "library/");
        const Finished copied = road.start({"skopeo", "copy", "--dest-tls-verify=false", "--preserve-digests",
                                            "oci:" + layout, "docker://" + registry.host() + "/" + reference});
        INFO(copied.err);
        REQUIRE(copied.exit_code == 0);
    }
}

}  // namespace

TEST_CASE("With registries that answer, the bases are asked for, pinned by digest, pulled and built on") {
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    Road road;
    DockerRegistry registry;
    push_bases(road, registry);
    const std::string mirrors =
        "docker.io=" + registry.host() + ",gcr.io=" + registry.host() + ",ghcr.io=" + registry.host();
    const Finished built = road.run("build", {"--only", "3.13.5-production", "--mirrors", mirrors, "--build-ca",
                                              "/etc/ssl/certs/ca-certificates.crt"});
    INFO(built.err);
    REQUIRE(built.exit_code == 0);

    const rapidjson::Document used = parse_tool_json(road.text("out/bases.json"), "bases.json");
    const rapidjson::Document made =
        parse_tool_json(road.real.files.read(cache_folder() / "stand-ins/bases.json"), "bases.json");
    CHECK(items_of(used).Size() == 3);
    for (const Json& base : items_of(used)) {
        const std::string reference = text_at(base, "reference");
        INFO(reference);
        CHECK(text_at(base, "digest") == text_at(member(made, reference), "digest"));
        CHECK_FALSE(text_at(base, "created").empty());
    }

    SECTION("a base that is not there is named, with what to do, and nothing is built") {
        road.real.files.write(road.tree / "matrix.json",
                              R"([{"pythonVersion": "3.13.99", "debianVersion": "slim-bookworm", "tags": []}])");
        const Finished finished = road.run("build", {"--mirrors", mirrors, "--out", "other"});
        CHECK(finished.exit_code == 3);
        CHECK(mentions(finished.err, "docker.io/library/python:3.13.99-slim-bookworm is not there"));
        CHECK_FALSE(road.has("other/images"));
    }

    SECTION("images on stand-ins are told for what they are, wherever their bases came from") {
        REQUIRE(road.run_on_stand_ins("scan", {"--only", "3.13.5-production"}).exit_code == 0);
        CHECK(mentions(road.text("out/summary.md"), "Stand-in bases"));
    }
}
