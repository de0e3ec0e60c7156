#include "registry/credentials.h"

#include <catch2/catch_test_macros.hpp>

using namespace registry;

TEST_CASE("a docker config gives user names and tokens by host, Docker Hub under its name") {
    const DockerConfig config = parse_docker_config(
        R"({"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpwYTpzcw=="},"ghcr.io":{"username":"u","password":"p"},"localhost:5000":{"auth":"YTpi"}}})",
        "config.json");
    CHECK(config.credentials.size() == 3);
    CHECK(config.credentials.at("docker.io").user == "user");
    CHECK(config.credentials.at("docker.io").password.reveal() == "pa:ss");
    CHECK(config.credentials.at("ghcr.io").password.reveal() == "p");
    CHECK(config.credentials.at("localhost:5000").password.reveal() == "b");
    CHECK(config.warnings.empty());
}

TEST_CASE("a host and a path below it are two entries, and a NUL at the end of a password is none of it") {
    const DockerConfig config = parse_docker_config(
        R"({"auths":{"quay.io":{"auth":"YTpi"},"quay.io/other":{"auth":"YzpkAAA="},"https://ghcr.io/v2/":{"auth":"YTpi"}}})",
        "config.json");
    CHECK(config.credentials.at("quay.io").user == "a");
    CHECK(config.credentials.at("quay.io/other").password.reveal() == "d");
    CHECK(config.credentials.contains("ghcr.io"));
}

TEST_CASE("programs that keep credentials are never run, and that is said") {
    const DockerConfig config = parse_docker_config(
        R"({"auths":{"ghcr.io":{}},"credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"}})", "config.json");
    CHECK(config.credentials.empty());
    CHECK(render_problems(config.warnings) ==
          "config.json: warning: credHelpers is not used: no credential program is run\n"
          "  hint: give the user name and the access token as options\n"
          "config.json: warning: credsStore is not used: no credential program is run\n"
          "  hint: give the user name and the access token as options\n");
}

TEST_CASE("an entry that cannot be read is said without being shown") {
    for (const char* auth : {"%%%%", "bm9jb2xvbg==", "abc"}) {
        const DockerConfig config =
            parse_docker_config(std::string(R"({"auths":{"ghcr.io":{"auth":")") + auth + R"("}}})", "config.json");
        CHECK(config.credentials.empty());
        REQUIRE(config.warnings.size() == 1);
        CHECK(config.warnings.front().what == "the entry for ghcr.io cannot be read");
    }
    CHECK_THROWS_AS(parse_docker_config("no json", "config.json"), Error);
}
