// Real registries of several implementations: tokens, certificates, full disks, and races between real processes.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <catch2/generators/catch_generators.hpp>

#include "expect.h"
#include "peer.h"
#include "registry/directory.h"
#include "registry/upload.h"
#include "system/cancellation.h"
#include "token_server.h"

namespace {

/// Delays every request.
struct SlowHttp : Http {
    Http& real;
    std::chrono::milliseconds pause;

    SlowHttp(Http& http, std::chrono::milliseconds each) : real(http), pause(each) {}
    Response send(const Request& request) override {
        std::this_thread::sleep_for(pause);
        return real.send(request);
    }
};

void check_takes_everything(const std::string& host) {
    Peer peer;
    const World world = peer.world();
    const SampleMatrix last = peer.matrix("1.0.0");
    const SampleMatrix next = peer.matrix("1.1.0");
    for (const SampleMatrix* matrix : {&last, &next}) {
        peer.push(*matrix, host, peer.real.http);
        Client client(world, {});
        CHECK(is_complete(client, host, *matrix));
        const std::size_t before = client.requests();
        const std::vector<ExistingTag> existing =
            load_existing_tags(client, host, matrix->candidates, matrix->sources, 4);
        CHECK(matrix->publish(existing).steps.empty());
        CHECK(client.requests() - before == matrix->tag_count());
    }
}

}  // namespace

TEST_CASE("other registry implementations accept everything too", "[peer]") {
    // Only here: crane's registry validates other things than distribution's.
    SECTION("crane's") {
        if (!CraneRegistry::is_installed()) SKIP("crane is not there: tools/ready registries");
        const CraneRegistry registry;
        check_takes_everything(registry.host());
    }
    SECTION("a current distribution") {
        const std::string program = (cache_directory() / "bin/distribution").string();
        if (access(program.c_str(), X_OK) != 0) SKIP("there is no current distribution: tools/ready registries");
        const DockerRegistry registry(RegistrySetup{.program = program});
        check_takes_everything(registry.host());
    }
}

TEST_CASE("skopeo and crane copy what we push and read our directories without changing a digest", "[peer]") {
    // Only here: other clients read what we pushed and what we wrote to disk.
    needs_docker_registry();
    if (!CraneRegistry::is_installed()) SKIP("crane is not there: tools/ready registries");
    const DockerRegistry registry;
    const CraneRegistry other;
    Peer peer;
    const SampleMatrix matrix = peer.matrix("1.0.0");
    peer.push(matrix, registry.host(), peer.real.http);
    const World world = peer.world();
    const fs::path directory = make_server_directory();
    run_publication_to_directory(world, matrix.publish(), matrix.sources, directory);
    Client client(world, {});
    const auto succeed = [&](const std::vector<std::string>& argv) {
        const Finished finished = peer.real.processes.run({.argv = argv, .environment = peer.real.environment});
        INFO(finished.out << finished.err);
        REQUIRE(finished.exit_code == 0);
    };
    const auto skopeo_copies = [&](const std::string& from, const std::string& repository, const Candidate& candidate) {
        const std::string to = other.host() + "/" + repository + ":" + candidate.version_tag;
        succeed({"skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false",
                 from, "docker://" + to});
        CHECK(ask_tag(client, other.host(), repository, candidate.version_tag) == candidate.index);
    };
    for (const Candidate& candidate : matrix.candidates) {
        INFO(candidate.name);
        const std::string pushed = registry.host() + "/" + candidate.repository + ":" + candidate.version_tag;
        const fs::path layout = directory / candidate.repository;
        skopeo_copies("docker://" + pushed, "skopeo/pushed", candidate);
        skopeo_copies("oci:" + layout.string() + ":" + candidate.version_tag, "skopeo/directory", candidate);
        succeed({"crane", "copy", "--insecure", pushed, other.host() + "/crane/pushed:" + candidate.version_tag});
        CHECK(ask_tag(client, other.host(), "crane/pushed", candidate.version_tag) == candidate.index);
        succeed({"crane", "pull", "--insecure", "--format=oci", pushed, (directory / candidate.name).string()});
        const Manifest pulled =
            parse_manifest(peer.real.files.read(directory / candidate.name / "index.json"), "pulled");
        REQUIRE(pulled.children.size() == 1);
        CHECK(pulled.children.front().digest == candidate.index);
        succeed({"crane", "push", "--insecure", "--index", layout.string(), other.host() + "/crane/directory:all"});
        CHECK(ask_tag(client, other.host(), "crane/directory", candidate.index.text()));
    }
    fs::remove_all(directory);
}

TEST_CASE("each scope gets its own token, in either response format", "[peer]") {
    // Only here: a real registry checks the signature and the scope of each token.
    needs_docker_registry();
    TokenServer tokens;
    const DockerRegistry registry(RegistrySetup{.auth = tokens.auth()});
    Peer peer;
    tokens.style = GENERATE(TokenServer::Style::token_with_life, TokenServer::Style::access_token_alone);
    const SampleMatrix matrix = peer.matrix("1.0.0");
    peer.push(matrix, registry.host(), peer.real.http);
    CHECK(is_complete(peer, registry.host(), matrix));
    CHECK(tokens.given <= 12);
}

TEST_CASE("tokens that expire during a push are renewed", "[peer]") {
    // Only here: a real registry rejects a token by its own clock.
    needs_docker_registry();
    TokenServer tokens;
    const DockerRegistry registry(RegistrySetup{.auth = tokens.auth()});
    Peer peer;
    peer.push(peer.matrix("0.9.0"), registry.host(), peer.real.http);
    const int without_end = tokens.given.exchange(0);
    tokens.lives = -55;  // docker-registry tolerates a minute: five seconds are left
    SlowHttp slow(peer.real.http, std::chrono::milliseconds(250));
    const SampleMatrix matrix = peer.matrix("1.0.0");
    peer.push(matrix, registry.host(), slow);
    tokens.lives = 300;
    CHECK(is_complete(peer, registry.host(), matrix));
    CHECK(tokens.given > without_end);
}

TEST_CASE("a token without push permission is reported once, without further token requests", "[peer]") {
    // Only here: a real registry words the rejection.
    needs_docker_registry();
    TokenServer tokens;
    tokens.lets_push = false;
    const DockerRegistry registry(RegistrySetup{.auth = tokens.auth()});
    Peer peer;
    const World world = peer.world();
    Client client(world, {.credentials = {{registry.host(), {"user", Secret("pw")}}}});
    const Problems problems = error_of([&] { try_push(client, registry.host(), "defra/python"); }).problems;
    CHECK(holds(problems, "the credentials do not allow a push to " + registry.host() + "/defra/python"));
    CHECK(tokens.given <= 2);
}

TEST_CASE("TLS accepts only a trusted authority and the right host", "[peer]") {
    // Only here: the checks of libcurl and OpenSSL, with each kind of certificate.
    needs_docker_registry();
    const fs::path directory = make_server_directory();
    make_certificate(directory, "ours", "registry.localhost");
    make_certificate(directory, "elsewhere", "elsewhere.localhost");
    const auto setup = [&](const std::string& certificate) {
        return RegistrySetup{.tls = fmt::format("  tls:\n    certificate: {0}.crt\n    key: {0}.key\n",
                                                (directory / certificate).string()),
                             .name = certificate + ".localhost",
                             .environment = {{"SSL_CERT_FILE", (directory / (certificate + ".crt")).string()}}};
    };
    RegistrySetup ours = setup("ours");
    ours.name = "registry.localhost";
    const DockerRegistry registry(ours);
    const DockerRegistry other(setup("elsewhere"));
    Peer peer;
    RealHttp trusting(ours.environment);
    const SampleMatrix matrix = peer.matrix("1.0.0");
    peer.push(matrix, registry.host(), trusting);
    const World world = peer.world(trusting);
    Client client(world, {});
    CHECK(is_complete(client, registry.host(), matrix));

    RealHttp strict(Environment{});
    CHECK(holds(error_of([&] { peer.push(matrix, registry.host(), strict); }).problems, "certificate"));
    const std::string wrong_host = "registry.localhost:" + std::to_string(other.port());
    RealHttp trusting_other(setup("elsewhere").environment);
    CHECK(holds(error_of([&] { peer.push(matrix, wrong_host, trusting_other); }).problems, "certificate"));
    CHECK(peer.clock.sleeps.empty());  // a retry would fail the same way
    fs::remove_all(directory);
}

TEST_CASE("the error of a registry with a full disk is quoted, and nothing visible changed", "[peer]") {
    // Only here: a full file system, and how a real registry reports it.
    needs_docker_registry();
    const DockerRegistry registry;
    fs::create_directories(registry.storage());
    if (mount("none", registry.storage().c_str(), "tmpfs", 0, "size=128k") != 0) SKIP("no tmpfs may be mounted here");
    Peer peer;
    const SampleMatrix matrix = peer.matrix("1.0.0");
    const Problems problems = error_of([&] { peer.push(matrix, registry.host(), peer.real.http); }).problems;
    umount2(registry.storage().c_str(), MNT_DETACH);  // the registry keeps an incomplete upload open
    CHECK(problems.front().what.starts_with("Nothing visible changed."));
    // "no space left on device" or "Err":28, depending on which request hits the full disk.
    CHECK(holds(problems, "500: UNKNOWN unknown error"));
    peer.push(matrix, registry.host(), peer.real.http);
    CHECK(is_complete(peer, registry.host(), matrix));
}

TEST_CASE("the memory of an upload does not depend on its size", "[peer][alone]") {
    // Only here: the memory of a whole process, including the buffers of libcurl.
    needs_docker_registry();
    const DockerRegistry registry;
    Peer peer;
    const World world = peer.world();
    const auto megabytes_held = [&](std::uintmax_t megabytes) {
        const fs::path file = peer.real.tree.path / std::to_string(megabytes);
        peer.real.files.write(file, "x");
        fs::resize_file(file, megabytes << 20U);
        const Blob blob{peer.real.files.digest_of(file), megabytes << 20U, file};
        const pid_t child = fork();
        if (child == 0) {
            Client client(world, {});
            _exit(upload_blob(client, peer.real.files, registry.host(), "a", blob, "", false) == Arrival::sent ? 0 : 1);
        }
        int status = -1;
        rusage usage{};
        wait4(child, &status, 0, &usage);
        CHECK(status == 0);
        return usage.ru_maxrss / 1024;
    };
    const long small = megabytes_held(20);
    const long large = megabytes_held(500);
    INFO(small << " MB for 20 MB, " << large << " MB for 500 MB");
    CHECK(large < small + 10);
}

TEST_CASE("a host that accepts no connection or never responds to an upload times out", "[peer]") {
    // Only here: real sockets that stay silent, and real time.
    Peer peer;
    const fs::path file = peer.real.tree.path / "blob";
    peer.real.files.write(file, "the bytes");
    const auto seconds_until_given_up = [&](const Request& request) {
        RealHttp http{Environment{}};
        const auto started = std::chrono::steady_clock::now();
        CHECK_THROWS_AS(http.send(request), Error);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    };
    // The backlog is full: the kernel no longer responds to a SYN.
    int port = 0;
    const int listener = listen_somewhere(port, 0);
    std::vector<int> waiting;
    for (int i = 0; i < 4; ++i) {
        const int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sockaddr_in address = loopback(port);
        [[maybe_unused]] const int begun = connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        waiting.push_back(one);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(seconds_until_given_up({.url = "http://127.0.0.1:" + std::to_string(port) + "/v2/"}) < 15);
    for (const int one : waiting) close(one);
    close(listener);

    const LocalServer silent([](const std::string&) { return Reply{"", Reply::Then::hang}; });
    CHECK(seconds_until_given_up({.method = "PUT",
                                  .url = silent.url("/v2/a/blobs/uploads/1"),
                                  .body_file = file,
                                  .timeout = std::chrono::seconds(0)}) < 75);
}

TEST_CASE("an interrupt during a push ends it at once and reports what is visible", "[peer][alone]") {
    // Only here: a signal reaches a process during a real transfer.
    // A registry that accepts the first upload and then stops responding.
    LocalServer silent([](const std::string& request) {
        if (request.starts_with("HEAD")) return make_reply(404, "");
        if (request.starts_with("POST")) return make_reply(202, "", "Location: /v2/defra/python/blobs/uploads/1\r\n");
        return Reply{"", Reply::Then::hang};
    });
    Peer peer;
    const SampleMatrix matrix = peer.matrix("1.0.0");
    const fs::path report = peer.real.tree.path / "report";
    const pid_t child = fork();
    if (child == 0) {
        watch_for_cancellation();
        int code = 0;
        try {
            RealHttp http{Environment{}};
            peer.push(matrix, silent.host(), http);
        } catch (const Error& error) {
            code = static_cast<int>(error.exit);
            std::ofstream(report) << render_problems(error.problems) << std::flush;
        }
        _exit(code);
    }
    for (int look = 0; look < 200 && silent.requests().size() < 20; ++look)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto interrupted = std::chrono::steady_clock::now();
    kill(child, SIGINT);
    CHECK(exit_code_of(child) == 130);
    CHECK(std::chrono::steady_clock::now() - interrupted < std::chrono::seconds(6));
    CHECK(peer.real.files.read(report).starts_with("Nothing visible changed."));
}

TEST_CASE("two concurrent runs publish both versions, and the moving tags name the newer one", "[peer]") {
    // Only here: the order in which a real registry serves two processes. The race tests cover every interleaving of
    // their stages.
    needs_docker_registry();
    const DockerRegistry registry;
    Peer peer;
    const SampleMatrix last = peer.matrix("1.0.0");
    const SampleMatrix one = peer.matrix("1.1.0");
    const SampleMatrix two = peer.matrix("1.2.0");
    peer.push(last, registry.host(), peer.real.http);
    const fs::path snapshot = registry.directory() / "snapshot";
    fs::copy(registry.storage(), snapshot, fs::copy_options::recursive);
    for (int round = 0; round < 20; ++round) {
        INFO("round " << round);
        fs::remove_all(registry.storage());
        fs::copy(snapshot, registry.storage(), fs::copy_options::recursive);
        const pid_t first = push_in_child(peer, one, registry.host());
        const pid_t second = push_in_child(peer, two, registry.host());
        const std::map<const SampleMatrix*, int> codes = {{&one, exit_code_of(first)}, {&two, exit_code_of(second)}};
        const World world = peer.world();
        Client client(world, {});
        CHECK(codes.at(&two) == 0);
        CHECK((codes.at(&one) == 0 || codes.at(&one) == 3));
        CHECK(is_complete(client, registry.host(), two));
        CHECK(is_complete(look(client, registry.host(), names_of(one, TagKind::version)), one));
        peer.push(one, registry.host(), peer.real.http);  // moves no tag back
        CHECK(is_complete(client, registry.host(), two));
    }
}
