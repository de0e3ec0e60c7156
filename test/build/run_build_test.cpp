#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "base/json.h"
#include "build/build.h"
#include "build/samples.h"
#include "fakes/fake_world.h"

namespace {

Finished failed(const std::string& err) {
    return {.exit_code = 1, .timed_out = false, .out = "", .err = err, .truncated = false};
}

/// A layout of one image for linux/amd64, as bake would have written it. `mark` makes its digest its own.
void write_layout(FakeFiles& files, const std::filesystem::path& folder, const std::string& mark) {
    const std::string config = R"({"os": "linux", "architecture": "amd64", "mark": ")" + mark + "\"}";
    files.texts[blob_path(folder, sha256(config))] = config;
    const std::string manifest =
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config":
        {"mediaType": "application/vnd.oci.image.config.v1+json", "size": )" +
        std::to_string(config.size()) + R"(, "digest": ")" + sha256(config).text() + R"("}, "layers": []})";
    files.texts[blob_path(folder, sha256(manifest))] = manifest;
    files.texts[folder / "oci-layout"] = R"({"imageLayoutVersion": "1.0.0"})";
    files.texts[folder / "index.json"] =
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": )" +
        std::to_string(manifest.size()) + R"(, "digest": ")" + sha256(manifest).text() +
        R"(", "platform": {"os": "linux", "architecture": "amd64"}}]})";
}

const std::vector<std::string> names = {"3.13.3-development-linux-amd64", "3.13.3-production-linux-amd64",
                                        "3.12.6-development-linux-amd64", "3.12.6-production-linux-amd64"};

/// A bake that does what its file says, as far as these tests go.
FakeProcesses::Effect bake(FakeWorld& fake, const std::string& mark) {
    return [&fake, mark](const Command& command) {
        const rapidjson::Document file = parse_tool_json(fake.files.read(command.argv.at(3)), "bake file");
        CHECK(items_at(member(member(file, "group"), "default"), "targets").Size() == 4);
        for (const std::string& name : names) write_layout(fake.files, "/out/images.building/" + name, mark + name);
        return Finished{};
    };
}

void put_dockerfile(FakeWorld& fake) {
    fake.files.texts["/checkout/Dockerfile"] = sample_dockerfile;
}

std::vector<std::string> argv_of_bake(const FakeWorld& fake) {
    for (const Command& command : fake.processes.ran) {
        if (command.argv.size() > 1 && command.argv[1] == "bake") return command.argv;
    }
    return {};
}

std::string error_of(FakeWorld& fake, const BuildSettings& settings) {
    try {
        run_build(fake.world(), sample_plan(), settings);
    } catch (const Error& error) {
        return render_problems(error.problems);
    }
    return "no error";
}

}  // namespace

TEST_CASE("one bake makes all layouts, in the order of the plan") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.processes.answer_by({"docker-buildx", "bake"}, bake(fake, ""));
    const std::vector<Layout> layouts = run_build(fake.world(), sample_plan(), sample_settings()).layouts;
    REQUIRE(layouts.size() == 4);
    for (std::size_t i = 0; i < layouts.size(); ++i) {
        CHECK(layouts[i].name == names[i]);
        CHECK(layouts[i].folder == "/out/images/" + names[i]);
        CHECK(fake.files.is_folder(layouts[i].folder));
    }
    REQUIRE(fake.processes.ran.size() == 1);
    const std::vector<std::string> argv = {"docker-buildx",         "bake",       "--file",
                                           "/tmp/fake-1/bake.json", "--progress", "plain"};
    CHECK(fake.processes.ran[0].argv == argv);
    CHECK(fake.processes.ran[0].relayed);
    CHECK(fake.processes.ran[0].environment.at("DOCKER_CONFIG") == "/tmp/fake-1");
}

TEST_CASE("a build leaves nothing but its layouts") {
    FakeWorld fake;
    put_dockerfile(fake);
    write_layout(fake.files, "/out/images.building/of-an-interrupted-build", "x");
    const FakeProcesses::Effect good_bake = bake(fake, "");
    fake.processes.answer_by({"docker-buildx", "bake"}, [&](const Command& command) {
        CHECK(fake.files.names_in("/out/images.building").empty());
        return good_bake(command);
    });
    run_build(fake.world(), sample_plan(), sample_settings());
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"images"});
    CHECK(fake.files.names_in("/out/images").size() == 4);
    CHECK_FALSE(fake.files.is_folder("/tmp/fake-1"));
}

TEST_CASE("a second build takes the place of the first, and of its images only") {
    FakeWorld fake;
    put_dockerfile(fake);
    write_layout(fake.files, "/out/images/3.11.1-production-linux-amd64", "of another plan");
    fake.processes.answer_by({"docker-buildx", "bake"}, bake(fake, "first"));
    const std::vector<Layout> first = run_build(fake.world(), sample_plan(), sample_settings()).layouts;
    fake.processes.answers.clear();
    fake.processes.answer_by({"docker-buildx", "bake"}, bake(fake, "second"));
    const std::vector<Layout> second = run_build(fake.world(), sample_plan(), sample_settings()).layouts;
    CHECK(first[0].manifest != second[0].manifest);
    CHECK(load_layout(fake.files, "/out/images/" + names[0], "3.13.3-development", "linux/amd64").manifest ==
          second[0].manifest);
    CHECK(fake.files.names_in("/out/images").size() == 5);
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"images"});
}

TEST_CASE("a build that fails leaves the former layouts as they were") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.processes.answer_by({"docker-buildx", "bake"}, bake(fake, "first"));
    const std::vector<Layout> first = run_build(fake.world(), sample_plan(), sample_settings()).layouts;
    fake.processes.answers.clear();
    fake.processes.answer_by({"docker-buildx", "bake"}, [&](const Command&) {
        write_layout(fake.files, "/out/images.building/" + names[0], "half");
        return failed("ERROR: no space left on device\n");
    });
    CHECK(error_of(fake, sample_settings()) ==
          "the build failed: no space left on device\n"
          "  ran: docker-buildx bake --file /tmp/fake-2/bake.json --progress plain\n"
          "  hint: make room where the engine keeps its data: docker system df shows what is there\n");
    CHECK(load_layout(fake.files, "/out/images/" + names[0], "3.13.3-development", "linux/amd64").manifest ==
          first[0].manifest);
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"images"});
}

TEST_CASE("a bake that leaves out an image replaces none") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.processes.answer_by({"docker-buildx", "bake"}, [&](const Command&) {
        for (std::size_t i = 0; i < 3; ++i) write_layout(fake.files, "/out/images.building/" + names[i], "x");
        return Finished{};
    });
    CHECK(error_of(fake, sample_settings()) != "no error");
    CHECK(fake.files.names_in("/out/images").empty());
}

TEST_CASE("a bake that the network ended is run three times, not more") {
    FakeWorld fake;
    put_dockerfile(fake);
    const std::string err =
        "ERROR: failed to solve: unexpected status from HEAD request to https://registry-1.docker.io/v2/x: 429 Too "
        "Many Requests\n";
    fake.processes.answer({"docker-buildx", "bake"}, failed(err));
    CHECK(error_of(fake, sample_settings()).find("a registry could not be reached") != std::string::npos);
    CHECK(fake.processes.ran.size() == 3);
    CHECK(fake.clock.sleeps ==
          std::vector<std::chrono::milliseconds>{std::chrono::seconds(5), std::chrono::seconds(20)});

    FakeWorld better;
    put_dockerfile(better);
    better.processes.answer({"docker-buildx", "bake"}, failed(err));
    better.processes.answer_by({"docker-buildx", "bake"}, bake(better, ""));
    CHECK(run_build(better.world(), sample_plan(), sample_settings()).layouts.size() == 4);
    CHECK(better.log.str() == "the network failed during the build; trying again in 5 s\n");
}

TEST_CASE("a failed step is not tried again") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.processes.answer({"docker-buildx", "bake"},
                          failed("ERROR: failed to solve: process \"/bin/sh -c curl\" did not complete successfully: "
                                 "exit code: 1 (connection reset)\n"));
    error_of(fake, sample_settings());
    CHECK(fake.processes.ran.size() == 1);
}

TEST_CASE("with the classic image store a builder of our own does it, and is removed") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.http.answer("GET", "*", 200, "[]");
    fake.processes.answer({"docker-buildx"}, "");
    fake.processes.answer_by({"docker-buildx", "bake"}, bake(fake, ""));
    BuildSettings settings = sample_settings();
    settings.containerd_store = false;
    settings.socket = "/run/engine.sock";
    run_build(fake.world(), sample_plan(), settings);
    REQUIRE(fake.processes.ran.size() == 3);
    const std::string name = fake.processes.ran[0].argv.at(3);
    CHECK(fake.processes.ran[0].argv.at(1) == "create");
    CHECK(argv_of_bake(fake).at(7) == name);
    CHECK(fake.processes.ran[2].argv == std::vector<std::string>{"docker-buildx", "rm", "--force", name});
}

TEST_CASE("a builder of our own is removed when the build fails or is cancelled") {
    for (const bool cancelled : {false, true}) {
        FakeWorld fake;
        put_dockerfile(fake);
        fake.processes.answer({"docker-buildx"}, "");
        fake.processes.answer_by({"docker-buildx", "bake"}, [&](const Command&) -> Finished {
            if (cancelled) throw Error{Exit::cancelled, {{{}, "cancelled", ""}}};
            return failed("ERROR: failed\n");
        });
        BuildSettings settings = sample_settings();
        settings.containerd_store = false;
        CHECK_THROWS_AS(run_build(fake.world(), sample_plan(), settings), Error);
        CHECK(fake.processes.ran.back().argv.at(1) == "rm");
    }
}

TEST_CASE("a named builder is used as it is") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.processes.answer_by({"docker-buildx", "bake"}, bake(fake, ""));
    BuildSettings settings = sample_settings();
    settings.containerd_store = false;
    settings.builder = "kube";
    settings.no_cache = true;
    run_build(fake.world(), sample_plan(), settings);
    REQUIRE(fake.processes.ran.size() == 1);
    CHECK(fake.processes.ran[0].argv == std::vector<std::string>{"docker-buildx", "bake", "--file",
                                                                 "/tmp/fake-1/bake.json", "--progress", "plain",
                                                                 "--builder", "kube", "--no-cache"});
}

TEST_CASE("trouble with the layer cache fails no build and is reported") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.environment = {{"ACTIONS_RUNTIME_TOKEN", "token"}, {"ACTIONS_RESULTS_URL", "https://results.example/"}};
    fake.processes.answer_by({"docker-buildx", "bake"}, [&](const Command& command) {
        CHECK(fake.files.read(command.argv.at(3)).find("ignore-error=true") != std::string::npos);
        Finished finished = bake(fake, "")(command);
        finished.err = "#9 exporting to GitHub Actions Cache\n#9 ERROR: This legacy service is shutting down\n";
        return finished;
    });
    BuildSettings settings = sample_settings();
    settings.cache_to = {"type=gha,mode=max"};
    const Built built = run_build(fake.world(), sample_plan(), settings);
    CHECK(built.layouts.size() == 4);
    REQUIRE(built.notices.size() == 1);
    CHECK(built.notices[0].what == "the layer cache could not be written: This legacy service is shutting down");
}

TEST_CASE("a cache that this job cannot use is left out of the bake file") {
    FakeWorld fake;
    put_dockerfile(fake);
    fake.processes.answer_by({"docker-buildx", "bake"}, [&](const Command& command) {
        CHECK(fake.files.read(command.argv.at(3)).find("gha") == std::string::npos);
        return bake(fake, "")(command);
    });
    BuildSettings settings = sample_settings();
    settings.cache_from = {"type=gha"};
    settings.cache_to = {"type=gha"};
    CHECK(run_build(fake.world(), sample_plan(), settings).notices.size() == 1);
}
