// The real buildx and the real engine.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "build/build.h"
#include "build/samples.h"
#include "real_world.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* engine_socket = "/var/run/docker.sock";

void need_engine(RealWorld& real) {
    if (!fs::exists(engine_socket)) SKIP("no Docker Engine behind " << engine_socket);
    Request ping;
    ping.url = "http://engine/_ping";
    ping.unix_socket = engine_socket;
    if (real.http.send(ping).status != 200) SKIP("the Docker Engine does not answer");
}

/// One row without distroless, for one platform: two images.
Plan small_plan() {
    Plan plan = sample_plan();
    plan.images = {plan.images[2], plan.images[3]};
    return plan;
}

BuildSettings real_settings(RealWorld& real) {
    BuildSettings settings;
    settings.buildx = find_buildx(real.world());
    settings.directory = real.tree.path;
    settings.images = real.tree.path / "out" / "images";
    settings.source_date = *parse_time("2026-11-20T10:00:00Z");
    settings.socket = engine_socket;
    return settings;
}

constexpr std::string_view from_nothing =
    "FROM scratch AS development\n"
    "COPY image/one /one\n"
    "FROM development AS production\n"
    "COPY image/two /two\n";

void put_inputs(RealWorld& real, std::string_view dockerfile) {
    real.files.write(real.tree.path / "Dockerfile", dockerfile);
    real.files.write(real.tree.path / "image" / "one", "one");
    real.files.write(real.tree.path / "image" / "two", "two");
}

std::string annotation_of(RealWorld& real, const Layout& layout, const std::string& name) {
    const std::string bytes = real.files.read(blob_path(layout.folder, layout.manifest));
    const Manifest manifest = parse_manifest(bytes, layout.name);
    const auto found = manifest.annotations.find("org.opencontainers.image." + name);
    return found == manifest.annotations.end() ? "" : found->second;
}

}  // namespace

TEST_CASE("a bake leaves a layout with provenance for each image, the same ones each time", "[whole]") {
    // Only here: BuildKit writes the same bytes twice, and provenance that our reader takes.
    RealWorld real;
    need_engine(real);
    put_inputs(real, from_nothing);
    const std::vector<Layout> first = run_build(real.world(), small_plan(), real_settings(real)).layouts;
    INFO(real.log.str());
    REQUIRE(first.size() == 2);
    for (const Layout& layout : first) {
        CHECK(layout.attestations.size() == 1);
        CHECK(check_blobs(real.files, layout).empty());
        CHECK(annotation_of(real, layout, "version") == "1.0.0");
        CHECK(annotation_of(real, layout, "created") == "2026-11-20T10:00:00Z");
        CHECK(load_config(real.files, layout).find("\"created\":\"2026-11-20T10:00:00Z\"") != std::string::npos);
    }
    CHECK(first[1].layers.size() == 2);
    CHECK(first[1].layers[0].digest == first[0].layers[0].digest);
    CHECK(real.files.names_in(real.tree.path / "out") == std::vector<std::string>{"images"});

    const std::vector<Layout> second = run_build(real.world(), small_plan(), real_settings(real)).layouts;
    CHECK(second[0].manifest == first[0].manifest);
    CHECK(second[1].manifest == first[1].manifest);
}

TEST_CASE("an image stands on the untouched layers of its pinned base", "[whole]") {
    // Only here: BuildKit leaves the layers of a pinned base as they are.
    RealWorld real;
    need_engine(real);
    put_inputs(real, from_nothing);
    const Layout base = run_build(real.world(), small_plan(), real_settings(real)).layouts.at(1);
    fs::rename(base.folder, real.tree.path / "base");

    put_inputs(real,
               "FROM python:3.12.6-slim-bookworm AS slim\nFROM slim AS development\nFROM slim AS production\nCOPY "
               "image/one /three\n");
    BuildSettings settings = real_settings(real);
    settings.source_date = *parse_time("2020-01-01T00:00:00Z");  // older than the base
    settings.bases = {sample_base("python:3.12.6-slim-bookworm", '0')};
    settings.bases[0].digest = base.manifest;
    settings.bases[0].layout = real.tree.path / "base";
    // BuildKit looks a digest up among the top entries of index.json.
    real.files.write(
        real.tree.path / "base" / "index.json",
        R"({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": ")" +
            base.manifest.text() + R"(", "size": )" + std::to_string(base.manifest_descriptor.size) + "}]}");
    const std::vector<Layout> layouts = run_build(real.world(), small_plan(), settings).layouts;
    REQUIRE(layouts[1].layers.size() == 3);
    CHECK(layouts[1].layers[0].digest == base.layers[0].digest);
    CHECK(layouts[1].layers[1].digest == base.layers[1].digest);
    CHECK(annotation_of(real, layouts[1], "base.name") == "docker.io/library/python:3.12.6-slim-bookworm");
    CHECK(annotation_of(real, layouts[1], "base.digest") == base.manifest.text());
}

TEST_CASE("a step that fails is told at its line of the Dockerfile, and the former images stay", "[whole]") {
    // Only here: the words and line numbers of a real BuildKit.
    RealWorld real;
    need_engine(real);
    put_inputs(real, from_nothing);
    const Layout former = run_build(real.world(), small_plan(), real_settings(real)).layouts.at(0);
    put_inputs(real, std::string(from_nothing) + "RUN [\"/one\"]\n");
    try {
        run_build(real.world(), small_plan(), real_settings(real));
        FAIL("no error");
    } catch (const Error& error) {
        const std::string text = render_problems(error.problems);
        INFO(text);
        CHECK(text.starts_with("Dockerfile:5: the build failed: "));
        CHECK(text.find("\n  ran: docker") != std::string::npos);
    }
    CHECK(load_layout(real.files, former.folder, former.image, former.platform).manifest == former.manifest);
    CHECK(real.files.names_in(real.tree.path / "out") == std::vector<std::string>{"images"});
}

TEST_CASE("the trust bundle reaches the step that asks for it, and no image", "[whole]") {
    // Only here: BuildKit keeps a secret out of what it writes.
    RealWorld real;
    need_engine(real);
    const fs::path list = cache_folder() / "stand-ins" / "bases.json";
    if (!fs::exists(list)) SKIP("no stand-in base with a shell: " << list.string());
    put_inputs(real,
               "FROM python:3.12.3-slim-bookworm AS development\n"
               "RUN --mount=type=secret,id=ca,target=/ca,mode=0444 test \"$(cat /ca)\" = can$(echo)ary\n"
               "FROM development AS production\n");
    real.files.write(real.tree.path / "bundle, ${ours}.crt", "canary");
    BuildSettings settings = real_settings(real);
    settings.ca = real.tree.path / "bundle, ${ours}.crt";
    settings.bases = load_stand_ins(real.files, list);
    for (const Layout& layout : run_build(real.world(), small_plan(), settings).layouts) {
        for (const auto& entry : fs::directory_iterator(layout.folder / "blobs" / "sha256")) {
            CHECK(real.files.read(entry.path()).find("canary") == std::string::npos);
        }
    }
}
