// The real program with registries over plain HTTP, through a proxy, and with a private certificate authority; and
// publications that are interrupted or killed.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "commands/publish_job.h"
#include "registry/token_server.h"
#include "system/local_server.h"

namespace {

namespace fs = std::filesystem;

/// Starts it in the background; its output goes to TREE/printed.
pid_t start(const PublishJob& job, const std::string& to) {
    const Command command = job.command(to);
    std::vector<char*> words;  // allocated before the fork: another thread may hold the lock of the allocator
    for (const std::string& word : command.argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const std::string file = job.tree / "printed";
    const pid_t child = fork();
    if (child != 0) return child;
    std::array<char*, 1> nothing = {nullptr};
    const int printed = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(printed, 1);
    dup2(printed, 2);
    execve(words.front(), words.data(), nothing.data());
    _exit(127);
}

}  // namespace

TEST_CASE("Plain HTTP is used for this machine, and for others only with --insecure", "[whole]") {
    // Only here: the real HTTP client, configured by the real command line.
    needs_docker_registry();
    const DockerRegistry registry;
    PublishJob job;
    // A name that the program does not know to be this machine.
    const std::string other = "registry.localhost:" + std::to_string(registry.port());
    const Finished refused = job.publish(other);
    INFO(refused.err);
    CHECK(refused.exit_code == 3);
    CHECK(holds(refused.err, "Nothing visible changed."));
    CHECK(tags_at(registry.host()).empty());

    const Finished published = job.publish(other, {"--insecure"});
    INFO(published.err);
    CHECK(published.exit_code == 0);
    CHECK(tags_at(registry.host()).size() == 10);
    CHECK(job.publish(registry.host()).exit_code == 0);
}

TEST_CASE("A registry is trusted if SSL_CERT_FILE contains its authority, and only then", "[whole]") {
    // Only here: OpenSSL reads the variable.
    needs_docker_registry();
    const fs::path directory = make_server_directory();
    make_certificate(directory, "ours", "registry.localhost");
    const Environment trust = {{"SSL_CERT_FILE", (directory / "ours.crt").string()}};
    const DockerRegistry registry(RegistrySetup{
        .tls = fmt::format("  tls:\n    certificate: {0}.crt\n    key: {0}.key\n", (directory / "ours").string()),
        .name = "registry.localhost",
        .environment = trust});
    PublishJob job;
    const Finished refused = job.publish(registry.host());
    CHECK(refused.exit_code == 3);
    CHECK(holds(refused.err, "certificate"));
    const Finished published = job.publish(registry.host(), {}, trust);
    INFO(published.err);
    CHECK(published.exit_code == 0);
    fs::remove_all(directory);
}

TEST_CASE("The environment's proxy is used, except for hosts in NO_PROXY", "[whole]") {
    // Only here: libcurl reads the variables of the environment.
    needs_docker_registry();
    LocalServer proxy([](const std::string&) { return make_reply(403, ""); });
    const Environment by_proxy = {{"http_proxy", "http://" + proxy.host()}};
    PublishJob job;
    const Finished refused = job.publish("registry.example", {"--insecure"}, by_proxy);
    CHECK(refused.exit_code == 3);
    CHECK(holds(refused.err, "there are no credentials for a push to registry.example/defradigital/python"));
    REQUIRE_FALSE(proxy.requests().empty());
    CHECK(holds(proxy.requests().front(), " http://registry.example/v2/defradigital/python"));

    const DockerRegistry registry;
    Environment past_it = by_proxy;
    past_it["NO_PROXY"] = "localhost";
    const std::size_t before = proxy.requests().size();
    CHECK(job.publish(registry.host(), {}, past_it).exit_code == 0);
    CHECK(proxy.requests().size() == before);
}

TEST_CASE("SIGINT and SIGTERM end a publication within six seconds with 130 and report what is visible",
          "[whole][alone]") {
    // Only here: a signal to a process that publishes, and how soon it ends.
    // A registry that accepts everything but the second version tag, and then stops responding.
    std::atomic<int> version_tags = 0;
    std::mutex mutex;
    std::string written;
    std::string digest;
    LocalServer registry([&](const std::string& request) {
        const std::string line = request.substr(0, request.find('\r'));
        const std::string place = line.substr(line.find(' '));
        const std::lock_guard lock(mutex);
        if (line.starts_with("HEAD") && place == written)
            return make_reply(200, "", "Docker-Content-Digest: " + digest + "\r\n");
        if (line.starts_with("HEAD") || line.starts_with("GET")) return make_reply(404, "");
        if (line.starts_with("POST")) return make_reply(202, "", "Location: /v2/defradigital/uploads/1\r\n");
        if (!holds(line, "/manifests/1.0.0-")) return make_reply(201, "");
        if (++version_tags > 1) return Reply{"", Reply::Then::hang};
        written = place;
        digest = sha256(request.substr(request.find("\r\n\r\n") + 4)).text();
        return make_reply(201, "");
    });
    PublishJob job;
    for (const int signal_number : {SIGINT, SIGTERM}) {
        version_tags = 0;
        written.clear();
        const pid_t child = start(job, registry.host());
        for (int look = 0; look < 600 && version_tags < 2; ++look)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        const auto asked = std::chrono::steady_clock::now();
        kill(child, signal_number);
        CHECK(exit_code_of(child) == 130);
        CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(6));
        const std::string printed = job.real.files.read(job.tree / "printed");
        INFO(printed);
        CHECK(holds(printed, "1 of 4 version tags written, no moving tag moved, perhaps also defradigital/python"));
        CHECK(holds(printed, "run it again"));
        CHECK(holds(job.real.files.read(job.tree / "out/publication.json"), "\"done\": false"));
    }
}

TEST_CASE("A program killed at any moment is completed by the next run", "[whole]") {
    // Only here: SIGKILL leaves no time to clean up.
    needs_docker_registry();
    const DockerRegistry whole;
    PublishJob job;
    const auto started = std::chrono::steady_clock::now();
    REQUIRE(exit_code_of(start(job, whole.host())) == 0);
    const auto lasts =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
    const Tags right = tags_at(whole.host());
    CHECK(right.size() == 10);

    std::minstd_rand random(Catch::getSeed());
    for (int round = 0; round < 10; ++round) {
        INFO("round " << round << " of seed " << Catch::getSeed());
        const DockerRegistry registry;
        const pid_t child = start(job, registry.host());
        std::this_thread::sleep_for(lasts * static_cast<long>(random() % 100) / 100);
        kill(child, SIGKILL);
        exit_code_of(child);
        const Tags seen = tags_at(registry.host());
        for (const auto& [tag, digest] : seen) CHECK(right.at(tag) == digest);
        const Finished finished = job.publish(registry.host());
        INFO(finished.err);
        CHECK(finished.exit_code == 0);
        CHECK(tags_at(registry.host()) == right);
    }
}
