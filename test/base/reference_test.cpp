#include "base/reference.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("References are parsed by Docker's rules") {
    const auto text = [](const std::string& name) { return render_reference(*parse_reference(name)); };
    CHECK(text("python") == "docker.io/library/python:latest");
    CHECK(text("python:3.13.3-slim-bookworm") == "docker.io/library/python:3.13.3-slim-bookworm");
    CHECK(text("defradigital/python:1.0.0") == "docker.io/defradigital/python:1.0.0");
    CHECK(text("gcr.io/distroless/cc-debian12:nonroot") == "gcr.io/distroless/cc-debian12:nonroot");
    CHECK(text("localhost:5000/a/b") == "localhost:5000/a/b:latest");
    CHECK(text("localhost/a") == "localhost/a:latest");
    const std::string digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    CHECK(text("index.docker.io/python@" + digest) == "docker.io/library/python@" + digest);
}

TEST_CASE("Invalid references are rejected") {
    for (const char* text : {"", "Python", "python:", "a/b:ta g", "-a", "a//b", "a@sha256:123", "$(id)", "a;b", "a\nb",
                             "localhost:99999/a", "[::1]:99999/a", "https://x/y", "a/../b"}) {
        INFO(text);
        CHECK_FALSE(parse_reference(text));
    }
}

TEST_CASE("Names of any length are read, and too long ones are rejected") {
    CHECK(parse_reference(std::string(1000, 'a') + ".example/a"));
    CHECK_FALSE(parse_reference(std::string(100'000, 'a') + ".example/a"));
    CHECK_FALSE(is_repository(std::string(1'000'000, 'a')));
    CHECK_FALSE(is_tag(std::string(1'000'000, 'a')));
}

TEST_CASE("Only hosts on this machine are used without TLS") {
    CHECK(is_loopback("localhost:5000"));
    CHECK(is_loopback("127.0.0.1"));
    CHECK(is_loopback("LocalHost:5000"));
    CHECK(is_loopback("[::1]:5000"));
    CHECK_FALSE(is_loopback("localhost.example"));
    CHECK_FALSE(is_loopback("127.0.0.1.example"));
    CHECK_FALSE(is_loopback("10.0.0.1"));
}

TEST_CASE("references that differ only in the spelling of Docker Hub are equal") {
    for (const std::string written : {"docker.io/library/python:3.13", "docker.io/python:3.13",
                                      "index.docker.io/library/python:3.13", "library/python:3.13", "python:3.13"}) {
        INFO(written);
        CHECK(familiar_name(written) == "python:3.13");
    }
    const std::string digest = "@sha256:" + std::string(64, 'a');
    CHECK(familiar_name("python:latest") == "python");
    CHECK(familiar_name("python" + digest) == "python" + digest);
    CHECK(familiar_name("docker.io/a/b:1" + digest) == "a/b:1" + digest);
    CHECK(familiar_name("gcr.io/distroless/cc-debian12:nonroot") == "gcr.io/distroless/cc-debian12:nonroot");
    CHECK(familiar_name("localhost:5000/library/x:1") == "localhost:5000/library/x:1");
    for (const std::string wrong :
         {"", "python:", "Python", "gcr.io/distroless/:nonroot", "a@sha256:1", "\"a\"", "a b"}) {
        INFO(wrong);
        CHECK_FALSE(familiar_name(wrong));
    }
}
