// Publishes to a real registry: every client can fetch the exact bytes.
#include <csignal>

#include "places.h"
#include "whole/published_project.h"

namespace {

/// A directory whose name every client accepts unquoted.
struct PlainDirectory {
    fs::path path = fs::temp_directory_path() / ("interoperability-" + std::to_string(getpid()));
    PlainDirectory() { fs::create_directory(path); }
    PlainDirectory(const PlainDirectory&) = delete;
    PlainDirectory& operator=(const PlainDirectory&) = delete;
    ~PlainDirectory() { fs::remove_all(path); }
};

std::string only_entry_of(Project& project, const fs::path& layout) {
    const std::vector<Descriptor> entries =
        parse_manifest(project.real.files.read(layout / "index.json"), layout).children;
    return entries.size() == 1 ? entries.front().digest.text() : "";
}

}  // namespace

TEST_CASE("The registry, fetch and docker all get the image that was scanned") {
    // Only here: other clients and a real engine read what we pushed.
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    PublishedProject scene;
    Project& project = scene.project;

    const Finished refused = project.run("publish", {"--only", image, "--to", scene.registry.host()});
    CHECK(refused.exit_code == 1);
    CHECK(holds(refused.err, "Nothing visible changed."));
    CHECK(holds(refused.err, "stand-in"));
    CHECK(scene.digest_of(version_tag).empty());

    require_success(scene.publish());
    const std::string index = scene.digest_of(version_tag);
    CHECK_FALSE(index.empty());
    CHECK(scene.digest_of("latest") == index);
    CHECK(scene.digest_of("latest-3.13") == index);

    SECTION("every client gets the same bytes, and publishing again does nothing") {
        const Finished again = scene.publish();
        CHECK(again.exit_code == 0);
        CHECK(holds(again.err, "nothing that goes into an image changed"));
        CHECK(scene.digest_of(version_tag) == index);

        const Finished fetched = project.start(
            {program_file(), "fetch", scene.repository() + "@" + index, "--directory", project.tree.string()});
        require_success(fetched);
        const std::string name = "defradigital-python-" + index.substr(7, 12) + "-linux-amd64";
        const Layout layout =
            load_layout(project.real.files, project.tree / "out/fetched" / name, "python", "linux/amd64");
        CHECK(layout.manifest == scene.built().manifest);
        CHECK(layout.attestations.size() == scene.built().attestations.size());
        CHECK(check_blobs(project.real.files, layout).empty());

        const std::string reference = scene.repository() + "@" + index;
        const Finished ran = project.start({"docker", "run", "--rm", reference, "-c", "print(6 * 7)"});
        check_success(ran);
        CHECK(holds(ran.out, "42"));
        project.start({"docker", "image", "rm", "--force", reference});

        if (!CraneRegistry::is_installed()) SKIP("crane is not there: tools/ready registries");
        const CraneRegistry other;
        const PlainDirectory directory;
        scene.succeed({"skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false",
                       "docker://" + reference, "oci:" + (directory.path / "skopeo").string()});
        CHECK(only_entry_of(project, directory.path / "skopeo") == index);
        scene.succeed({"skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false",
                       "--dest-tls-verify=false", "docker://" + reference, "docker://" + other.host() + "/skopeo:1"});
        CHECK(scene.digest_at(other.host() + "/skopeo:1") == index);

        scene.succeed({"crane", "validate", "--insecure", "--remote", reference});
        scene.succeed({"crane", "pull", "--insecure", "--format=oci", reference, (directory.path / "crane").string()});
        CHECK(only_entry_of(project, directory.path / "crane") == index);
        scene.succeed({"crane", "copy", "--insecure", reference, other.host() + "/crane:1"});
        CHECK(scene.digest_at(other.host() + "/crane:1") == index);
    }

    SECTION("a moving tag added to the matrix gets the published bytes, scanned again") {
        std::string matrix = stand_in_matrix;
        matrix.replace(matrix.find("\"latest\""), 8, "\"latest\", \"stable\"");
        project.real.files.write(project.tree / "matrix.json", matrix);
        Environment& environment = project.real.environment;
        environment["SOURCE_DATE_EPOCH"] = "1700000000";  // so that the new index differs
        check_success(scene.publish());
        CHECK(scene.digest_of("stable") == index);
        CHECK(scene.digest_of("latest") == index);
        CHECK(project.has(fs::path("out/unfinished/verdicts") / (std::string(layout_name) + ".json")));
    }

    SECTION("a rollback moves the tags back to the previous version") {
        project.real.files.write(project.tree / "JOB.env", "DEFRA_VERSION=1.0.1\nIMAGE_NAME=python\n");
        const Finished edited = scene.publish();
        CHECK(edited.exit_code == 1);
        CHECK(holds(edited.err, "was built as 1.0.0, and is to be published as 1.0.1"));
        CHECK(scene.digest_of("1.0.1-python3.13.5").empty());
        for (const char* command : {"build", "scan"})
            require_success(project.run_on_stand_ins(command, {"--only", image}));
        require_success(scene.publish());
        CHECK(scene.digest_of("latest") != index);
        CHECK(scene.publish({"--rollback-to", "1.0.0", "--reason", "a trial"}).exit_code == 0);
        CHECK(scene.digest_of("latest") == index);
        CHECK_FALSE(scene.digest_of("1.0.1-python3.13.5").empty());
    }
}

TEST_CASE("skopeo and crane copy from a published directory to a registry without changing a digest") {
    // Only here: other clients read the directories that we write.
    if (!CraneRegistry::is_installed()) SKIP("crane is not there: tools/ready registries");
    PublishedProject scene;
    const CraneRegistry other;
    const PlainDirectory directory;
    require_success(scene.project.run("publish", {"--only", image, "--to", "oci:" + directory.path.string(),
                                                  "--databases", sample_databases("green").string()}));
    const fs::path layout = directory.path / "defradigital/python";
    const std::vector<Descriptor> entries =
        parse_manifest(scene.project.real.files.read(layout / "index.json"), "index.json").children;
    CHECK(entries.size() == 3);  // an entry for each tag

    scene.succeed({"crane", "push", "--insecure", "--index", layout.string(), other.host() + "/crane:all"});
    for (const Descriptor& entry : entries) {
        const std::string tag = entry.annotations.at("org.opencontainers.image.ref.name");
        scene.succeed({"skopeo", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false",
                       "oci:" + layout.string() + ":" + tag, "docker://" + other.host() + "/skopeo:" + tag});
        CHECK(scene.digest_at(other.host() + "/skopeo:" + tag) == entry.digest.text());
        CHECK(scene.digest_at(other.host() + "/crane@" + entry.digest.text()) == entry.digest.text());
        scene.succeed({"crane", "validate", "--insecure", "--remote", other.host() + "/crane@" + entry.digest.text()});
    }
}
