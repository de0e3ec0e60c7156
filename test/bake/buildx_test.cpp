#include "bake/builder.h"

#include <catch2/catch_test_macros.hpp>

#include "bake/samples.h"
#include "base/error.h"
#include "base/json.h"
#include "fakes/fake_world.h"

namespace {

std::string error_of(FakeWorld& fake) {
    try {
        find_buildx(fake.world());
    } catch (const Error& error) {
        CHECK(error.exit == Exit::failed);
        return render_problems(error.problems);
    }
    return "no error";
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
    fake.processes.stub({"docker-buildx"},
                        Finished{.exit_code = 127, .timed_out = false, .out = "", .err = "", .truncated = false});
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
    none.processes.stub({"docker-buildx"},
                        Finished{.exit_code = 127, .timed_out = false, .out = "", .err = "", .truncated = false});
    none.processes.stub({"docker"}, Finished{.exit_code = 1,
                                             .timed_out = false,
                                             .out = "",
                                             .err = "docker: 'buildx' is not a docker command.",
                                             .truncated = false});
    CHECK(error_of(none) ==
          "buildx is not here: neither docker-buildx nor docker buildx could be run\n"
          "  hint: install buildx 0.13 or newer: docker-buildx on PATH, or the plug-in of the docker CLI\n");
    FakeWorld old;
    old.processes.stub({"docker-buildx", "version"}, "github.com/docker/buildx v0.12.1 abc\n");
    CHECK(error_of(old) ==
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
                               {{"docker.io", "user", Secret("pa:ss")}, {"dhi.io", "u", Secret("p")}});
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
    settings.logins = {{"dhi.io", "u", Secret("p")}};
    const Environment environment = buildx_environment(fake.world(), settings, "/ours");
    CHECK(environment.at("DOCKER_CONFIG") == "/ours");
    CHECK(environment.at("BUILDX_CONFIG") == "/home/user/.docker/buildx");
    fake.environment["BUILDX_CONFIG"] = "/elsewhere";
    CHECK(buildx_environment(fake.world(), settings, "/ours").at("BUILDX_CONFIG") == "/elsewhere");
}
