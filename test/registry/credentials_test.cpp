#include "registry/credentials.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"

using namespace registry;

TEST_CASE("user names and tokens are read from a docker config by host, Docker Hub under its name") {
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

TEST_CASE("a host and a path below it are two entries, and a NUL at the end of a password is stripped") {
    const DockerConfig config = parse_docker_config(
        R"({"auths":{"quay.io":{"auth":"YTpi"},"quay.io/other":{"auth":"YzpkAAA="},"https://ghcr.io/v2/":{"auth":"YTpi"}}})",
        "config.json");
    CHECK(config.credentials.at("quay.io").user == "a");
    CHECK(config.credentials.at("quay.io/other").password.reveal() == "d");
    CHECK(config.credentials.contains("ghcr.io"));
}

TEST_CASE("a login in the browser leaves tokens beside Docker Hub's own entry, which counts") {
    const DockerConfig config = parse_docker_config(
        R"({"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},
                     "https://index.docker.io/v1/access-token":{"auth":"dTphYw=="},
                     "https://index.docker.io/v1/refresh-token":{"auth":"dTpyZQ=="}}})",
        "config.json");
    REQUIRE(config.credentials.size() == 1);
    CHECK(config.credentials.at("docker.io").password.reveal() == "p");
}

TEST_CASE("credential helpers are never run, and a warning says so") {
    const DockerConfig config = parse_docker_config(
        R"({"auths":{"ghcr.io":{}},"credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"}})", "config.json");
    CHECK(config.credentials.empty());
    CHECK(render_problems(config.warnings) ==
          "config.json: warning: credHelpers is not used: no credential program is run\n"
          "  hint: give the user name and the access token as options\n"
          "config.json: warning: credsStore is not used: no credential program is run\n"
          "  hint: give the user name and the access token as options\n");
}

TEST_CASE("an identity token is not used, and a warning says so") {
    const DockerConfig config =
        parse_docker_config(R"({"auths":{"ghcr.io":{"auth":"YTpi","identitytoken":"x"}}})", "config.json");
    CHECK(config.credentials.empty());
    REQUIRE(config.warnings.size() == 1);
    CHECK(config.warnings.front().what == "the identity token for ghcr.io is not used");
}

TEST_CASE("an unreadable entry is reported without showing it") {
    for (const char* auth : {"%%%%", "bm9jb2xvbg==", "abc", "===="}) {
        const DockerConfig config =
            parse_docker_config(std::string(R"({"auths":{"ghcr.io":{"auth":")") + auth + R"("}}})", "config.json");
        CHECK(config.credentials.empty());
        REQUIRE(config.warnings.size() == 1);
        CHECK(config.warnings.front().what == "the entry for ghcr.io cannot be read");
    }
    CHECK_THROWS_AS(parse_docker_config("no json", "config.json"), Error);
}

TEST_CASE("registry-auths is a list of logins by host; a login without a password is ignored") {
    const auto logins =
        parse_registry_auths(Secret("- registry: dhi.io\n  username: user\n  password: pa:ss\n"
                                    "- {registry: index.docker.io, username: hub, password: 0123}\n"
                                    "- {registry: 'registry.example:5000', username: u, password: ''}\n"
                                    "- {registry: ghcr.io, username: u, password: }\n"));
    REQUIRE(logins.size() == 2);
    CHECK(logins.at("dhi.io").user == "user");
    CHECK(logins.at("dhi.io").password.reveal() == "pa:ss");
    CHECK(logins.at("docker.io").password.reveal() == "0123");
    CHECK(parse_registry_auths(Secret("")).empty());
    CHECK(parse_registry_auths(Secret(R"([{"registry":"a.example","username":"u","password":"p"}])")).size() == 1);
}

TEST_CASE("every error in registry-auths names its entry and shows none of its content") {
    const auto faults_of = [](const std::string& text) {
        const Error error = error_of([&] { parse_registry_auths(Secret(text)); });
        CHECK(error.exit == Exit::bad_input);
        return error.problems;
    };
    const Problems problems = faults_of(
        "- canary\n- {registry: canary.example, username: canary}\n- {registry: a, username: b, password: [canary]}\n"
        "- {registry: '', username: b, password: c}\n- {registry: a, username: b, password: c, canary: d}\n"
        "- {registry: a, username: b, password: c}\n- {registry: a, username: canary, password: c}\n");
    CHECK_FALSE(holds(problems, "canary"));
    REQUIRE(problems.size() == 6);
    CHECK(problems[1].what == "entry 2 of registry-auths has no password");
    CHECK(problems[5].what == "entry 7 of registry-auths has the registry of another entry");
    for (const char* text : {"canary", "{canary: 1}", "- [canary", "- &canary x\n- *canari", "\"canary"}) {
        REQUIRE(faults_of(text).size() == 1);
        CHECK_FALSE(holds(faults_of(text), "canar"));
    }
}

TEST_CASE("A Bearer challenge is parsed with its quoted values") {
    const auto challenges = parse_challenges(
        {R"(Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push")"});
    REQUIRE(challenges.size() == 1);
    CHECK(challenges[0].scheme == "bearer");
    CHECK(challenges[0].values.at("realm") == "https://auth.example/token");
    CHECK(challenges[0].values.at("scope") == "repository:a/b:pull,push");
}

TEST_CASE("Several challenges are parsed, in one header or in several") {
    CHECK(parse_challenges({R"(Basic realm="a, b", Bearer realm="https://x/t")"}).size() == 2);
    CHECK(parse_challenges({"Basic realm=\"a\"", "BEARER realm=\"https://x/t\""}).at(1).scheme == "bearer");
}

TEST_CASE("Blanks around an equals sign are allowed (RFC 9110 §11.2)") {
    const auto challenges = parse_challenges({"Negotiate, Bearer realm = \"https://x/t\" , service\t=s"});
    REQUIRE(challenges.size() == 2);
    CHECK(challenges[1].values.at("realm") == "https://x/t");
    CHECK(challenges[1].values.at("service") == "s");
}

TEST_CASE("Malformed headers contain no challenge, and parsing them terminates") {
    CHECK(parse_challenges({"", ",,,", "=\"", "\"\"\""}).empty());
}

TEST_CASE("Credentials are only sent to trustworthy token servers") {
    CHECK(is_trustworthy_realm("https://auth.docker.io/token", "docker.io"));
    CHECK(is_trustworthy_realm("http://127.0.0.1:5001/token", "127.0.0.1:5000"));
    for (const char* realm : {"http://auth.docker.io/token", "https://169.254.169.254/latest", "https://10.0.0.1/t",
                              "https://192.168.1.1/t", "https://127.0.0.1/t", "https://localhost/t", "https://[::1]/t",
                              "file:///etc/passwd", "https://user@evil/t", "https://2130706433/t",
                              "https://LOCALHOST/t", "https://0X7F000001/t", ""}) {
        INFO(realm);
        CHECK_FALSE(is_trustworthy_realm(realm, "registry.example"));
    }
    CHECK(is_trustworthy_realm("https://10.0.0.1:5000/token", "10.0.0.1:5000"));
}
