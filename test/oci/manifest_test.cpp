#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "oci/layout.h"

namespace {

const std::string digest_a = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string digest_b = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string message_of(const std::string& bytes) {
    return thrown_by([&] { parse_manifest(bytes, "the manifest of python:3.13"); });
}

std::string descriptor(const std::string& rest = "") {
    return "{\"mediaType\": \"t\", \"digest\": \"" + digest_a + "\", \"size\": 7" + rest + "}";
}

}  // namespace

TEST_CASE("an image manifest has a configuration and ordered layers") {
    const Manifest manifest = parse_manifest(
        "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", \"config\": " +
            descriptor() + ", \"layers\": [" + descriptor() + ", {\"mediaType\": \"u\", \"digest\": \"" + digest_b +
            "\", \"size\": 18446744073709551615, \"annotations\": {\"a\": \"b\"}}], \"annotations\": {\"x\": \"y\"}}",
        "m");
    CHECK(manifest.media_type == oci_manifest_type);
    CHECK(manifest.config->digest.text() == digest_a);
    CHECK(manifest.config->size == 7);
    REQUIRE(manifest.layers.size() == 2);
    CHECK(manifest.layers[1].media_type == "u");
    CHECK(manifest.layers[1].digest.text() == digest_b);
    CHECK(manifest.layers[1].size == 18446744073709551615U);
    CHECK(manifest.layers[1].annotations == std::map<std::string, std::string>{{"a", "b"}});
    CHECK(manifest.annotations == std::map<std::string, std::string>{{"x", "y"}});
    CHECK(manifest.children.empty());
}

TEST_CASE("an index has children, each with its platform in containerd's normal form") {
    const auto platform_of = [](const std::string& platform) {
        return parse_manifest(
                   "{\"mediaType\": \"application/vnd.docker.distribution.manifest.list.v2+json\", \"manifests\": [" +
                       descriptor(", \"platform\": " + platform) + "]}",
                   "m")
            .children.at(0)
            .platform;
    };
    CHECK(platform_of(R"({"architecture": "amd64", "os": "linux"})") == "linux/amd64");
    CHECK(platform_of(R"({"architecture": "arm64", "os": "linux", "variant": "v8"})") == "linux/arm64");
    CHECK(platform_of(R"({"architecture": "arm64", "os": "linux", "variant": "v9"})") == "linux/arm64/v9");
    CHECK(platform_of(R"({"architecture": "amd64", "os": "linux", "variant": "v3"})") == "linux/amd64/v3");
    CHECK(platform_of(R"({"architecture": "arm", "os": "linux", "variant": "v6"})") == "linux/arm/v6");
    CHECK(platform_of(R"({"architecture": "arm", "os": "linux"})") == "linux/arm/v7");
    CHECK(platform_of(R"({"architecture": "unknown", "os": "unknown"})") == "unknown/unknown");
    CHECK(platform_of("null").empty());
}

TEST_CASE("the type of a manifest without a media type follows from its fields") {
    CHECK(parse_manifest("{\"schemaVersion\": 2, \"manifests\": []}", "m").media_type == oci_index_type);
    CHECK(parse_manifest("{\"config\": " + descriptor() + ", \"layers\": []}", "m").media_type == oci_manifest_type);
}

TEST_CASE("an invalid manifest is rejected and named") {
    const std::string name = "the manifest of python:3.13 ";
    CHECK(message_of("") == name + "is empty\n");
    CHECK(message_of("[]") == name + "is neither an image manifest nor an index\n");
    CHECK(message_of("{\"schemaVersion\": 1, \"fsLayers\": []}") ==
          name + "is neither an image manifest nor an index\n");
    CHECK(message_of("{\"mediaType\": \"application/vnd.docker.distribution.manifest.v1+json\", \"layers\": []}") ==
          name + "is neither an image manifest nor an index (application/vnd.docker.distribution.manifest.v1+json)\n");
    CHECK(message_of("{\"mediaType\": \"application/vnd.oci.image.index.v1+json\", \"config\": " + descriptor() +
                     ", \"layers\": []}") ==
          name + "is neither an image manifest nor an index (application/vnd.oci.image.index.v1+json)\n");
    CHECK(
        message_of("{\"mediaType\": \"application/vnd.oci.image.index.v1+json\", \"manifests\": [], \"layers\": []}") ==
        name + "is an image manifest and an index at once\n");
    CHECK(message_of("{\"manifests\": [], \"config\": " + descriptor() + "}") ==
          name + "is an image manifest and an index at once\n");
    CHECK(message_of(R"({"manifests": [{"mediaType": "t", "digest": "sha256:../../etc", "size": 1}]})") ==
          name + "names a digest that is none: \"sha256:../../etc\"\n");
    CHECK(message_of("{\"manifests\": [{\"digest\": \"" + digest_a + "\", \"size\": -1}]}") ==
          name + "gives no size for " + digest_a + "\n");
    CHECK(message_of("{\"layers\": []}") == name + "names a digest that is none: \"\"\n");
    CHECK(message_of("{\"manifests\": [7]}") == name + "names a digest that is none: \"\"\n");
}

TEST_CASE("a rendered index can be parsed again, and its bytes are reproducible") {
    const Digest a = *Digest::parse(digest_a);
    const Digest b = *Digest::parse(digest_b);
    const std::vector<Descriptor> children = {
        {oci_manifest_type, a, 7, "linux/arm/v7", {}},
        {docker_manifest_type, b, 5'000'000'000, "unknown/unknown", {{"vnd.docker.reference.digest", digest_a}}},
    };
    const std::string index = render_index(children, {{"org.opencontainers.image.version", "1.0.0"}, {"a", "1"}});
    CHECK(index == R"({
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [
    {
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "digest": "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "size": 7,
      "platform": {
        "architecture": "arm",
        "os": "linux",
        "variant": "v7"
      }
    },
    {
      "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
      "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "size": 5000000000,
      "platform": {
        "architecture": "unknown",
        "os": "unknown"
      },
      "annotations": {
        "vnd.docker.reference.digest": "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      }
    }
  ],
  "annotations": {
    "a": "1",
    "org.opencontainers.image.version": "1.0.0"
  }
}
)");
    const Manifest read = parse_manifest(index, "m");
    REQUIRE(read.children.size() == 2);
    CHECK(read.children[0].platform == "linux/arm/v7");
    CHECK(read.children[1].size == 5'000'000'000);
    CHECK(read.children[1].annotations == children[1].annotations);
    CHECK(read.annotations.at("a") == "1");
}

TEST_CASE("the name of a platform has hyphens") {
    CHECK(render_platform_name("linux/amd64") == "linux-amd64");
    CHECK(render_platform_name("linux/arm/v7") == "linux-arm-v7");
}

TEST_CASE("both media types of indexes and manifests are recognised") {
    CHECK(is_index_type("application/vnd.oci.image.index.v1+json"));
    CHECK(is_index_type("application/vnd.docker.distribution.manifest.list.v2+json"));
    CHECK(is_manifest_type("application/vnd.oci.image.manifest.v1+json"));
    CHECK(is_manifest_type("application/vnd.docker.distribution.manifest.v2+json"));
    CHECK_FALSE(is_index_type("application/vnd.oci.image.manifest.v1+json"));
    CHECK_FALSE(is_manifest_type("application/vnd.oci.image.config.v1+json"));
}
