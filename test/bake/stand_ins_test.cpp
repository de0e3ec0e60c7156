#include <catch2/catch_test_macros.hpp>

#include "bake/bake.h"
#include "base/error.h"
#include "fakes/fake_files.h"

namespace {

/// Puts an image for each platform into the layout, and an index of them. Returns the index's digest.
Digest add_index(FakeFiles& files, const std::string& layout, const std::vector<std::string>& architectures) {
    std::string children;
    for (const std::string& architecture : architectures) {
        const std::string config =
            R"({"os": "linux", "architecture": ")" + architecture + R"(", "created": "2026-11-18T00:00:00Z"})";
        files.texts[blob_path(layout, sha256(config))] = config;
        const std::string layer =
            R"({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 1, "digest": ")" +
            sha256("layer").text() + "\"}";
        const std::string manifest =
            R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config":
            {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 1, "digest": ")" +
            sha256(config).text() + R"("}, "layers": [)" + layer + "," + layer + "]}";
        files.texts[blob_path(layout, sha256(manifest))] = manifest;
        children += (children.empty() ? "" : ",") +
                    (R"({"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1, "digest": ")" +
                     sha256(manifest).text() + R"(", "platform": {"os": "linux", "architecture": ")") +
                    architecture + "\"}}";
    }
    const std::string index =
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [)" + children +
        "]}";
    files.texts[blob_path(layout, sha256(index))] = index;
    return sha256(index);
}

}  // namespace

TEST_CASE("stand-ins come with their dates, their layers and what they are excused from") {
    FakeFiles files;
    const Digest digest = add_index(files, "/stand-ins/python", {"amd64", "arm64"});
    files.texts["bases.json"] = R"({"python:3.12.3-slim-bookworm": {"layout": "/stand-ins/python", "digest": ")" +
                                digest.text() + R"(", "excuses": ["size"]}})";
    const std::vector<Base> bases = load_stand_ins(files, "bases.json");
    REQUIRE(bases.size() == 1);
    CHECK(bases[0].reference == "python:3.12.3-slim-bookworm");
    CHECK(bases[0].digest == digest);
    CHECK(bases[0].stand_in);
    CHECK(bases[0].layout == "/stand-ins/python");
    CHECK(bases[0].excuses == std::vector<std::string>{"size"});
    CHECK(bases[0].created == parse_time("2026-11-18T00:00:00Z"));
    CHECK(bases[0].layers == std::map<std::string, std::size_t>{{"linux/amd64", 2}, {"linux/arm64", 2}});
}

TEST_CASE("every stand-in that cannot be used is told, at its line") {
    FakeFiles files;
    files.texts["bases.json"] =
        "{\n\"a:1\": {\"layout\": \"relative\", \"digest\": \"sha256:1\"},\n\"b/c:2\": {\"layout\": \"/nowhere\", "
        "\"digest\": \"" +
        sha256("").text() + "\"}}";
    try {
        load_stand_ins(files, "bases.json");
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.exit == Exit::bad_input);
        CHECK(render_problems(error.problems) ==
              "bases.json:2: the stand-in for a:1 has no digest\n"
              "  hint: run the set-up again: it writes this file\n"
              "bases.json:2: the stand-in for a:1 has no layout: \"relative\" is no absolute path of a directory\n"
              "  hint: run the set-up again: it writes this file\n"
              "bases.json:3: the stand-in for b/c:2 has no layout: \"/nowhere\" is no absolute path of a directory\n"
              "  hint: run the set-up again: it writes this file\n");
    }
}
