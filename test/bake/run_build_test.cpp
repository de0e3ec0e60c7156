#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "bake/bake.h"
#include "bake/fake_bake.h"
#include "bake/samples.h"
#include "expect.h"
#include "fakes/fake_world.h"
#include "real_world.h"

namespace {

Finished failed(const std::string& err) {
    return {.exit_code = 1, .err = err};
}

const std::vector<std::string> names = {"3.13.3-development-linux-amd64", "3.13.3-production-linux-amd64",
                                        "3.12.6-development-linux-amd64", "3.12.6-production-linux-amd64"};

/// A world with the sample Dockerfile.
struct BuildWorld : FakeWorld {
    BuildWorld() { files.texts["/checkout/Dockerfile"] = sample_dockerfile; }

    /// From now on bake does this, or builds all targets with this mark.
    void bake_does(const FakeProcesses::Effect& effect) {
        std::erase_if(processes.stubs, [](const auto& stub) { return stub.argv.back() == "bake"; });
        processes.stub_with({"docker-buildx", "bake"}, effect);
    }
    void bake_builds(const std::string& mark = "", const std::vector<std::string>& more = {}) {
        bake_does(bake(*this, mark, more));
    }

    Built build(const BuildSettings& settings = sample_settings()) {
        return run_build(world(), sample_plan(), settings);
    }
};

/// "reference digest images" for each entry in out/bases.json; digests are shown by their first digit.
std::string recorded(FakeWorld& fake) {
    std::string all;
    for (const Base& base : parse_bases_json(fake.files.read("/out/bases.json"), "bases.json")) {
        all += base.reference + " " + std::string(base.digest.hex().substr(0, 1));
        for (const auto& [name, manifest] : base.images) {
            all += " " + name.substr(0, name.find("-linux"));
            const Layout layout =
                load_layout(fake.files, "/out/images/" + name, name.substr(0, name.find("-linux")), "linux/amd64");
            CHECK(layout.manifest == manifest);
        }
        all += "\n";
    }
    return all;
}

std::string error_of(BuildWorld& fake, const BuildSettings& settings = sample_settings()) {
    return thrown_by([&] { fake.build(settings); });
}

}  // namespace

TEST_CASE("one bake builds all layouts, in the order of the plan") {
    BuildWorld fake;
    fake.bake_builds();
    const std::vector<Layout> layouts = fake.build().layouts;
    REQUIRE(layouts.size() == 4);
    for (std::size_t i = 0; i < layouts.size(); ++i) {
        CHECK(layouts[i].name == names[i]);
        CHECK(layouts[i].directory == "/out/images/" + names[i]);
        CHECK(fake.files.is_directory(layouts[i].directory));
    }
    REQUIRE(fake.processes.ran.size() == 1);
    const std::vector<std::string> argv = {"docker-buildx",         "bake",       "--file",
                                           "/tmp/fake-1/bake.json", "--progress", "plain"};
    CHECK(fake.processes.ran[0].argv == argv);
    CHECK_FALSE(fake.processes.ran[0].relayed);
    CHECK(fake.processes.ran[0].environment.at("DOCKER_CONFIG") == "/tmp/fake-1");
}

TEST_CASE("A build without the cache passes --no-cache to buildx") {
    BuildWorld fake;
    fake.bake_builds();
    BuildSettings settings = sample_settings();
    settings.without_cache = true;
    fake.build(settings);
    CHECK(fake.processes.ran[0].argv.back() == "--no-cache");
}

TEST_CASE("BuildKit's output goes to the log on a runner, otherwise to a file, also for a failed build") {
    BuildWorld fake;
    fake.bake_does([](const Command&) { return failed("#1 much\nERROR: no space left on device\n"); });
    error_of(fake);
    CHECK_FALSE(fake.processes.ran[0].relayed);
    CHECK(fake.files.read("/out/build.log") == "#1 much\nERROR: no space left on device\n");
    fake.environment["GITHUB_ACTIONS"] = "true";
    error_of(fake);
    CHECK(fake.processes.ran[1].relayed);
}

TEST_CASE("a build leaves only its layouts and BuildKit's output") {
    BuildWorld fake;
    write_layout(fake.files, "/out/images.building/of-an-interrupted-build", "x");
    const FakeProcesses::Effect good_bake = bake(fake, "");
    fake.bake_does([&](const Command& command) {
        CHECK(fake.files.names_in("/out/images.building").empty());
        return good_bake(command);
    });
    fake.build();
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"bases.json", "build.log", "images"});
    CHECK(fake.files.names_in("/out/images").size() == 4);
    CHECK_FALSE(fake.files.is_directory("/tmp/fake-1"));
}

TEST_CASE("a second build replaces the first, but only its own images") {
    BuildWorld fake;
    write_layout(fake.files, "/out/images/3.11.1-production-linux-amd64", "of another plan");
    fake.bake_builds("first");
    const std::vector<Layout> first = fake.build().layouts;
    fake.bake_builds("second");
    const std::vector<Layout> second = fake.build().layouts;
    CHECK(first[0].manifest != second[0].manifest);
    CHECK(load_layout(fake.files, "/out/images/" + names[0], "3.13.3-development", "linux/amd64").manifest ==
          second[0].manifest);
    CHECK(fake.files.names_in("/out/images").size() == 5);
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"bases.json", "build.log", "images"});
}

TEST_CASE("a failed build leaves the earlier layouts unchanged") {
    BuildWorld fake;
    fake.bake_builds("first");
    const std::vector<Layout> first = fake.build().layouts;
    fake.bake_does([&](const Command&) {
        write_layout(fake.files, "/out/images.building/" + names[0], "half");
        return failed("ERROR: no space left on device\n");
    });
    CHECK(error_of(fake) ==
          "the build failed: no space left on device\n"
          "  ran: docker-buildx bake --file /tmp/fake-2/bake.json --progress plain\n"
          "  all output: /out/build.log\n"
          "  hint: make room where the engine keeps its data: docker system df shows what is there\n");
    CHECK(load_layout(fake.files, "/out/images/" + names[0], "3.13.3-development", "linux/amd64").manifest ==
          first[0].manifest);
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"bases.json", "build.log", "images"});
}

TEST_CASE("a bake that omits an image replaces none") {
    BuildWorld fake;
    fake.bake_does([&](const Command&) {
        for (std::size_t i = 0; i < 3; ++i) write_layout(fake.files, "/out/images.building/" + names[i], "x");
        return Finished{};
    });
    CHECK(error_of(fake) != "no error");
    CHECK(fake.files.names_in("/out/images").empty());
}

TEST_CASE("the record has the bases of each image, from BuildKit's provenance") {
    BuildWorld fake;
    fake.bake_builds();
    fake.build();
    CHECK(recorded(fake) ==
          "python:3.13.3-slim-bookworm 1 3.13.3-development 3.13.3-production\n"
          "python:3.12.6-slim-bookworm 2 3.12.6-development 3.12.6-production\n"
          "gcr.io/distroless/cc-debian12:nonroot 3 3.13.3-production\n"
          "ghcr.io/astral-sh/uv:0.13.9 4 3.12.6-development 3.13.3-development\n");
}

TEST_CASE("an image that was not built on the pinned bases is discarded") {
    BuildWorld fake;
    SECTION("an unpinned image") {
        fake.bake_builds("", {sample_digest('9').text()});
        CHECK(error_of(fake).starts_with(
            "Dockerfile: 3.13.3-development-linux-amd64 was made from pkg:docker/some/image@1, "
            "which is not a pinned base\n"
            "  hint: the build is discarded: name that image in a FROM, and use its stage\n"));
    }
    SECTION("a base of another image") {
        fake.bake_builds("", {sample_digest('2').text()});
        CHECK(error_of(fake).starts_with("Dockerfile: 3.13.3-development-linux-amd64 was made"));
    }
    SECTION("a layout without provenance") {
        fake.bake_does([&](const Command&) {
            for (const std::string& name : names) {
                write_layout(fake.files, "/out/images.building/" + name, name);
                std::string& index = fake.files.texts.at("/out/images.building/" + name + "/index.json");
                index = index.substr(0, index.find(", {", 200)) + "]}";
            }
            return Finished{};
        });
        CHECK(error_of(fake).find("the image has no provenance") != std::string::npos);
    }
    CHECK(fake.files.names_in("/out/images").empty());
    CHECK_FALSE(fake.files.texts.contains("/out/bases.json"));
}

TEST_CASE("the record stays right for layouts that a build does not replace") {
    BuildWorld fake;
    fake.bake_builds("first");
    fake.build();
    const std::string before = recorded(fake);

    BuildSettings moved = sample_settings();
    moved.bases[0].digest = sample_digest('7');
    Plan some = sample_plan();
    some.images = {some.images[0]};
    SECTION("a failed build") {
        fake.bake_does([](const Command&) { return failed("ERROR: failed\n"); });
        CHECK(error_of(fake, moved) != "no error");
        CHECK(recorded(fake) == before);
    }
    SECTION("a build of some images, on a base with a new digest") {
        fake.bake_builds("second");
        run_build(fake.world(), some, moved);
        CHECK(recorded(fake) ==
              "python:3.13.3-slim-bookworm 7 3.13.3-development\n"
              "python:3.12.6-slim-bookworm 2 3.12.6-development 3.12.6-production\n"
              "gcr.io/distroless/cc-debian12:nonroot 3 3.13.3-production\n"
              "ghcr.io/astral-sh/uv:0.13.9 4 3.12.6-development 3.13.3-development\n"
              "python:3.13.3-slim-bookworm 1 3.13.3-production\n");
    }
    SECTION("a build of some images on the same bases") {
        fake.bake_builds("second");
        run_build(fake.world(), some, sample_settings());
        const std::string after = recorded(fake);
        CHECK(std::count(after.begin(), after.end(), '\n') == 4);
    }
    SECTION("layouts that were removed") {
        fake.files.remove("/out/images/" + names[2]);
        fake.files.remove("/out/images/" + names[3]);
        fake.bake_builds("second");
        run_build(fake.world(), some, sample_settings());
        CHECK(recorded(fake).find("3.12.6") == std::string::npos);
    }
}

TEST_CASE("two builds never write to one directory at the same time") {
    BuildWorld fake;
    BuildWorld other;
    const WorkTree tree;  // the lock is a real one
    std::filesystem::create_directories(tree.path / "images");
    BuildSettings settings = sample_settings();
    settings.out = tree.path;
    bool is_tried = false;
    fake.bake_does([&](const Command&) {
        CHECK(error_of(other, settings) ==
              "another build is writing to " + (tree.path / "images").string() +
                  "\n  hint: wait until it has ended, or name another directory with --out\n");
        is_tried = true;
        return failed("ERROR: failed\n");
    });
    CHECK(error_of(fake, settings).starts_with("the build failed: failed\n"));
    CHECK(is_tried);
    CHECK(other.processes.ran.empty());
}

TEST_CASE("BuildKit gets a policy that allows only the pinned bases") {
    BuildWorld fake;
    std::string policy;
    const FakeProcesses::Effect good_bake = bake(fake, "");
    fake.bake_does([&](const Command& command) {
        policy = fake.files.read(command.environment.at("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"));
        return good_bake(command);
    });
    fake.build();
    CHECK(policy == render_source_policy(sample_bases()));
}

TEST_CASE("a bake that fails with a network error is run three times") {
    BuildWorld fake;
    const std::string err =
        "ERROR: failed to solve: unexpected status from HEAD request to https://registry-1.docker.io/v2/x: 429 Too "
        "Many Requests\n";
    fake.processes.stub({"docker-buildx", "bake"}, failed(err));
    CHECK(error_of(fake).find("a registry could not be reached") != std::string::npos);
    CHECK(fake.processes.ran.size() == 3);
    CHECK(fake.clock.sleeps ==
          std::vector<std::chrono::milliseconds>{std::chrono::seconds(5), std::chrono::seconds(20)});

    BuildWorld better;
    better.processes.stub_with({"docker-buildx", "bake"}, [&](const Command& command) {
        bake(better, "the first ")(command);
        return failed(err);
    });
    better.processes.stub_with({"docker-buildx", "bake"}, bake(better, ""));
    const std::vector<Layout> layouts = better.build().layouts;
    REQUIRE(layouts.size() == 4);
    CHECK(better.files.names_in(layouts.front().directory / "blobs/sha256").size() == 4);  // of one image
    CHECK(better.log.str() ==
          "BuildKit's output goes to /out/build.log\n"
          "the network failed during the build; trying again in 5 s\n");
}

TEST_CASE("a failed step is not retried") {
    BuildWorld fake;
    fake.processes.stub({"docker-buildx", "bake"},
                        failed("ERROR: failed to solve: process \"/bin/sh -c curl\" did not complete successfully: "
                               "exit code: 1 (connection reset)\n"));
    error_of(fake);
    CHECK(fake.processes.ran.size() == 1);
}

TEST_CASE("with the classic image store a temporary builder builds and is removed") {
    BuildWorld fake;
    fake.http.stub("GET", "*", 200, "[]");
    fake.processes.stub({"docker-buildx"}, "");
    fake.bake_builds();
    BuildSettings settings = sample_settings();
    settings.containerd_store = false;
    settings.socket = "/run/engine.sock";
    fake.build(settings);
    REQUIRE(fake.processes.ran.size() == 3);
    const std::string name = fake.processes.ran[0].argv.at(3);
    CHECK(fake.processes.ran[0].argv.at(1) == "create");
    CHECK(fake.processes.ran[1].argv.at(7) == name);
    CHECK(fake.processes.ran[2].argv == std::vector<std::string>{"docker-buildx", "rm", "--force", name});
}

TEST_CASE("a temporary builder is removed when the build fails or is cancelled") {
    for (const bool cancelled : {false, true}) {
        BuildWorld fake;
        fake.processes.stub({"docker-buildx"}, "");
        fake.bake_does([&](const Command&) -> Finished {
            if (cancelled) throw Error{Exit::cancelled, "cancelled", ""};
            return failed("ERROR: failed\n");
        });
        BuildSettings settings = sample_settings();
        settings.containerd_store = false;
        CHECK_THROWS_AS(fake.build(settings), Error);
        CHECK(fake.processes.ran.back().argv.at(1) == "rm");
    }
}

TEST_CASE("a named builder is used unchanged") {
    BuildWorld fake;
    fake.bake_builds();
    BuildSettings settings = sample_settings();
    settings.containerd_store = false;
    settings.builder = "kube";
    fake.build(settings);
    REQUIRE(fake.processes.ran.size() == 1);
    CHECK(fake.processes.ran[0].argv == std::vector<std::string>{"docker-buildx", "bake", "--file",
                                                                 "/tmp/fake-1/bake.json", "--progress", "plain",
                                                                 "--builder", "kube"});
}

TEST_CASE("a failing layer cache is reported and does not fail the build") {
    BuildWorld fake;
    fake.environment = {{"ACTIONS_RUNTIME_TOKEN", "token"}, {"ACTIONS_RESULTS_URL", "https://results.example/"}};
    fake.bake_does([&](const Command& command) {
        CHECK(fake.files.read(command.argv.at(3)).find("ignore-error=true") != std::string::npos);
        Finished finished = bake(fake, "")(command);
        finished.err = "#9 exporting to GitHub Actions Cache\n#9 ERROR: This legacy service is shutting down\n";
        return finished;
    });
    BuildSettings settings = sample_settings();
    settings.cache_to = {"type=gha,mode=max"};
    const Built built = fake.build(settings);
    CHECK(built.layouts.size() == 4);
    REQUIRE(built.notices.size() == 1);
    CHECK(built.notices[0].what == "the layer cache could not be written: This legacy service is shutting down");
}

TEST_CASE("a cache that this job cannot use is omitted from the bake file") {
    BuildWorld fake;
    fake.bake_does([&](const Command& command) {
        CHECK(fake.files.read(command.argv.at(3)).find("gha") == std::string::npos);
        return bake(fake, "")(command);
    });
    BuildSettings settings = sample_settings();
    settings.cache_from = {"type=gha"};
    settings.cache_to = {"type=gha"};
    CHECK(fake.build(settings).notices.size() == 1);
}
