#include "bake/builder.h"

#include <catch2/catch_test_macros.hpp>

#include "bake/samples.h"
#include "base/error.h"
#include "fakes/fake_world.h"

TEST_CASE("a temporary builder is started, and removed at the end of its scope") {
    FakeWorld fake;
    fake.processes.stub({"docker-buildx"}, "");
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

TEST_CASE("builders of two runs have different names") {
    FakeWorld fake;
    fake.processes.stub({"docker-buildx"}, "");
    const World world = fake.world();
    const OwnBuilder one(world, sample_settings(), {}, "/tmp/a");
    const OwnBuilder other(world, sample_settings(), {}, "/tmp/b");
    CHECK(one.name() != other.name());
}

TEST_CASE("a temporary builder uses the engine's mirrors") {
    CHECK(render_buildkit_configuration({}).empty());
    CHECK(render_buildkit_configuration({"https://mirror.example/", "http://127.0.0.1:5000"}) ==
          "[registry.\"docker.io\"]\n"
          "  mirrors = [\"mirror.example\", \"127.0.0.1:5000\"]\n"
          "[registry.\"127.0.0.1:5000\"]\n"
          "  http = true\n");

    FakeWorld fake;
    fake.processes.stub({"docker-buildx"}, "");
    const World world = fake.world();
    BuildSettings settings = sample_settings();
    settings.mirrors = {"http://127.0.0.1:5000"};
    const OwnBuilder builder(world, settings, {}, "/tmp/fake-1");
    CHECK(fake.files.texts.contains("/tmp/fake-1/buildkitd.toml"));
    CHECK(fake.processes.lines() == "docker-buildx create --name " + builder.name() +
                                        " --driver docker-container --bootstrap --driver-opt image=" + usual_buildkit +
                                        " --driver-opt network=host "
                                        "--buildkitd-config /tmp/fake-1/buildkitd.toml\n");
}

namespace {

void let_boot_fail(FakeWorld& fake, const std::string& error) {
    fake.processes.stub({"docker-buildx", "create"},
                        Finished{.exit_code = 1, .timed_out = false, .out = "", .err = error, .truncated = false});
    fake.processes.stub({"docker-buildx", "rm"}, "");
}

std::string error_of_boot(FakeWorld& fake) {
    const World world = fake.world();
    try {
        const OwnBuilder builder(world, sample_settings(), {}, "/tmp/fake-1");
    } catch (const Error& error) {
        return render_problems(error.problems);
    }
    return "no error";
}

}  // namespace

TEST_CASE("a builder that does not start is removed, and the error names the image and the cause") {
    FakeWorld fake;
    let_boot_fail(fake, "ERROR: pulling image: no such host\n");
    const std::string text = error_of_boot(fake);
    CHECK(text.find(std::string("BuildKit could not be started from ") + usual_buildkit) != std::string::npos);
    CHECK(text.find("pulling image: no such host") != std::string::npos);
    CHECK(text.find("hint: the engine could not pull the image: try again, name a mirror") != std::string::npos);
    REQUIRE(fake.processes.ran.size() == 2);
    CHECK(fake.processes.ran[1].argv[1] == "rm");

    FakeWorld other;
    let_boot_fail(other, "ERROR: Error response from daemon: operation not permitted\n");
    CHECK(error_of_boot(other).find("hint: the engine could not run the container") != std::string::npos);
}

TEST_CASE("a pull that fails with a network error is tried three times, each time with a new builder") {
    const std::string timeout =
        "ERROR: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": net/http: request canceled while "
        "waiting for connection (Client.Timeout exceeded while awaiting headers)\n";
    FakeWorld fake;
    let_boot_fail(fake, timeout);
    CHECK(error_of_boot(fake).find("Client.Timeout exceeded") != std::string::npos);
    REQUIRE(fake.processes.ran.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) CHECK(fake.processes.ran[i].argv[1] == (i % 2 == 0 ? "create" : "rm"));

    FakeWorld better;
    better.processes.stub({"docker-buildx", "create"},
                          Finished{.exit_code = 1, .timed_out = false, .out = "", .err = timeout, .truncated = false});
    better.processes.stub({"docker-buildx", "create"}, "");
    better.processes.stub({"docker-buildx", "rm"}, "");
    const World world = better.world();
    { const OwnBuilder builder(world, sample_settings(), {}, "/tmp/fake-1"); }
    CHECK(better.processes.ran.size() == 4);
}
TEST_CASE("leftovers of killed runs are removed after a day, builders of others never") {
    FakeWorld fake;  // its clock starts at 2026-11-23T12:00:00Z, 1795435200
    fake.http.stub("GET",
                   "http://engine/containers/"
                   "json?all=true&filters=%7B%22name%22%3A%5B%22buildx_buildkit_python-image-action-%22%5D%7D",
                   200,
                   R"([{"Id": "old", "Names": ["/buildx_buildkit_python-image-action-1a0"], "Created": 1795348800},
                         {"Id": "young", "Names": ["/buildx_buildkit_python-image-action-2b0"], "Created": 1795348801},
                         {"Id": "other", "Names": ["/my_buildx_buildkit_python-image-action-3"], "Created": 1}])");
    fake.http.stub("DELETE", "*", 204);
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

TEST_CASE("BuildKit is pulled from the mirror of its registry") {
    const std::map<std::string, std::string> mirrors = {{"docker.io", "mirror.example/hub"}, {"gcr.io", "g.example"}};
    CHECK(locate_image("docker.io/moby/buildkit:v1@sha256:1", mirrors) ==
          "mirror.example/hub/moby/buildkit:v1@sha256:1");
    CHECK(locate_image("ghcr.io/a/b:1", mirrors) == "ghcr.io/a/b:1");
    CHECK(locate_image("gcr.io", mirrors) == "gcr.io");
    CHECK(locate_image(usual_buildkit, mirrors).starts_with("mirror.example/hub/moby/buildkit:"));
}
