// Builds with registries: one on this machine stands in for Docker Hub, gcr.io and ghcr.io, under their real names.
#include <thread>

#include "registry/docker_registry.h"
#include "whole/other_engine.h"
#include "whole/project.h"

namespace {

void push(Project& project, const DockerRegistry& registry, const fs::path& layout, const std::string& reference) {
    require_success(project.start({"skopeo", "copy", "--dest-tls-verify=false", "--preserve-digests",
                                   "oci:" + layout.string(), "docker://" + registry.host() + "/" + reference}));
}

/// Pushes the bases to the registry, under the names in the Dockerfile.
void push_bases(Project& project, const DockerRegistry& registry, const std::string& python) {
    const rapidjson::Document bases =
        parse_tool_json(project.real.files.read(cache_directory() / "stand-ins/bases.json"), "bases.json");
    for (const auto& base : bases.GetObject()) {
        std::string reference = text_of(base.name);
        if (reference.starts_with("python:") && reference != python) continue;
        if (holds(reference, "debian13")) continue;
        for (const std::string host : {"gcr.io/", "ghcr.io/"}) {
            if (reference.starts_with(host)) reference.erase(0, host.size());
        }
        if (reference.starts_with("python:")) reference.insert(0, "library/");
        push(project, registry, text_at(base.value, "layout"), reference);
    }
}

/// A registry with all bases, and an engine that uses it as its mirror of Docker Hub.
struct MirroredEngine {
    Project project;
    DockerRegistry registry;
    OtherEngine engine;

    explicit MirroredEngine(ImageStore store) : engine(store, "http://" + registry.host()) {
        push_bases(project, registry, "python:3.12.3-slim-bookworm");
        project.real.environment["DOCKER_HOST"] = "unix://" + engine.socket().string();
    }

    /// The engine is configured with the mirror of Docker Hub; engines have no such setting for other registries.
    std::vector<std::string> options() const {
        const std::string mirrors = "gcr.io=" + registry.host() + ",ghcr.io=" + registry.host();
        return {"--only", "3.12.3-production", "--mirrors",
                mirrors,  "--build-ca",        "/etc/ssl/certs/ca-certificates.crt"};
    }

    /// An engine may need a moment to remove a container.
    bool ends_without_containers() {
        for (int look = 0; look < 60 && engine.containers() != "[]\n"; ++look)
            std::this_thread::sleep_for(std::chrono::seconds(1));
        return engine.containers() == "[]\n";
    }
};

void need_other_engine() {
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    if (!OtherEngine::is_possible()) SKIP("a second engine needs root, dockerd and the bridge docker0");
}

/// The result of the set-up step `buildkit`.
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

TEST_CASE("With registries, the bases are resolved, pinned by digest and pulled") {
    // Only here: a real builder resolves, pins and pulls the bases.
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    Project project;
    DockerRegistry registry;
    push_bases(project, registry, "python:3.13.5-slim-bookworm");
    const std::string mirrors =
        "docker.io=" + registry.host() + ",gcr.io=" + registry.host() + ",ghcr.io=" + registry.host();
    const Finished built = project.run("build", {"--only", "3.13.5-production", "--mirrors", mirrors, "--build-ca",
                                                 "/etc/ssl/certs/ca-certificates.crt"});
    require_success(built);

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

    REQUIRE(project.run_on_stand_ins("scan", {"--only", "3.13.5-production"}).exit_code == 0);
    CHECK(holds(project.text("out/summary.md"), "Stand-in bases"));

    // A missing base is an error with a hint, and nothing is built.
    project.real.files.write(project.tree / "matrix.json",
                             R"([{"pythonVersion": "3.13.99", "debianVersion": "slim-bookworm", "tags": []}])");
    const Finished finished = project.run("build", {"--mirrors", mirrors, "--out", "other"});
    CHECK(finished.exit_code == 3);
    CHECK(holds(finished.err, "docker.io/library/python:3.13.99-slim-bookworm is not there"));
    CHECK_FALSE(project.has("other/images"));
}

TEST_CASE("An engine with a mirror of Docker Hub gets the bases from there, under their real names") {
    // Only here: an engine with a mirror in its own configuration.
    need_other_engine();
    MirroredEngine mirrored(ImageStore::containerd);
    Project& project = mirrored.project;
    require_success(project.run("build", mirrored.options()));
    check_built(project);
    CHECK(holds(project.text("out/bases.json"), "\"reference\": \"python:3.12.3-slim-bookworm\""));
}

TEST_CASE("On the classic image store a temporary builder builds, and is removed afterwards") {
    // Only here: an engine with the classic image store, which cannot write layouts.
    need_other_engine();
    const fs::path image = buildkit() / "image";
    MirroredEngine mirrored(ImageStore::classic);
    Project& project = mirrored.project;
    push(project, mirrored.registry, image, "moby/buildkit:under-test");
    std::vector<std::string> options = mirrored.options();
    options.insert(options.end(), {"--buildkit-image", "docker.io/moby/buildkit:under-test"});
    require_success(project.run("build", options));
    check_built(project);
    CHECK(mirrored.ends_without_containers());

    SECTION("a cancelled build removes it too") {
        project.real.files.write(project.tree / "image/settle", project.text("image/settle") + "sleep 60\n");
        std::vector<std::string> argv = {"timeout", "--preserve-status", "--signal=INT", "5"};
        for (const std::string& word : project.words("build", options)) argv.push_back(word);
        const Finished cancelled = project.start(argv);
        INFO(cancelled.err);
        CHECK(cancelled.exit_code == 130);
        CHECK(mirrored.ends_without_containers());
    }
}

TEST_CASE("A remote builder builds without an engine") {
    // Only here: a BuildKit outside an engine.
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
    require_success(
        project.start({"docker-buildx", "create", "--name", "elsewhere", "--driver", "remote", "unix://" + socket}));

    project.real.environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
    check_success(project.run_on_stand_ins("build", {"--only", "3.12.3-production", "--builder", "elsewhere"}));
    check_built(project);
}
