// Where Docker Hub can be had: a registry on this machine plays it, and gcr.io and ghcr.io, under their real names.
#include <thread>

#include "registry/docker_registry.h"
#include "whole/other_engine.h"
#include "whole/project.h"

namespace {

void push(Project& project, const DockerRegistry& registry, const fs::path& layout, const std::string& reference) {
    const Finished copied = project.start({"skopeo", "copy", "--dest-tls-verify=false", "--preserve-digests",
                                           "oci:" + layout.string(), "docker://" + registry.host() + "/" + reference});
    INFO(copied.err);
    REQUIRE(copied.exit_code == 0);
}

/// Fills the registry with what the bases' references name.
void push_bases(Project& project, const DockerRegistry& registry) {
    const rapidjson::Document bases =
        parse_tool_json(project.real.files.read(cache_directory() / "stand-ins/bases.json"), "bases.json");
    for (const auto& base : bases.GetObject()) {
        std::string reference = text_of(base.name);
        for (const std::string host : {"gcr.io/", "ghcr.io/"}) {
            if (reference.starts_with(host)) reference.erase(0, host.size());
        }
        if (reference.starts_with("python:")) reference.insert(0, "library/");
        push(project, registry, text_at(base.value, "layout"), reference);
    }
}

/// A registry with all bases, and an engine that is set up to ask it in place of Docker Hub.
struct MirroredEngine {
    Project project;
    DockerRegistry registry;
    OtherEngine engine;

    explicit MirroredEngine(ImageStore store) : engine(store, "http://" + registry.host()) {
        push_bases(project, registry);
        project.real.environment["DOCKER_HOST"] = "unix://" + engine.socket().string();
    }

    /// Docker Hub's mirror is the engine's affair; engines have no such setting for other registries.
    std::vector<std::string> options() const {
        const std::string mirrors = "gcr.io=" + registry.host() + ",ghcr.io=" + registry.host();
        return {"--only", "3.12.3-production", "--mirrors",
                mirrors,  "--build-ca",        "/etc/ssl/certs/ca-certificates.crt"};
    }

    /// An engine that was told to remove one may need a moment for it.
    bool comes_to_have_no_containers() {
        for (int look = 0; look < 60 && engine.containers() != "[]\n"; ++look)
            std::this_thread::sleep_for(std::chrono::seconds(1));
        return engine.containers() == "[]\n";
    }
};

void need_other_engine() {
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    if (!OtherEngine::is_possible()) SKIP("a second engine needs root, dockerd and the bridge docker0");
}

/// What the set-up step `buildkit` made.
fs::path buildkit() {
    const fs::path directory = cache_directory() / "buildkit";
    if (!fs::exists(directory)) SKIP("BuildKit is not there: tools/ready buildkit");
    return directory;
}

void check_built(Project& project) {
    const Layout layout = load_layout(project.real.files, project.tree / "out/images/3.12.3-production-linux-amd64",
                                      "3.12.3-production", "linux/amd64");
    CHECK(layout.attestations.size() == 1);
    CHECK(check_blobs(project.real.files, layout).empty());
}

}  // namespace

TEST_CASE("With registries that answer, the bases are asked for, pinned by digest, pulled and built on") {
    // Only here: references to bases are resolved, pinned and pulled by a real builder.
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    Project project;
    DockerRegistry registry;
    push_bases(project, registry);
    const std::string mirrors =
        "docker.io=" + registry.host() + ",gcr.io=" + registry.host() + ",ghcr.io=" + registry.host();
    const Finished built = project.run("build", {"--only", "3.13.5-production", "--mirrors", mirrors, "--build-ca",
                                                 "/etc/ssl/certs/ca-certificates.crt"});
    INFO(built.err);
    REQUIRE(built.exit_code == 0);

    const rapidjson::Document used = parse_tool_json(project.text("out/bases.json"), "bases.json");
    const rapidjson::Document made =
        parse_tool_json(project.real.files.read(cache_directory() / "stand-ins/bases.json"), "bases.json");
    CHECK(items_of(used).Size() == 3);
    for (const Json& base : items_of(used)) {
        const std::string reference = text_at(base, "reference");
        INFO(reference);
        CHECK(text_at(base, "digest") == text_at(member(made, reference), "digest"));
        CHECK_FALSE(text_at(base, "created").empty());
    }

    SECTION("a base that is not there is named, with what to do, and nothing is built") {
        project.real.files.write(project.tree / "matrix.json",
                                 R"([{"pythonVersion": "3.13.99", "debianVersion": "slim-bookworm", "tags": []}])");
        const Finished finished = project.run("build", {"--mirrors", mirrors, "--out", "other"});
        CHECK(finished.exit_code == 3);
        CHECK(mentions(finished.err, "docker.io/library/python:3.13.99-slim-bookworm is not there"));
        CHECK_FALSE(project.has("other/images"));
    }

    SECTION("images on stand-ins are told for what they are, wherever their bases came from") {
        REQUIRE(project.run_on_stand_ins("scan", {"--only", "3.13.5-production"}).exit_code == 0);
        CHECK(mentions(project.text("out/summary.md"), "Stand-in bases"));
    }
}

TEST_CASE("An engine that is set up with a mirror of Docker Hub gets the bases from there, under their real names") {
    // Only here: the engine's own setting of a mirror.
    need_other_engine();
    MirroredEngine mirrored(ImageStore::containerd);
    Project& project = mirrored.project;
    const Finished built = project.run("build", mirrored.options());
    INFO(built.err);
    REQUIRE(built.exit_code == 0);
    check_built(project);
    CHECK(mentions(project.text("out/bases.json"), "\"reference\": \"python:3.12.3-slim-bookworm\""));
}

TEST_CASE("On the classic image store a builder of our own does the work, and is gone afterwards") {
    // Only here: an engine with the classic image store cannot write layouts.
    need_other_engine();
    const fs::path image = buildkit() / "image";
    MirroredEngine mirrored(ImageStore::classic);
    Project& project = mirrored.project;
    push(project, mirrored.registry, image, "moby/buildkit:under-test");
    std::vector<std::string> options = mirrored.options();
    options.insert(options.end(), {"--buildkit-image", "docker.io/moby/buildkit:under-test"});
    const Finished built = project.run("build", options);
    INFO(built.err);
    REQUIRE(built.exit_code == 0);
    check_built(project);
    CHECK(mirrored.comes_to_have_no_containers());

    SECTION("a cancelled build removes it too") {
        project.real.files.write(project.tree / "image/settle", project.text("image/settle") + "sleep 60\n");
        std::vector<std::string> argv = {"timeout", "--preserve-status", "--signal=INT", "5"};
        for (const std::string& word : project.words("build", options)) argv.push_back(word);
        const Finished cancelled = project.start(argv);
        INFO(cancelled.err);
        CHECK(cancelled.exit_code == 130);
        CHECK(mirrored.comes_to_have_no_containers());
    }
}

TEST_CASE("A remote builder does the work where there is no engine at all") {
    // Only here: a BuildKit that is not inside of an engine.
    if (geteuid() != 0) SKIP("a BuildKit daemon needs root");
    const fs::path program = buildkit() / "buildkitd";
    Project project;
    const fs::path directory = project.tree / "builder";
    fs::create_directories(directory);
    const std::string socket = "/tmp/buildkitd-" + std::to_string(getpid()) + ".sock";
    BackgroundProcess daemon({program.string(), "--addr=unix://" + socket, "--root=" + (directory / "root").string(),
                              "--containerd-worker=false", "--oci-worker-net=host"},
                             directory / "log");
    daemon.wait_until([&] { return fs::exists(socket); });
    project.real.environment["BUILDX_CONFIG"] = (directory / "buildx").string();
    const Finished named =
        project.start({"docker-buildx", "create", "--name", "elsewhere", "--driver", "remote", "unix://" + socket});
    INFO(named.err);
    REQUIRE(named.exit_code == 0);

    project.real.environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
    const Finished built = project.run_on_stand_ins("build", {"--only", "3.12.3-production", "--builder", "elsewhere"});
    INFO(built.err);
    CHECK(built.exit_code == 0);
    check_built(project);
}
