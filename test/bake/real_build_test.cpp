// The real buildx and the real engine.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <random>
#include <set>

#include "bake/bake.h"
#include "bake/random_dockerfile.h"
#include "bake/samples.h"
#include "base/json.h"
#include "base/text.h"
#include "expect.h"
#include "oci/layout.h"
#include "real_world.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* engine_socket = "/var/run/docker.sock";

void need_engine(RealWorld& real) {
    if (!fs::exists(engine_socket)) SKIP("no Docker Engine behind " << engine_socket);
    Request ping;
    ping.url = "http://engine/_ping";
    ping.unix_socket = engine_socket;
    if (real.http.send(ping).status != 200) SKIP("the Docker Engine does not respond");
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
    settings.dockerfile = "Dockerfile";
    settings.out = real.tree.path / "out";
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
    const std::string bytes = real.files.read(blob_path(layout.directory, layout.manifest));
    const Manifest manifest = parse_manifest(bytes, layout.name);
    const auto found = manifest.annotations.find("org.opencontainers.image." + name);
    return found == manifest.annotations.end() ? "" : found->second;
}

}  // namespace

TEST_CASE("a bake writes a reproducible layout with provenance for each image", "[whole]") {
    // Only here: real BuildKit is reproducible, and our parser reads its provenance.
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
    CHECK(real.files.names_in(real.tree.path / "out") == std::vector<std::string>{"bases.json", "build.log", "images"});

    const std::vector<Layout> second = run_build(real.world(), small_plan(), real_settings(real)).layouts;
    CHECK(second[0].manifest == first[0].manifest);
    CHECK(second[1].manifest == first[1].manifest);
}

TEST_CASE("an image has the unchanged layers of its pinned base", "[whole]") {
    // Only here: real BuildKit keeps the layers of a pinned base.
    RealWorld real;
    need_engine(real);
    put_inputs(real, from_nothing);
    const Layout base = run_build(real.world(), small_plan(), real_settings(real)).layouts.at(1);
    fs::rename(base.directory, real.tree.path / "base");

    put_inputs(real,
               "FROM python:3.12.6-slim-bookworm AS slim\nFROM slim AS development\nFROM slim AS production\nCOPY "
               "image/one /three\n");
    BuildSettings settings = real_settings(real);
    settings.source_date = *parse_time("2020-01-01T00:00:00Z");  // older than the base
    settings.bases = {sample_base("python:3.12.6-slim-bookworm", '0')};
    settings.bases[0].digest = base.manifest;
    settings.bases[0].layout = real.tree.path / "base";
    // BuildKit looks for a digest in the top-level entries of index.json.
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

TEST_CASE("a failed step is reported at its line of the Dockerfile, and the earlier images stay", "[whole]") {
    // Only here: the messages and line numbers of real BuildKit.
    RealWorld real;
    need_engine(real);
    put_inputs(real, from_nothing);
    const Layout former = run_build(real.world(), small_plan(), real_settings(real)).layouts.at(0);
    put_inputs(real, std::string(from_nothing) + "RUN [\"/one\"]\n");
    const std::string text = thrown_by([&] { run_build(real.world(), small_plan(), real_settings(real)); });
    INFO(text);
    CHECK(text.starts_with("Dockerfile:5: the build failed: "));
    CHECK(text.find("\n  ran: docker") != std::string::npos);
    CHECK(load_layout(real.files, former.directory, former.image, former.platform).manifest == former.manifest);
    CHECK(real.files.names_in(real.tree.path / "out") == std::vector<std::string>{"bases.json", "build.log", "images"});
}

TEST_CASE("the CA bundle reaches the step that mounts it, and no image", "[whole]") {
    // Only here: real BuildKit does not write a secret.
    RealWorld real;
    need_engine(real);
    const fs::path list = cache_directory() / "stand-ins" / "bases.json";
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
        for (const auto& entry : fs::directory_iterator(layout.directory / "blobs" / "sha256")) {
            CHECK(real.files.read(entry.path()).find("canary") == std::string::npos);
        }
    }
}

namespace {

/// Tiny images with /true as program and shell, one for each image that random Dockerfiles name.
std::vector<Base> make_tiny_bases(RealWorld& real) {
    put_inputs(real,
               "FROM scratch AS development\nCOPY image/true /true\nCOPY image/true /bin/sh\nCOPY image/one /f\n"
               "FROM development AS production\nCOPY image/two /two\n");
    real.files.write(real.tree.path / "true.c", "int main(void) { return 0; }\n");
    const Finished compiled =
        real.processes.run({.argv = {"cc", "-static", "-Os", "-o", (real.tree.path / "image/true").string(),
                                     (real.tree.path / "true.c").string()},
                            .environment = child_environment(real.environment)});
    if (compiled.exit_code != 0) SKIP("no C compiler with a static library: " << compiled.err);
    BuildSettings settings = real_settings(real);
    settings.out = real.tree.path / "bases";
    std::vector<Base> bases;
    for (const Layout& layout : run_build(real.world(), sample_plan(), settings).layouts) {
        Base base = sample_base(random_images.at(bases.size()), '0');
        base.digest = layout.manifest;
        base.stand_in = true;
        base.layout = layout.directory;
        bases.push_back(base);
    }
    return bases;
}

}  // namespace

TEST_CASE("for random Dockerfiles the record of the bases matches BuildKit's provenance and the expectation",
          "[whole]") {
    RealWorld real;
    need_engine(real);
    const std::vector<Base> bases = make_tiny_bases(real);
    const Plan plan = sample_plan();
    for (unsigned seed = 1000; seed < 1008; ++seed) {
        const RandomDockerfile random(seed);
        INFO(seed << "\n" << random.text);
        put_inputs(real, random.text);
        BuildSettings settings = real_settings(real);
        settings.bases = bases;
        std::vector<Layout> layouts;
        REQUIRE(thrown_by([&] { layouts = run_build(real.world(), plan, settings).layouts; }) == "no error");
        const std::vector<Base> recorded =
            parse_bases_json(real.files.read(real.tree.path / "out/bases.json"), "out/bases.json");
        for (std::size_t i = 0; i < layouts.size(); ++i) {
            std::set<std::string> expected = random.images_of(render_target(plan.images[i].target));
            if (expected.erase(python_of_row) != 0)
                expected.insert("python:" + plan.row_of(plan.images[i]).base_version());
            std::set<std::string> names;
            std::set<Digest> digests;
            for (const Base& base : recorded) {
                if (!is_base_of(base, layouts[i])) continue;
                names.insert(base.reference);
                digests.insert(base.digest);
            }
            std::set<Digest> sources;
            for (const SourceImage& source : load_source_images(real.files, layouts[i])) sources.insert(*source.digest);
            CHECK(names == expected);
            CHECK(digests == sources);
        }
    }
}

TEST_CASE("an unpinned image is rejected before it is pulled, on its line", "[whole]") {
    RealWorld real;
    need_engine(real);
    put_inputs(real, "FROM scratch AS development\nCOPY --from=python:3.13.3 /f /f\nFROM scratch AS production\n");
    BuildSettings settings = real_settings(real);
    settings.bases = {sample_base("python:3.13.3", '1')};
    settings.bases[0].pulled_from = "localhost:1/not@" + sample_digest('2').text();  // differs from the recorded digest
    const std::string text = thrown_by([&] { run_build(real.world(), small_plan(), settings); });
    INFO(text);
    CHECK(text.starts_with("Dockerfile:2: the build failed: "));
    CHECK(text.find("denied by policy") != std::string::npos);
}

namespace {

/// A random selection of these lines, in random order.
std::string random_dockerignore(std::mt19937& random) {
    const std::vector<std::string> patterns = {
        "*",       "**",   "a",          "/a/",           "a/*",   "**/*.md",     "!a/deep", "!**/x.txt",
        "a/**/er", "?",    "[ab]",       "!a/deep/*.txt", "# a",   "  b  ",       "\\*",     "./a/../b",
        "a*",      "!a",   "*/x.txt",    "**/deep",       "!b/**", "b c",         "!b c",    "a/deep/",
        "!*/*/er", "[^b]", "**/.hidden", "!a/../b/y.md",  "",      "!/a/deep/er/"};
    std::string text;
    for (std::size_t i = 1 + random() % 5; i > 0; --i) text += patterns[random() % patterns.size()] + "\n";
    return text;
}

}  // namespace

TEST_CASE("for random .dockerignore files the inputs are exactly what BuildKit includes", "[whole]") {
    RealWorld real;
    need_engine(real);
    std::mt19937 random(17);
    for (const char* directory : {"", "a/", "a/deep/", "a/deep/er/", "b/", "b c/", "ab/"}) {
        for (const char* name : {"x.txt", "y.md", ".hidden", "q"})
            real.files.write(real.tree.path / (std::string(directory) + name), name);
    }
    real.files.write(real.tree.path / "Dockerfile",
                     "FROM scratch AS development\nCOPY . /\nFROM scratch AS production\n");
    BuildSettings settings = real_settings(real);
    for (int i = 0; i < 12; ++i) {
        const std::string ignored = random_dockerignore(random);
        INFO(ignored);
        real.files.write(real.tree.path / ".dockerignore", ignored + "out\n");
        std::set<std::string> inputs;
        for (const InputFile& input : load_input_files(real.files, real.tree.path, "Dockerfile"))
            inputs.insert(input.path);
        Plan plan = small_plan();
        plan.images.pop_back();
        const Layout layout = run_build(real.world(), plan, settings).layouts.at(0);
        std::set<std::string> copied = {"Dockerfile", ".dockerignore"};
        for (const Descriptor& layer : layout.layers) {
            const Finished listed = real.processes.run(
                {.argv = {"tar", "--list", "--gzip", "--file", blob_path(layout.directory, layer.digest).string()},
                 .environment = child_environment(real.environment)});
            REQUIRE(listed.exit_code == 0);
            for (const std::string& name : lines_of(listed.out)) {
                if (!name.empty() && !name.ends_with('/')) copied.insert(name);
            }
        }
        CHECK(inputs == copied);
    }
}
