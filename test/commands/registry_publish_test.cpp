// Publishing to a fake registry: the requests, the writes, the messages, and the visible state after a failure.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <utility>

#include "commands/github_world.h"
#include "commands/publish_scene.h"
#include "pipeline/registry_access.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* canary = "dckr_pat_canary";

std::string first_line(const Result& result) {
    return result.problems.empty() ? "" : result.problems.front().what;
}

}  // namespace

TEST_CASE("A registry gets every tag, moving tags last, and the journal is complete") {
    PublishScene scene;
    const Published published = scene.publish();
    CHECK(published.result.exit == Exit::done);
    CHECK(published.state.result == PublicationState::Result::published);
    CHECK(published.state.to == "localhost:5000/defradigital");
    CHECK(scene.registry.tags.size() == 10);
    CHECK(scene.registry.tags.contains("defradigital/python:latest"));
    for (std::size_t i = 0; i < 4; ++i) CHECK(holds(scene.registry.written[i], ":1.0.0-python"));
    CHECK(holds(published.result.outputs.at("tags"), "localhost:5000/defradigital/python-development:latest-3.12"));
    CHECK(published.result.outputs.at("published") == "true");
    const std::string& journal = scene.fake.files.texts.at("out/publication.json");
    CHECK(holds(journal, "\"done\": true"));
    CHECK_FALSE(holds(journal, "\"done\": false"));

    const Published again = scene.publish();
    CHECK(again.result.exit == Exit::done);
    CHECK(again.state.result == PublicationState::Result::already_there);
    CHECK(again.result.outputs.at("published") == "false");
    CHECK(holds(again.result.outputs.at("reason"), "nothing that goes into an image changed"));
    CHECK(scene.fake.http.sent.size() == 10);  // one for each tag
}

TEST_CASE("An image that fails its contract is not published, whatever its verdict and the policy") {
    for (const char* policy : {"", "gate: { publish: no-worse }\n"}) {
        PublishScene scene;
        scene.fake.files.texts["vulnerability-policy.yml"] = policy;
        ContractRow row{"layers", "there are few layers", "at most 16", "17", RowResult::passed, ""};
        scene.contracts = {{.name = "3.12.6-production-linux-amd64", .rows = {row}}};
        row.result = RowResult::failed;
        scene.contracts.push_back({.name = "3.13.3-production-linux-amd64", .rows = {row}});
        const Ended ended = scene.publish_or_end();
        CHECK(ended.exit == Exit::refused);
        CHECK(holds(ended.problems, "3.13.3-production-linux-amd64 fails its contract"));
        CHECK_FALSE(holds(ended.problems, "3.12.6-production-linux-amd64 fails"));
        CHECK(scene.registry.tags.empty());
    }
}

TEST_CASE("If the third version tag is rejected, the first line says what is written, and a re-run completes it") {
    PublishScene scene;
    std::size_t tags = 0;
    scene.registry.fault = [&](const Request& request) -> std::optional<Response> {
        const bool is_tag = request.method == "PUT" && request.url.find("manifests/1.0.0-") != std::string::npos;
        if (is_tag && ++tags == 3) return FakeRegistry::error(403, "DENIED");
        return std::nullopt;
    };
    const Published failed = scene.publish();
    CHECK(failed.result.exit == Exit::failed);
    CHECK(failed.state.result == PublicationState::Result::incomplete);
    // The other repository's last tag may already be in progress.
    CHECK((first_line(failed.result) == "2 of 4 version tags written, no moving tag moved." ||
           first_line(failed.result) == "3 of 4 version tags written, no moving tag moved."));
    CHECK(holds(failed.result.problems.front().hint, "Re-run failed jobs"));
    CHECK(failed.result.outputs.at("published") == "false");
    CHECK(holds(scene.fake.files.texts.at("out/publication.json"), "\"done\": false"));

    scene.registry.fault = [](const Request&) { return std::nullopt; };
    CHECK(scene.publish().result.exit == Exit::done);
    CHECK(scene.registry.tags.size() == 10);
}

TEST_CASE("A registry that denies everything changes nothing, and the first line says so") {
    PublishScene scene;
    scene.registry.fault = [](const Request&) { return std::optional(FakeRegistry::error(403, "DENIED")); };
    const Error error = error_of([&] { scene.publish(); });
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what == "Nothing visible changed.");
    CHECK(scene.registry.tags.empty());
}

TEST_CASE("Images on stand-ins are only published with permission, and only to a registry on this machine") {
    PublishScene scene;
    scene.stand_ins = true;
    CHECK(scene.publish().result.exit == Exit::refused);
    CHECK(scene.registry.tags.empty());
    scene.options["allow-stand-in"] = "true";
    CHECK(scene.publish().result.exit == Exit::done);
    CHECK(scene.registry.tags.size() == 10);

    scene.options["to"] = "registry.example.org";
    for (const char* method : {"HEAD", "GET"}) scene.fake.http.stub(method, "https://registry.example.org/*", 404);
    CHECK(scene.publish().result.exit == Exit::refused);
    CHECK(scene.registry.count("PUT", "example.org") == 0);
}

TEST_CASE("A tag from before this action moves only with --adopt-alias") {
    PublishScene scene;
    const std::string foreign = render_index({}, {});
    scene.registry.manifests["defradigital/python"].emplace(sha256(foreign), foreign);
    scene.registry.tags.emplace("defradigital/python:latest", sha256(foreign));
    const Published refused = scene.publish();
    CHECK(refused.result.exit == Exit::refused);
    CHECK(holds(refused.result.problems, "--adopt-alias"));
    scene.options["adopt-alias"] = "true";
    CHECK(scene.publish().result.exit == Exit::done);
    CHECK(scene.registry.tags.at("defradigital/python:latest") != sha256(foreign));
}

TEST_CASE("A dry run to a registry prints every step and writes nothing") {
    PublishScene scene;
    scene.options["dry-run"] = "true";
    const Published dry = scene.publish();
    CHECK(dry.result.exit == Exit::done);
    CHECK(dry.result.outputs.at("reason") == "this was a dry run");
    CHECK(holds(scene.fake.out.str(), "write version tag"));
    CHECK(scene.registry.count("PUT") + scene.registry.count("POST") == 0);
}

TEST_CASE("Push permission is checked before anything is built") {
    PublishScene scene;
    const auto attempt = [&] {
        const Settings settings = scene.settings();
        const World world = scene.fake.world();
        try_publication(world, settings, load_project(world, settings));
    };
    attempt();
    CHECK(scene.registry.count("POST") == 2);
    scene.registry.fault = [](const Request& request) -> std::optional<Response> {
        if (request.method != "POST") return std::nullopt;
        return FakeRegistry::error(403, "DENIED");
    };
    const Error error = error_of([&] { attempt(); });
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what == "Nothing visible changed.");
    CHECK(holds(error.problems, "there are no credentials for a push to localhost:5000/defradigital/python"));
    scene.options["dry-run"] = "true";
    attempt();
}

TEST_CASE("A version published from other inputs is detected before anything is built") {
    PublishScene scene;
    scene.publish();
    const auto before = scene.registry.tags;
    const World world = scene.fake.world();

    SECTION("run ends with an error on the line of the version") {
        scene.fake.files.texts["Dockerfile"] += "RUN true\n";
        scene.fake.processes.ran.clear();
        const Error error = error_of([&] { run_all(world, scene.settings()); });
        CHECK(error.exit == Exit::refused);
        CHECK(error.problems.front().what == "Nothing visible changed.");
        CHECK(holds(error.problems,
                    "JOB.env:1: defradigital/python-development:1.0.0-python3.13.3 is published already"));
        CHECK(holds(error.problems, "raise DEFRA_VERSION"));
        for (const Command& command : scene.fake.processes.ran) CHECK(command.argv.front() == "git");
        CHECK(scene.registry.tags == before);
    }
    SECTION("a version published from the same inputs is still built and scanned, and a notice says so") {
        try_publication(world, scene.settings(), load_project(world, scene.settings()));
        CHECK(holds(scene.fake.log.str(), "1.0.0-python3.12.6 is published; nothing that goes into an image changed"));
    }
    SECTION("a run that may not publish sends no request") {
        scene.fake.files.texts["Dockerfile"] += "RUN true\n";
        scene.options["publish"] = "off";
        scene.fake.http.sent.clear();
        try_publication(world, scene.settings(), load_project(world, scene.settings()));
        CHECK(scene.fake.http.sent.empty());
    }
}

TEST_CASE("A version published from other inputs is also detected in a directory before anything is built") {
    PublishScene scene;
    scene.options["to"] = "oci:elsewhere";
    CHECK(scene.publish().result.exit == Exit::done);
    const World world = scene.fake.world();
    try_publication(world, scene.settings(), load_project(world, scene.settings()));
    scene.fake.files.texts["Dockerfile"] += "RUN true\n";
    CHECK_THROWS_AS(try_publication(world, scene.settings(), load_project(world, scene.settings())), Error);
}

TEST_CASE("What an earlier run left in out/registry is replaced as a whole") {
    PublishScene scene;
    scene.options.erase("to");
    scene.publish();
    scene.fake.files.texts.erase("out/registry/defradigital/python/index.json");  // as a killed run leaves it
    scene.fake.files.texts["out/registry/defradigital/another/index.json"] = "{}";
    CHECK(scene.publish().result.exit == Exit::done);
    for (const char* repository : {"python", "python-development"})
        CHECK(scene.fake.files.texts.contains(fs::path("out/registry/defradigital") / repository / "index.json"));
    CHECK_FALSE(scene.fake.files.is_directory("out/registry/defradigital/another"));
}

TEST_CASE("A rollback moves tags with a reason and writes nothing else") {
    PublishScene scene;
    scene.publish();
    const auto first = scene.registry.tags;
    scene.fake.set_version("1.1.0");
    scene.publish();
    REQUIRE(scene.registry.tags.at("defradigital/python:latest") != first.at("defradigital/python:latest"));
    scene.options["rollback-to"] = "1.0.0";
    const Result without_reason = run_publish(scene.fake.world(), scene.settings());
    CHECK(without_reason.exit == Exit::bad_input);
    CHECK(first_line(without_reason) == "Nothing visible changed.");

    scene.options["reason"] = "1.1.0 does not start";
    scene.registry.written.clear();
    const Result result = run_publish(scene.fake.world(), scene.settings());
    CHECK(result.exit == Exit::done);
    CHECK(scene.registry.written.size() == 6);
    for (const auto& [name, digest] : first) CHECK(scene.registry.tags.at(name) == digest);
    CHECK(holds(scene.fake.files.texts.at("out/publication.json"), "1.1.0 does not start"));
    CHECK(holds(result.problems, "raise DEFRA_VERSION"));
}

TEST_CASE("Published images are fetched into layouts unchanged") {
    PublishScene scene;
    scene.publish();
    const Digest index = scene.registry.tags.at("defradigital/python:latest");
    scene.options = {
        {"reference", "localhost:5000/defradigital/python:latest,localhost:5000/defradigital/python@" + index.text()}};
    const Result result = run_fetch(scene.fake.world(), scene.settings());
    CHECK(result.exit == Exit::done);
    const Layout fetched =
        load_layout(scene.fake.files, "out/fetched/defradigital-python-latest-linux-amd64", "x", "linux/amd64");
    const Layout built = load_layout(scene.fake.files, "out/images/3.13.3-production-linux-amd64", "x", "linux/amd64");
    CHECK(fetched.manifest == built.manifest);
    CHECK(check_blobs(scene.fake.files, fetched).empty());
    CHECK(holds(result.outputs.at("digests"), built.manifest.text()));
    CHECK(scene.registry.count("GET", "/blobs/") == 2);
    CHECK(scene.fake.files.is_directory("out/fetched/defradigital-python-" + std::string(index.hex().substr(0, 12)) +
                                        "-linux-amd64"));
}

TEST_CASE("fetch rejects invalid references") {
    FakeWorld fake;
    CHECK_THROWS_AS(run_fetch(fake.world(), parse_settings({})), Error);
    CHECK_THROWS_AS(run_fetch(fake.world(), parse_settings({{"reference", "No Reference"}})), Error);
}

TEST_CASE("Plain HTTP to another machine needs --insecure") {
    PublishScene scene;
    scene.options["to"] = "registry.example.org";
    for (const char* scheme : {"http", "https"}) {
        for (const char* method : {"HEAD", "GET", "POST"})
            scene.fake.http.stub(method, std::string(scheme) + "://registry.example.org/*", 403);
    }
    CHECK_THROWS_AS(scene.publish(), Error);
    CHECK(scene.fake.http.sent.front().url.starts_with("https://registry.example.org/"));
    scene.options["insecure"] = "true";
    CHECK_THROWS_AS(scene.publish(), Error);
    CHECK(scene.fake.http.sent.front().url.starts_with("http://registry.example.org/"));
}

TEST_CASE("User name and token come from inputs, the environment or docker's file, and go to one registry only") {
    FakeWorld fake;
    Problems warnings;
    const auto load = [&](const std::map<std::string, std::string>& options, const std::string& host) {
        const registry::ClientSettings access = load_registry_access(fake.world(), parse_settings(options), {host});
        warnings = access.unused_credentials;
        return access.credentials;
    };
    CHECK(load({}, "docker.io").empty());

    const auto given = load({{"docker-username", "defra"}, {"docker-token", canary}}, "docker.io");
    CHECK(given.at("docker.io").user == "defra");
    CHECK(given.at("docker.io").password.reveal() == canary);
    const auto elsewhere =
        load({{"docker-username", "defra"}, {"docker-token", canary}, {"to", "docker.io"}}, "quay.example");
    CHECK_FALSE(elsewhere.contains("quay.example"));

    fake.environment["DOCKER_USERNAME"] = "user";
    fake.environment["DOCKER_TOKEN"] = canary;
    CHECK(load({{"to", "localhost:5000"}}, "localhost:5000").at("localhost:5000").user == "user");
    fake.environment.erase("DOCKER_TOKEN");
    CHECK_THROWS_AS(load({}, "docker.io"), Error);

    fake.environment.erase("DOCKER_USERNAME");
    fake.files.texts["/home/user/.docker/config.json"] =
        R"({"credsStore":"desktop","auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}}})";
    CHECK(load({}, "docker.io").at("docker.io").user == "u");
    CHECK(warnings.empty());
    CHECK(load({}, "quay.example").empty());
    CHECK(holds(warnings, "credsStore is not used"));
}

TEST_CASE("A token is never an argument, nor in any output") {
    PublishScene scene;
    scene.options["docker-username"] = "defra";
    scene.options["docker-token"] = canary;
    scene.registry.fault = [](const Request& request) -> std::optional<Response> {
        for (const Header& header : request.headers) {
            if (header.name == "Authorization") return std::nullopt;
        }
        return Response{401, {{"WWW-Authenticate", "Basic realm=\"x\""}}, ""};
    };
    const Published published = scene.publish();
    CHECK(published.result.exit == Exit::done);
    CHECK(scene.registry.tags.size() == 10);
    std::string everything = scene.fake.out.str() + scene.fake.log.str() + render_problems(published.result.problems);
    for (const auto& [name, value] : published.result.outputs) everything += value;
    for (const auto& [path, text] : scene.fake.files.texts) everything += text;
    CHECK_FALSE(holds(everything, canary));
    CHECK_FALSE(holds(everything, "ZGVmcmE6"));
}

TEST_CASE("Tokens are asked for with push permission from the first request: others may not read") {
    PublishScene scene;
    scene.publish();
    scene.fake.build("1.1.0");
    scene.options.insert({{"docker-username", "defra"}, {"docker-token", canary}});
    scene.registry.fault = [](const Request& request) -> std::optional<Response> {
        for (const Header& header : request.headers) {
            if (header.name == "Authorization" && header.value == "Bearer push") return std::nullopt;
        }
        return Response{401, {{"WWW-Authenticate", R"(Bearer realm="http://localhost:5001/token",service="s")"}}, ""};
    };
    scene.fake.http.stub_with("GET", "http://localhost:5001/token*", [](const Request& request) {
        const bool pushes = holds(request.url, "%3Apull%2Cpush");
        return Response{200, {}, pushes ? R"({"token":"push"})" : R"({"token":"pull"})"};
    });
    CHECK(scene.publish().result.exit == Exit::done);
    CHECK(scene.registry.tags.size() == 14);
}

namespace {

/// 1.0.0 is published, 1.1.0 only up to its version tags; the current build of 1.1.0 has other bytes.
struct HalfPublished {
    GitHubWorld github;
    FakeRegistry registry = behind_github();
    std::map<std::string, Digest> before;

    HalfPublished() {
        CHECK(publish("1.0.0").exit == Exit::done);
        registry.fault = [](const Request& request) -> std::optional<Response> {
            if (request.method != "PUT" || request.url.find("/manifests/latest") == std::string::npos)
                return std::nullopt;
            return FakeRegistry::error(403, "DENIED");
        };
        const Result half = publish("1.1.0");
        CHECK(half.exit == Exit::failed);
        CHECK(first_line(half) == "4 of 4 version tags written, no moving tag moved.");
        registry.fault = [](const Request&) { return std::nullopt; };
        before = registry.tags;
    }

    FakeRegistry behind_github() {
        for (FakeHttp::Stub& stub : github.http.stubs) stub.used = true;  // so that the registry's count
        return FakeRegistry(github);
    }

    Result publish(const std::string& version, const std::string& bytes = "") {
        github.build(version, bytes);
        run_scan(github.world(), github.settings());
        return run_publish(github.world(), github.settings({{"to", "localhost:5000"}}));
    }

    /// Runs `meanwhile` while published images are fetched for a scan.
    void publish_newer_during_the_fetch() {
        registry.fault = [this, done = false](const Request& request) mutable -> std::optional<Response> {
            if (done || request.method != "GET" || request.url.find("/blobs/") == std::string::npos)
                return std::nullopt;
            done = true;
            const std::string newer = render_index({}, {{version_annotation, "1.2.0"}});
            for (auto& [name, digest] : registry.tags) {
                if (name.find(":latest") == std::string::npos) continue;
                registry.manifests[name.substr(0, name.find(':'))].emplace(sha256(newer), newer);
                digest = sha256(newer);
                before.insert_or_assign(name, digest);
            }
            return std::nullopt;
        };
    }
};

}  // namespace

TEST_CASE("A partial publication is scanned again and completed with its own bytes") {
    HalfPublished half;
    const Result result = half.publish("1.1.0", "other bytes");
    INFO(render_problems(result.problems));
    CHECK(result.exit == Exit::done);
    for (const char* repository : {"defradigital/python", "defradigital/python-development"}) {
        const std::string name = repository;
        CHECK(half.registry.tags.at(name + ":latest") == half.before.at(name + ":1.1.0-python3.13.3"));
        CHECK(half.registry.tags.at(name + ":latest-3.12") == half.before.at(name + ":1.1.0-python3.12.6"));
        CHECK(half.registry.tags.at(name + ":1.1.0-python3.13.3") == half.before.at(name + ":1.1.0-python3.13.3"));
    }
    // A release archives what was built here, and has to say that other bytes are published.
    CHECK_FALSE(holds(half.github.files.texts.at("out/publication.json"), "\"as_built\": true"));
}

TEST_CASE("A newer version published during the rescan keeps its moving tags") {
    HalfPublished half;
    half.publish_newer_during_the_fetch();
    const Result result = half.publish("1.1.0", "other bytes");
    INFO(render_problems(result.problems));
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("published") == "false");
    CHECK(holds(result.outputs.at("reason"), "defradigital/python:latest stays at 1.2.0"));
    CHECK(half.registry.tags == half.before);
}

TEST_CASE("With gate.publish: no-worse, images published during the scan are compared too") {
    const bool is_newer_clean = GENERATE(false, true);
    HalfPublished world;
    world.github.files.texts["vulnerability-policy.yml"] = "gate: {publish: no-worse}\n";
    world.registry.tags.clear();
    CHECK(world.publish("1.2.0").exit == Exit::done);
    const std::map<std::string, Digest> newer = std::exchange(world.registry.tags, {});
    const std::string newest = newer.at("defradigital/python:latest").text();
    CHECK(world.publish("1.0.0").exit == Exit::done);

    world.github.finding = "CVE-2026-1";
    world.registry.fault = [&](const Request& request) -> std::optional<Response> {
        // Another run publishes while 1.0.0 is fetched; its images are then scanned too.
        if (request.method == "GET" && request.url.find("/blobs/") != std::string::npos) world.registry.tags = newer;
        if (is_newer_clean && request.url.ends_with(newest)) world.github.finding = "";
        return std::nullopt;
    };
    const Result result = world.publish("1.1.0");
    INFO(render_problems(result.problems));
    for (const auto& [name, digest] : newer) CHECK(world.registry.tags.at(name) == digest);
    if (is_newer_clean) {
        CHECK(result.exit == Exit::refused);
        CHECK(first_line(result) == "Nothing visible changed.");
        CHECK(world.registry.tags == newer);
    } else {
        CHECK(result.exit == Exit::done);
        CHECK(world.registry.tags.contains("defradigital/python:1.1.0-python3.13.3"));
    }
}

TEST_CASE("With gate.publish: no-worse, an image is compared with all that its moving tags name") {
    HalfPublished world;
    world.github.files.texts["vulnerability-policy.yml"] = "gate: {publish: no-worse}\n";
    const std::string latest = "defradigital/python:latest";
    world.registry.tags.clear();
    CHECK(world.publish("0.9.0").exit == Exit::done);
    const Digest other = world.registry.tags.at(latest);
    const std::string& index = world.registry.manifests.at("defradigital/python").at(other);
    const std::string image = parse_manifest(index, latest).children.front().digest.text();
    world.registry.tags.clear();
    CHECK(world.publish("1.0.0").exit == Exit::done);
    world.registry.tags.insert_or_assign(latest, other);

    world.github.finding = "CVE-2026-1";
    world.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (request.url.ends_with(image)) world.github.finding = "";  // this one is clean
        return std::nullopt;
    };
    const Result result = world.publish("1.1.0");
    INFO(render_problems(result.problems));
    CHECK(result.exit == Exit::refused);
    CHECK(world.registry.tags.at(latest) == other);
}

TEST_CASE("With gate.publish: no-worse, images in a directory are compared too") {
    GitHubWorld github;
    github.files.texts["vulnerability-policy.yml"] = "gate: {publish: no-worse}\n";
    const auto publish = [&](const std::string& version) {
        github.build(version);
        run_scan(github.world(), github.settings());
        return run_publish(github.world(), github.settings({{"to", "oci:elsewhere"}}));
    };
    CHECK(publish("1.0.0").exit == Exit::done);
    github.finding = "CVE-2026-1";
    const Result result = publish("1.1.0");
    INFO(render_problems(result.problems));
    CHECK(result.exit == Exit::done);
    CHECK(holds(github.files.texts.at("elsewhere/defradigital/python/index.json"), "1.1.0-python3.13.3"));
}
