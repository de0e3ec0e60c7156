#include "build/builder.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "build/samples.h"
#include "fakes/fake_world.h"

TEST_CASE("a builder of our own is booted, and removed at the end of its scope") {
    FakeWorld fake;
    fake.processes.answer({"docker-buildx"}, "");
    const World world = fake.world();
    BuildSettings settings = sample_settings();
    settings.buildkit_image = "mirror.example/buildkit:1";
    std::string name;
    {
        const OwnBuilder builder(world, settings, {{"DOCKER_CONFIG", "/ours"}}, "/tmp/fake-1");
        name = builder.name();
    }
    CHECK(name.starts_with("python-image-action-"));
    CHECK(fake.processes.lines() ==
          "docker-buildx create --name " + name +
              " --driver docker-container --bootstrap --driver-opt image=mirror.example/buildkit:1\n"
              "docker-buildx rm --force " +
              name + "\n");
    CHECK(fake.processes.ran.back().environment == Environment{{"DOCKER_CONFIG", "/ours"}});
    CHECK(fake.processes.ran.back().cleans_up);
}

TEST_CASE("two runs have builders of different names") {
    FakeWorld fake;
    fake.processes.answer({"docker-buildx"}, "");
    const World world = fake.world();
    const OwnBuilder one(world, sample_settings(), {}, "/tmp/a");
    const OwnBuilder other(world, sample_settings(), {}, "/tmp/b");
    CHECK(one.name() != other.name());
}

TEST_CASE("a builder of our own knows the engine's mirrors") {
    CHECK(render_buildkit_configuration({}).empty());
    CHECK(render_buildkit_configuration({"https://mirror.example/", "http://127.0.0.1:5000"}) ==
          "[registry.\"docker.io\"]\n"
          "  mirrors = [\"mirror.example\", \"127.0.0.1:5000\"]\n"
          "[registry.\"127.0.0.1:5000\"]\n"
          "  http = true\n");

    FakeWorld fake;
    fake.processes.answer({"docker-buildx"}, "");
    const World world = fake.world();
    BuildSettings settings = sample_settings();
    settings.mirrors = {"http://127.0.0.1:5000"};
    const OwnBuilder builder(world, settings, {}, "/tmp/fake-1");
    CHECK(fake.files.texts.contains("/tmp/fake-1/buildkitd.toml"));
    CHECK(fake.processes.lines() == "docker-buildx create --name " + builder.name() +
                                        " --driver docker-container --bootstrap --driver-opt network=host "
                                        "--buildkitd-config /tmp/fake-1/buildkitd.toml\n");
}

TEST_CASE("a builder that does not boot is an error, and removed") {
    FakeWorld fake;
    fake.processes.answer({"docker-buildx", "create"},
                          Finished{.exit_code = 1,
                                   .timed_out = false,
                                   .out = "",
                                   .err = "ERROR: pulling image moby/buildkit: no such host\n",
                                   .truncated = false});
    fake.processes.answer({"docker-buildx", "rm"}, "");
    const World world = fake.world();
    try {
        const OwnBuilder builder(world, sample_settings(), {}, "/tmp/fake-1");
        FAIL("no error");
    } catch (const Error& error) {
        const std::string text = render_problems(error.problems);
        CHECK(text.find("no builder could be made") != std::string::npos);
        CHECK(text.find("pulling image moby/buildkit: no such host") != std::string::npos);
        CHECK(text.find("hint: the engine has the classic image store") != std::string::npos);
    }
    REQUIRE(fake.processes.ran.size() == 2);
    CHECK(fake.processes.ran[1].argv[1] == "rm");
}

TEST_CASE("what killed runs left behind is removed after a day, others' builders never") {
    FakeWorld fake;  // it is 2026-11-23T12:00:00Z, 1795435200
    fake.http.answer("GET",
                     "http://engine/containers/"
                     "json?all=true&filters=%7B%22name%22%3A%5B%22buildx_buildkit_python-image-action-%22%5D%7D",
                     200,
                     R"([{"Id": "old", "Names": ["/buildx_buildkit_python-image-action-1a0"], "Created": 1795348800},
                         {"Id": "young", "Names": ["/buildx_buildkit_python-image-action-2b0"], "Created": 1795348801},
                         {"Id": "other", "Names": ["/my_buildx_buildkit_python-image-action-3"], "Created": 1}])");
    fake.http.answer("DELETE", "*", 204);
    remove_left_builders(fake.world(), "/run/engine.sock");
    CHECK(fake.http.lines() ==
          "GET "
          "http://engine/containers/"
          "json?all=true&filters=%7B%22name%22%3A%5B%22buildx_buildkit_python-image-action-%22%5D%7D\n"
          "DELETE http://engine/containers/old?force=true&v=true\n"
          "DELETE http://engine/volumes/buildx_buildkit_python-image-action-1a0_state?force=true\n");
    CHECK(fake.http.sent[0].unix_socket == "/run/engine.sock");
    CHECK(fake.log.str() ==
          "removed the builder that a killed run left behind: buildx_buildkit_python-image-action-1a0\n");
}
