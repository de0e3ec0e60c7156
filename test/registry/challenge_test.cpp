#include "registry/challenge.h"

#include <catch2/catch_test_macros.hpp>

using namespace registry;

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
