#include "bake/builder.h"

#include <catch2/catch_test_macros.hpp>

#include "bake/samples.h"
#include "base/json.h"
#include "expect.h"
#include "fakes/fake_world.h"

namespace {

const Finished no_program{.exit_code = 127};

std::string error_of_search(FakeWorld& fake) {
    return thrown_by([&] { find_buildx(fake.world()); });
}

void let_boot_fail(FakeWorld& fake, const std::string& error) {
    fake.processes.stub({"docker-buildx", "create"}, Finished{.exit_code = 1, .err = error});
    fake.processes.stub({"docker-buildx", "rm"}, "");
}

std::string error_of_boot(FakeWorld& fake) {
    const World world = fake.world();
    return thrown_by([&] { const OwnBuilder builder(world, sample_settings(), {}, "/tmp/fake-1"); });
}

}  // namespace

TEST_CASE("docker-buildx on PATH takes precedence over the plug-in") {
    FakeWorld fake;
    fake.processes.stub({"docker-buildx", "version"}, "github.com/docker/buildx v0.36.1 1234567\n");
    CHECK(find_buildx(fake.world()) == std::vector<std::string>{"docker-buildx"});
    CHECK(fake.processes.lines() == "docker-buildx version\n");
}

TEST_CASE("without docker-buildx on PATH the plug-in of the docker CLI is used") {
    FakeWorld fake;
    fake.processes.stub({"docker-buildx"}, no_program);
    fake.processes.stub({"docker", "buildx", "version"}, "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3\n");
    CHECK(find_buildx(fake.world()) == std::vector<std::string>{"docker", "buildx"});
}

TEST_CASE("a buildx without a version is accepted") {
    FakeWorld fake;
    fake.processes.stub({"docker-buildx", "version"}, "github.com/docker/buildx v0.0.0+unknown\n");
    CHECK(find_buildx(fake.world()) == std::vector<std::string>{"docker-buildx"});
}

TEST_CASE("a missing or old buildx is an error that says what to install") {
    FakeWorld none;
    none.processes.stub({"docker-buildx"}, no_program);
    none.processes.stub({"docker"}, Finished{.exit_code = 1, .err = "docker: 'buildx' is not a docker command."});
    CHECK(error_of_search(none) ==
          "buildx is not here: neither docker-buildx nor docker buildx could be run\n"
          "  hint: install buildx 0.13 or newer: docker-buildx on PATH, or the plug-in of the docker CLI\n");
    FakeWorld old;
    old.processes.stub({"docker-buildx", "version"}, "github.com/docker/buildx v0.12.1 abc\n");
    CHECK(error_of_search(old) ==
          "docker-buildx is version 0.12.1: too old for OCI layouts and provenance\n"
          "  hint: install buildx 0.13 or newer: docker-buildx on PATH, or the plug-in of the docker CLI\n");
}

TEST_CASE("buildx gets our configuration and nothing else from the environment") {
    FakeWorld fake;
    fake.environment = {{"PATH", "/bin"},
                        {"HOME", "/home/user"},
                        {"HTTPS_PROXY", "http://proxy:1"},
                        {"GITHUB_TOKEN", "canary"},
                        {"INPUT_DOCKER-TOKEN", "canary"},
                        {"ACTIONS_RUNTIME_TOKEN", "canary"},
                        {"DOCKER_CONFIG", "/theirs"},
                        {"BUILDX_BUILDER", "other"},
                        {"DOCKER_HOST", "unix:///theirs.sock"}};
    BuildSettings settings = sample_settings();
    settings.socket = "/run/engine.sock";
    const Environment expected = {{"PATH", "/bin"},
                                  {"HOME", "/home/user"},
                                  {"HTTPS_PROXY", "http://proxy:1"},
                                  {"NO_COLOR", "1"},
                                  {"BUILDX_BAKE_ENTITLEMENTS_FS", "0"},
                                  {"GIT_CONFIG_GLOBAL", "/ours/gitconfig"},
                                  {"DOCKER_CONFIG", "/ours"},
                                  {"DOCKER_HOST", "unix:///run/engine.sock"}};
    CHECK(buildx_environment(fake.world(), settings, "/ours") == expected);
}

TEST_CASE("a named builder is looked up in the user's configuration") {
    FakeWorld fake;
    fake.environment = {{"PATH", "/bin"}, {"DOCKER_CONFIG", "/theirs"}, {"DOCKER_HOST", "unix:///theirs.sock"}};
    BuildSettings settings = sample_settings();
    settings.builder = "kube";
    const Environment environment = buildx_environment(fake.world(), settings, "/ours");
    CHECK(environment.at("DOCKER_CONFIG") == "/theirs");
    CHECK(environment.at("DOCKER_HOST") == "unix:///theirs.sock");
}

TEST_CASE("buildx gets the token of GitHub's cache only if that cache is used") {
    FakeWorld fake;
    fake.environment = {{"ACTIONS_RUNTIME_TOKEN", "token"}, {"ACTIONS_RESULTS_URL", "https://results"}};
    BuildSettings settings = sample_settings();
    settings.cache_to = {"type=gha,mode=max"};
    CHECK(buildx_environment(fake.world(), settings, "/ours").at("ACTIONS_RUNTIME_TOKEN") == "token");
}

TEST_CASE("buildx gets the version of GitHub's cache service, which the runner does not pass to containers") {
    const auto version_for = [](Environment given) {
        FakeWorld fake;
        fake.environment = std::move(given);
        BuildSettings settings = sample_settings();
        settings.cache_from = {"type=gha"};
        const Environment made = buildx_environment(fake.world(), settings, "/ours");
        const auto found = made.find("ACTIONS_CACHE_SERVICE_V2");
        return found == made.end() ? "" : found->second;
    };
    const std::string results = "https://results-receiver.actions.githubusercontent.com/";
    CHECK(version_for({{"ACTIONS_RESULTS_URL", results}, {"ACTIONS_CACHE_URL", "https://old.example/"}}) == "true");
    CHECK(version_for({{"ACTIONS_RESULTS_URL", results}, {"GITHUB_SERVER_URL", "https://defra.ghe.com"}}) == "true");
    CHECK(version_for({{"ACTIONS_RESULTS_URL", results}, {"GITHUB_SERVER_URL", "https://ghes.defra.example"}}).empty());
    CHECK(version_for({{"ACTIONS_CACHE_URL", "https://old.example/"}}).empty());
}

TEST_CASE("our configuration keeps the user's plug-ins") {
    FakeWorld fake;
    write_docker_configuration(fake.world(), "/ours");
    CHECK(fake.files.texts.at("/ours/config.json") == "{}\n");
    fake.files.directories.insert("/home/user/.docker/cli-plugins");
    write_docker_configuration(fake.world(), "/ours");
    CHECK(fake.files.texts.at("/ours/config.json") ==
          "{\n  \"cliPluginsExtraDirs\": [\n    \"/home/user/.docker/cli-plugins\"\n  ]\n}\n");
}

TEST_CASE("credentials for bases are in our configuration, Docker Hub under its own key") {
    FakeWorld fake;
    write_docker_configuration(fake.world(), "/ours",
                               {{"docker.io", {"user", Secret("pa:ss")}}, {"dhi.io", {"u", Secret("p")}}});
    const rapidjson::Document written = parse_tool_json(fake.files.texts.at("/ours/config.json"), "config.json");
    const Json& auths = member(written, "auths");
    CHECK(text_at(member(auths, "https://index.docker.io/v1/"), "auth") == "dXNlcjpwYTpzcw==");
    CHECK(text_at(member(auths, "dhi.io"), "auth") == "dTpw");
}

TEST_CASE("with credentials a named builder is still found in the user's configuration") {
    FakeWorld fake;
    fake.environment = {{"PATH", "/bin"}, {"HOME", "/home/user"}};
    BuildSettings settings = sample_settings();
    settings.builder = "kube";
    settings.logins = {{"dhi.io", {"u", Secret("p")}}};
    const Environment environment = buildx_environment(fake.world(), settings, "/ours");
    CHECK(environment.at("DOCKER_CONFIG") == "/ours");
    CHECK(environment.at("BUILDX_CONFIG") == "/home/user/.docker/buildx");
    fake.environment["BUILDX_CONFIG"] = "/elsewhere";
    CHECK(buildx_environment(fake.world(), settings, "/ours").at("BUILDX_CONFIG") == "/elsewhere");
}

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
                                        " --driver-opt network=host --buildkitd-config /tmp/fake-1/buildkitd.toml\n");
}

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
    let_boot_fail(better, timeout);
    better.processes.stub({"docker-buildx", "create"}, "");
    CHECK(error_of_boot(better) == "no error");
    CHECK(better.processes.ran.size() == 4);
}

TEST_CASE("leftovers of killed runs are removed after a day, builders of others never") {
    FakeWorld fake;  // its clock starts at 2026-11-23T12:00:00Z, 1795435200
    const std::string list =
        "http://engine/containers/"
        "json?all=true&filters=%7B%22name%22%3A%5B%22buildx_buildkit_python-image-action-%22%5D%7D";
    fake.http.stub("GET", list, 200,
                   R"([{"Id": "old", "Names": ["/buildx_buildkit_python-image-action-1a0"], "Created": 1795348800},
                         {"Id": "young", "Names": ["/buildx_buildkit_python-image-action-2b0"], "Created": 1795348801},
                         {"Id": "other", "Names": ["/my_buildx_buildkit_python-image-action-3"], "Created": 1}])");
    fake.http.stub("DELETE", "*", 204);
    remove_left_builders(fake.world(), "/run/engine.sock");
    CHECK(fake.http.lines() ==
          "GET " + list +
              "\n"
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
