// Complete runs with real tools.
#include "whole/project.h"

namespace {

/// The manifest digests of all images in the index of a tag.
std::vector<std::string> published_manifests(Project& project, const std::string& repository, const std::string& tag) {
    const fs::path layout = project.tree / "out/registry" / repository;
    std::vector<std::string> digests;
    for (const Descriptor& entry :
         parse_manifest(project.real.files.read(layout / "index.json"), "index.json").children) {
        if (entry.annotations.at("org.opencontainers.image.ref.name") != tag) continue;
        const std::string index = project.real.files.read(blob_path(layout, entry.digest));
        CHECK(sha256(index) == entry.digest);
        for (const Descriptor& child : parse_manifest(index, tag).children) {
            if (child.platform != "unknown/unknown") digests.push_back(child.digest.text());
        }
    }
    return digests;
}

std::string judged_manifest(Project& project, const std::string& image) {
    const rapidjson::Document verdict =
        parse_tool_json(project.text("out/verdicts/" + image + "-linux-amd64.json"), image);
    CHECK(text_at(verdict, "outcome") == "clean");
    return text_at(verdict, "manifest");
}

void check_everything_says_it_is_a_trial(Project& project) {
    for (const char* file : {"out/stdout", "out/summary.md", "out/report.html", "out/verdict.json"}) {
        INFO(file);
        CHECK(holds(project.text(file), "tand-in"));
        CHECK(holds(project.text(file), "ample"));
    }
}

void check_published(Project& project) {
    for (const std::string& image : image_names()) {
        INFO(image);
        const std::string repository =
            image.ends_with("production") ? "defradigital/python" : "defradigital/python-development";
        const std::string python = image.substr(0, image.find('-'));
        const std::vector<std::string> published = published_manifests(project, repository, "1.0.0-python" + python);
        CHECK(published == std::vector{judged_manifest(project, image)});
        CHECK(published == published_manifests(project, repository, "latest-" + python.substr(0, 4)));
        CHECK(fs::exists(project.tree / ("out/sarif/" + image + "-linux-amd64.sarif")));
    }
    CHECK(published_manifests(project, "defradigital/python", "latest") ==
          published_manifests(project, "defradigital/python", "latest-3.13"));
}

/// Another client reads what was published.
void check_skopeo_reads(Project& project) {
    // skopeo interprets a comma or colon in a directory's name; use a plain name.
    const fs::path plain = fs::temp_directory_path() / ("project-" + std::to_string(getpid()));
    fs::create_directory_symlink(project.tree / "out/registry/defradigital/python", plain);
    const Finished seen =
        project.start({"skopeo", "inspect", "--raw", "oci:" + plain.string() + ":1.0.0-python3.13.5"});
    fs::remove(plain);
    INFO(seen.err);
    CHECK(seen.exit_code == 0);
    CHECK(holds(seen.out, "uk.gov.defra.image.inputs"));
}

}  // namespace

TEST_CASE("A complete run builds, tests, scans and publishes the matrix to a directory", "[finished-run]") {
    // Only here: build, contract, scans, verdict and publication work together with their real tools.
    make_finished_run();
    Project project;
    project.copy_finished_run();
    check_everything_says_it_is_a_trial(project);
    check_published(project);
    check_skopeo_reads(project);
    CHECK(holds(project.text("out/publication.json"), "\"done\": true"));
}

TEST_CASE("A second run makes the same images and rewrites the registry directory") {
    // Only here: a real builder and real scanners reproduce the bytes and the verdict.
    Project project;
    project.copy_finished_run();
    const std::string before = judged_manifest(project, "3.13.5-production");
    const Finished second = project.run_on_stand_ins("run", {"--contract", "off", "--timings"});
    check_success(second);
    CHECK(holds(second.err, "3.13.5-production-linux-amd64, grype"));
    CHECK(judged_manifest(project, "3.13.5-production") == before);
    check_published(project);
}

TEST_CASE("A blocked run leaves the registry unchanged and names the upgrades that would help") {
    // Only here: findings of real scanners lead to advice.
    Project project;
    project.copy_finished_run();
    const fs::path index = project.tree / "out/registry/defradigital/python/index.json";
    const auto written = fs::last_write_time(index);
    std::vector<std::string> options = {"--contract", "off", "--only", "3.13.5-production"};
    const Finished red = project.run_on_stand_ins("run", options, "red");
    CHECK(red.exit_code == 1);
    CHECK(fs::last_write_time(index) == written);
    CHECK(holds(project.text("out/verdict.json"), "\"vulnerable\""));
    CHECK(holds(project.text("out/summary.md"), "3.13.6"));

    // gate.publish: no-worse only applies to runs that may publish.
    project.real.files.write(project.tree / "vulnerability-policy.yml", "gate: {publish: no-worse}\n");
    options.insert(options.end(), {"--publish", "off"});
    CHECK(project.run_on_stand_ins("run", options, "red").exit_code == 1);
}

TEST_CASE("Publishing the same version again does nothing; with other inputs it fails") {
    // Only here: publication compares the digest of the inputs that a real build wrote.
    Project project;
    project.copy_finished_run();
    const Finished once = project.run("publish", {"--to", "oci:elsewhere"});
    CHECK(once.exit_code == 0);
    const Finished again = project.run("publish", {"--to", "oci:elsewhere"});
    CHECK(again.exit_code == 0);
    CHECK(holds(again.err, "nothing that goes into an image changed"));
    project.real.files.write(project.tree / "image" / "security-upgrades.txt", "# another input\n");
    const Finished changed = project.run("publish", {"--to", "oci:elsewhere"});
    CHECK(changed.exit_code == 1);
    CHECK(holds(changed.err, "JOB.env:1: defradigital/python-development:1.0.0-python3.13.5 is published already"));
    CHECK(holds(changed.err, "raise DEFRA_VERSION"));
}

TEST_CASE("A layer changed on disk after the build is never published") {
    // Only here: a layout by a real builder is checked before a real scanner reads it.
    Project project;
    project.copy_finished_run();
    const Layout layout = load_layout(project.real.files, project.tree / "out/images/3.13.5-production-linux-amd64",
                                      "3.13.5-production", "linux/amd64");
    fs::remove(blob_path(layout.directory, layout.layers.back().digest));
    project.real.files.write(blob_path(layout.directory, layout.layers.back().digest), "another layer");
    const Finished scan = project.run_on_stand_ins("scan", {"--only", "3.13.5-production"});
    CHECK(scan.exit_code == 3);
    CHECK(holds(project.text("out/verdict.json"), "\"unknown\""));
    CHECK_FALSE(project.has("out/sarif/3.13.5-production-linux-amd64.sarif"));
    CHECK(project.run("publish", {"--only", "3.13.5-production", "--to", "oci:elsewhere"}).exit_code == 3);
    CHECK_FALSE(project.has("elsewhere"));
}
