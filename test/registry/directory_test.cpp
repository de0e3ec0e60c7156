#include "registry/directory.h"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "fakes/fake_world.h"

namespace {

namespace fs = std::filesystem;

const std::string config = "{}";
const std::string layer = "the layer";

std::string manifest_text() {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":2}},)"
        R"("layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{}","size":9}}]}})",
        oci_manifest_type, sha256(config).text(), sha256(layer).text());
}

/// A directory with one built image, and its publication.
struct Built {
    FakeWorld fake;
    PublicationSources sources;
    Publication publication;
    std::string index;

    Built() {
        const fs::path directory = "out/images/a";
        for (const std::string& blob : {config, layer, manifest_text()})
            fake.files.texts[blob_path(directory, sha256(blob))] = blob;
        const Descriptor manifest{.media_type = oci_manifest_type,
                                  .digest = sha256(manifest_text()),
                                  .size = manifest_text().size(),
                                  .platform = "linux/amd64"};
        sources.layouts.emplace("a", Layout{.name = "a",
                                            .image = "i",
                                            .platform = "linux/amd64",
                                            .directory = directory,
                                            .manifest = manifest.digest,
                                            .config = sha256(config),
                                            .layers = {},
                                            .attestations = {},
                                            .manifest_descriptor = manifest});
        index = render_index({manifest}, {{inputs_annotation, sha256("inputs").text()},
                                          {version_annotation, "1.0.0"},
                                          {revision_annotation, "540323a"}});
        sources.indexes["i"] = index;
        publication.steps = {
            {StepKind::store_manifest, "defradigital/python", manifest.digest, "", "a", ""},
            {StepKind::store_index, "defradigital/python", sha256(index), "", "i", ""},
            {StepKind::write_version_tag, "defradigital/python", sha256(index), "1.0.0-python3.13.3", "", ""},
            {StepKind::move_tag, "defradigital/python", sha256(index), "latest", "", ""}};
    }
};

}  // namespace

TEST_CASE("The published tags, inputs, version and revision can be read back") {
    Built built;
    run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry");
    const std::vector<ExistingTag> existing =
        load_existing_tags(built.fake.files, "registry", {"defradigital/python", "defradigital/nothing"});
    REQUIRE(existing.size() == 2);
    CHECK(existing[0].tag == "1.0.0-python3.13.3");
    CHECK(existing[1].tag == "latest");
    CHECK(existing[0].index == sha256(built.index));
    CHECK(existing[0].inputs == sha256("inputs"));
    CHECK(existing[0].version == "1.0.0");
    CHECK(existing[0].revision == "540323a");
    CHECK(existing[0].platforms == std::vector<std::string>{"linux/amd64"});
}

TEST_CASE("Every blob in the registry equals the one that was built") {
    Built built;
    run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry");
    for (const std::string& blob : {config, layer, manifest_text(), built.index}) {
        CHECK(built.fake.files.texts.at(blob_path("registry/defradigital/python", sha256(blob))) == blob);
    }
}

TEST_CASE("The tags are written last") {
    Built built;
    run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry");
    CHECK(built.fake.files.written.back() == fs::path("registry/defradigital/python/index.json"));
}

TEST_CASE("On a full disk nothing visible changes, and the error says so first") {
    Built built;
    built.fake.files.fail_writes_to = {blob_path("registry/defradigital/python", sha256(layer))};
    const Error error = error_of(
        [&] { run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry"); });
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what == "Nothing visible changed.");
    CHECK(error.problems.size() == 2);
    CHECK(load_existing_tags(built.fake.files, "registry", {"defradigital/python"}).empty());
}

TEST_CASE("A blob that was changed after the scan is not published") {
    Built built;
    built.fake.files.texts.at(blob_path("out/images/a", sha256(layer))) = "another";
    const Error error = error_of(
        [&] { run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry"); });
    CHECK(error.problems.front().what == "Nothing visible changed.");
    CHECK(holds(error.problems, "the bytes are not what their name says"));
    CHECK(load_existing_tags(built.fake.files, "registry", {"defradigital/python"}).empty());
}

TEST_CASE("A moving tag replaces its old entry and no other") {
    Built built;
    run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry");
    const std::string newer = render_index({}, {{version_annotation, "1.1.0"}});
    built.sources.indexes["i"] = newer;
    built.publication.steps = {
        {StepKind::store_index, "defradigital/python", sha256(newer), "", "i", ""},
        {StepKind::move_tag, "defradigital/python", sha256(newer), "latest", "", "", sha256(built.index)}};
    run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry");
    const std::vector<ExistingTag> existing = load_existing_tags(built.fake.files, "registry", {"defradigital/python"});
    REQUIRE(existing.size() == 2);
    CHECK(existing[0].index == sha256(built.index));
    CHECK(existing[1].index == sha256(newer));
}

TEST_CASE("A tag that another run wrote after it was read is not overwritten") {
    Built built;
    run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry");
    const std::string other = render_index({}, {{version_annotation, "1.0.0"}});
    built.sources.indexes["i"] = other;
    built.publication.steps = {
        {StepKind::store_index, "defradigital/python", sha256(other), "", "i", ""},
        {StepKind::write_version_tag, "defradigital/python", sha256(other), "1.0.0-python3.13.3", "", ""}};
    const Error error = error_of(
        [&] { run_publication_to_directory(built.fake.world(), built.publication, built.sources, "registry"); });
    CHECK(error.exit == Exit::failed);
    CHECK(holds(error.problems, "defradigital/python:1.0.0-python3.13.3 was moved by another run"));
    CHECK(load_existing_tags(built.fake.files, "registry", {"defradigital/python"}).front().index ==
          sha256(built.index));
}
