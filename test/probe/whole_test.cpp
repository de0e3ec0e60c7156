// With a real Docker Engine; skipped if there is none.
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "contract/good_image.h"
#include "contract/tar.h"
#include "probe/engine.h"
#include "probe/engine_run.h"
#include "probe/image_tar.h"
#include "probe/test_images.h"
#include "real_world.h"

namespace {

struct RealStage : RealWorld {
    EngineInfo engine_or_skip() {
        EngineInfo engine;
        try {
            engine = find_engine(world());
        } catch (const Error& error) {
            SKIP("no Docker Engine: " << render_problems(error.problems));
        }
        return engine;
    }
};

std::string file_in(const std::string& path, const std::string& text) {
    return render_tar_header(path, text.size()) + text + render_tar_padding(text.size());
}

/// A layout, as a builder writes it, of an image FROM scratch with one file.
Layout make_scratch_layout(const std::filesystem::path& directory, const std::string& architecture) {
    const auto add = [&](const std::string& text) {
        std::ofstream(blob_path(directory, sha256(text)), std::ios::binary) << text;
        return Descriptor{
            .media_type = "", .digest = sha256(text), .size = text.size(), .platform = "", .annotations = {}};
    };
    std::filesystem::create_directories(directory / "blobs/sha256");
    const std::string tar =
        file_in("etc/passwd", "nonroot:x:1000:1000:" + directory.string() + ":/home/nonroot:/sbin/nologin\n") +
        file_in("tmp/open", "x") + render_tar_end();
    Descriptor layer = add(tar);
    layer.media_type = "application/vnd.oci.image.layer.v1.tar";
    const Descriptor config = add(
        R"({"architecture":")" + architecture +
        R"(","os":"linux","config":{"User":"1000:1000","Entrypoint":["python"]},"rootfs":{"type":"layers","diff_ids":[")" +
        layer.digest.text() + R"("]}})");
    const Descriptor manifest = add(
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
        config.digest.text() + R"(","size":)" + std::to_string(config.size) + R"(},"layers":[{"mediaType":")" +
        layer.media_type + R"(","digest":")" + layer.digest.text() + R"(","size":)" + std::to_string(layer.size) +
        "}]}");
    Layout layout{.name = "scratch-production-linux-" + architecture,
                  .image = "scratch-production",
                  .platform = "linux/" + architecture,
                  .directory = directory,
                  .manifest = manifest.digest,
                  .config = config.digest,
                  .layers = {layer},
                  .attestations = {},
                  .manifest_descriptor = manifest};
    layout.manifest_descriptor.media_type = oci_manifest_type;
    return layout;
}

/// The engine's containers and images, including those of other runs.
std::string list_everything(const World& world, const EngineInfo& engine) {
    return ask(world, engine, "GET", "/containers/json?all=1").body + ask(world, engine, "GET", "/images/json").body;
}

}  // namespace

TEST_CASE("a real engine loads and tests a layout, and is left unchanged", "[whole]") {
    // Only here: a real engine loads an archive that we wrote, and responds like the fake engine.
    RealStage stage;
    const EngineInfo engine = stage.engine_or_skip();
    const Layout layout = make_scratch_layout(stage.tree.path / "layout", engine.architecture);
    ImageUnderTest image;
    image.name = layout.name;
    image.platform = layout.platform;
    image.layout = layout;
    TestSettings settings;
    const ContractReport report = run_contract(stage.world(), engine, {image}, settings).at(0);
    const std::map<std::string, ContractRow> rows = rows_by_id(report);
    CHECK(report.manifest == layout.manifest.text());
    CHECK(rows.at("user-numeric").result == RowResult::passed);
    CHECK(rows.at("user-nonroot").found == "user nonroot:1000:1000, group none");
    CHECK(rows.at("world-writable").result == RowResult::passed);
    CHECK(rows.at("size").found.starts_with("0.0 MB (0.0 MB with uv, 0.0 MB compressed"));
    CHECK(rows.at("python-version").found.find("no such file or directory") != std::string::npos);
    CHECK(rows.at("stop").result == RowResult::failed);
    CHECK(rows.at("tls-clients").found == "/etc/ssl/certs/ca-certificates.crt is not a file");
    const std::string left = list_everything(stage.world(), engine);
    CHECK(left.find(layout.manifest.hex()) == std::string::npos);
    CHECK(left.find(layout.config.hex()) == std::string::npos);
}

TEST_CASE("leftovers of a killed run are removed from a real engine", "[whole]") {
    // Only here: a real engine removes by label what was created through its API.
    RealStage stage;
    const World world = stage.world();
    const EngineInfo engine = stage.engine_or_skip();
    const std::string killed =
        std::to_string((stage.clock.now() - std::chrono::hours(2)).time_since_epoch().count()) + "-killed";
    const Layout layout = make_scratch_layout(stage.tree.path / "layout", engine.architecture);
    write_image_tar(stage.files, layout, "python-image-action-test", killed + "-0", stage.tree.path / "left.tar");
    Request load = make_request(engine, "POST", "/images/load");
    load.body_file = stage.tree.path / "left.tar";
    send_to_engine(world, load);
    Request create = make_request(engine, "POST", "/containers/create");
    create.headers = {{"Content-Type", "application/json"}};
    create.body = R"({"Image":"python-image-action-test:)" + killed +
                  R"(-0","Labels":{"io.github.defra.python-image-action.test":")" + killed + "\"}}";
    send_to_engine(world, create);
    REQUIRE(list_everything(world, engine).find(killed) != std::string::npos);
    const EngineRun run(world, engine);
    CHECK(list_everything(world, engine).find(killed) == std::string::npos);
}
