#include "probe/engine.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "fakes/fake_world.h"
#include "real_world.h"

namespace {

constexpr const char* version = R"({"Version":"26.1.5+dfsg1","ApiVersion":"1.45"})";
constexpr const char* info =
    R"({"OSType":"linux","Architecture":"x86_64","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]],
    "RegistryConfig":{"IndexConfigs":{"docker.io":{"Mirrors":["https://mirror.example/"]}}}})";

std::string message_of(FakeWorld& fake, Exit exit = Exit::failed) {
    return thrown_by([&] { find_engine(fake.world()); }, exit);
}

void stub_ping(FakeWorld& fake, const std::string& api, std::vector<Header> more = {}) {
    more.push_back({"Api-Version", api});
    fake.http.stub("GET", "http://docker/_ping", 200, "OK", more);
}

const std::string hint =
    "\n  hint: install and start Docker Engine 20.10 or newer, or set DOCKER_HOST=unix:///path/to/docker.sock\n";

}  // namespace

TEST_CASE("the engine at the default socket is found") {
    FakeWorld fake;
    stub_ping(fake, "1.45");
    fake.http.stub("GET", "http://docker/v1.45/version", 200, version);
    fake.http.stub("GET", "http://docker/v1.45/info", 200, info);
    const EngineInfo engine = find_engine(fake.world());
    CHECK(engine.socket == "/var/run/docker.sock");
    CHECK(engine.api_version == "1.45");
    CHECK(engine.containerd_store);
    CHECK(engine.architecture == "amd64");
    CHECK(engine.docker_io_mirrors == std::vector<std::string>{"https://mirror.example/"});
    for (const Request& request : fake.http.sent) CHECK(request.unix_socket == "/var/run/docker.sock");
}

TEST_CASE("an old engine is used with its own API version") {
    FakeWorld fake;
    fake.environment["DOCKER_HOST"] = "unix:///run/my engine.sock";
    stub_ping(fake, "1.41");
    fake.http.stub("GET", "http://docker/v1.41/version", 200, R"({"Version":"20.10.24"})");
    fake.http.stub("GET", "http://docker/v1.41/info", 200,
                   R"({"OSType":"linux","Architecture":"aarch64","DriverStatus":[["Backing Filesystem","extfs"]]})");
    const EngineInfo engine = find_engine(fake.world());
    CHECK(engine.socket == "/run/my engine.sock");
    CHECK_FALSE(engine.containerd_store);
    CHECK(engine.architecture == "arm64");
    CHECK(engine.docker_io_mirrors.empty());
}

TEST_CASE("a newer engine is used with our API version") {
    FakeWorld fake;
    stub_ping(fake, "1.52");
    fake.http.stub("GET", "http://docker/v1.45/version", 200, version);
    fake.http.stub("GET", "http://docker/v1.45/info", 200, info);
    CHECK(find_engine(fake.world()).api_version == "1.45");
}

TEST_CASE("an engine without our API version is used with the oldest one that it has") {
    FakeWorld fake;
    stub_ping(fake, "1.60");
    fake.http.stub("GET", "http://docker/v1.45/version", 400,
                   R"({"message":"client version 1.45 is too old. Minimum supported API version is 1.50"})");
    fake.http.stub("GET", "http://docker/version", 200, R"({"Version":"40.0.0","MinAPIVersion":"1.50"})");
    fake.http.stub("GET", "http://docker/v1.50/info", 200, info);
    const EngineInfo engine = find_engine(fake.world());
    CHECK(engine.api_version == "1.50");
}

TEST_CASE("the error of an engine that rejects our API version is quoted") {
    FakeWorld fake;
    stub_ping(fake, "1.45");
    fake.http.stub("GET", "http://docker/v1.45/version", 400, R"({"message":"no"})");
    fake.http.stub("GET", "http://docker/version", 200, version);
    CHECK(message_of(fake).starts_with("the Docker Engine refused GET /v1.45/version with HTTP 400: no"));
}

TEST_CASE("a rootless engine is found if the default socket does not respond") {
    FakeWorld fake;
    fake.environment["XDG_RUNTIME_DIR"] = "/run/user/1000";
    fake.http.stub_with("GET", "http://docker/_ping", [](const Request& request) -> Response {
        if (request.unix_socket == "/var/run/docker.sock")
            throw Error{Exit::failed, "GET docker/_ping: could not connect", ""};
        return {200, {{"Api-Version", "1.45"}}, "OK"};
    });
    fake.http.stub("GET", "http://docker/v1.45/version", 200, version);
    fake.http.stub("GET", "http://docker/v1.45/info", 200, info);
    CHECK(find_engine(fake.world()).socket == "/run/user/1000/docker.sock");
}

TEST_CASE("without an engine one line names the sockets that were tried") {
    FakeWorld fake;
    fake.http.fail("GET", "http://docker/_ping");
    fake.environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
    CHECK(message_of(fake) == "there is no Docker Engine: /nowhere/docker.sock is not there" + hint);
    fake.environment["DOCKER_HOST"] = "unix:///tmp";
    CHECK(message_of(fake) == "there is no Docker Engine: /tmp is not a socket" + hint);
}

TEST_CASE("a socket without permission is not reported as a missing engine") {
    const WorkTree tree;
    const std::string socket = (tree.path / "docker.sock").string();
    std::filesystem::permissions(tree.path, std::filesystem::perms::all);
    const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    FakeWorld fake;
    fake.http.fail("GET", "http://docker/_ping");
    fake.environment["DOCKER_HOST"] = "unix://" + socket;
    CHECK(message_of(fake) == "there is no Docker Engine: " + socket + " does not answer" + hint);

    std::filesystem::permissions(socket, std::filesystem::perms::none);
    const uid_t user = geteuid();
    if (user == 0) REQUIRE(seteuid(65534) == 0);  // root has access to every socket
    const std::string text = message_of(fake);
    if (user == 0) REQUIRE(seteuid(0) == 0);
    close(listener);
    CHECK(text == "no Docker Engine can be used: " + socket +
                      " may not be used by this user\n  hint: let this user use the socket: add the user to the group "
                      "docker and log in again, or run as root\n");
}

TEST_CASE("a remote engine is an invalid option") {
    FakeWorld fake;
    fake.environment["DOCKER_HOST"] = "tcp://build.example:2376";
    CHECK(
        message_of(fake, Exit::bad_input) ==
        "DOCKER_HOST is \"tcp://build.example:2376\", and only an engine behind a socket on this machine can be used\n"
        "  hint: unset it, or write unix:///path/to/docker.sock\n");
}

TEST_CASE("an unusable engine is reported in one line") {
    FakeWorld podman;
    stub_ping(podman, "1.41", {{"Libpod-API-Version", "4.3.1"}});
    CHECK(message_of(podman) == "behind /var/run/docker.sock is Podman, which is no Docker Engine" + hint);

    FakeWorld old;
    stub_ping(old, "1.40");
    CHECK(message_of(old) ==
          "the Docker Engine behind /var/run/docker.sock speaks API 1.40, and 1.41 is needed" + hint);

    FakeWorld other;
    other.http.stub("GET", "http://docker/_ping", 404, "nginx");
    CHECK(message_of(other) == "what answers behind /var/run/docker.sock is no Docker Engine (HTTP 404)" + hint);

    FakeWorld windows;
    stub_ping(windows, "1.45");
    windows.http.stub("GET", "http://docker/v1.45/version", 200, version);
    windows.http.stub("GET", "http://docker/v1.45/info", 200, R"({"OSType":"windows"})");
    CHECK(message_of(windows) ==
          "the Docker Engine behind /var/run/docker.sock runs windows containers\n  hint: switch it to Linux "
          "containers\n");
}

TEST_CASE("an engine's error is quoted") {
    FakeWorld fake;
    stub_ping(fake, "1.45");
    fake.http.stub("GET", "http://docker/v1.45/version", 500, R"({"message":"the disk\nis full"})");
    CHECK(message_of(fake) ==
          "the Docker Engine refused GET /v1.45/version with HTTP 500: the disk is full\n"
          "  hint: see the engine's own log; docker info shows whether it is well\n");
}

TEST_CASE("a cancellation is not taken for a missing response") {
    FakeWorld fake;
    fake.http.stub_with("GET", "http://docker/_ping", [](const Request&) -> Response { throw Error{Exit::cancelled}; });
    CHECK(message_of(fake, Exit::cancelled).empty());
}
