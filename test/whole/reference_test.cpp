// What a service team does with a published image: scan and explain it by its reference. And the comparison of a pull
// request with what is published.
#include <set>

#include "places.h"
#include "whole/published_project.h"

namespace {

/// Every finding in a verdict, blocking or not, such as "CVE-2023-45853 zlib1g".
std::set<std::string> findings_in(Project& project, const fs::path& verdict) {
    const rapidjson::Document json = parse_tool_json(project.text(verdict), verdict.string());
    std::set<std::string> findings;
    const auto add = [&](const Json& finding) {
        findings.insert(text_at(finding, "id") + " " + text_at(finding, "package"));
    };
    for (const char* list : {"blocking", "reported", "left_out"}) {
        for (const Json& finding : items_at(json, list)) add(finding);
    }
    for (const Json& waived : items_at(json, "waived")) add(member(waived, "finding"));
    return findings;
}

/// "defradigital-python-0123456789ab-linux-amd64"
std::string name_of(const std::string& digest) {
    return "defradigital-python-" + digest.substr(7, 12) + "-linux-amd64";
}

/// An empty directory: a user's laptop without a work tree.
struct Laptop {
    Project& project;
    fs::path directory = project.tree / "laptop";

    explicit Laptop(Project& on) : project(on) { fs::create_directory(directory); }

    Finished ask(const std::string& command, const std::vector<std::string>& more) {
        std::vector<std::string> argv = {program_file(),     command,       "--directory",
                                         directory.string(), "--databases", sample_databases("red").string()};
        argv.insert(argv.end(), more.begin(), more.end());
        return project.start(argv);
    }
};

}  // namespace

TEST_CASE("A published image is scanned and explained by its reference alone, with the results of its build") {
    // Only here: real scanners find the same in the fetched image as in the built one.
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    PublishedProject scene;
    Project& project = scene.project;
    REQUIRE(scene.publish().exit_code == 0);
    const std::string digest = scene.digest_of(version_tag);
    const std::string reference = scene.repository() + "@" + digest;
    CHECK(project.run_on_stand_ins("scan", {"--only", image}, "red").exit_code == 1);
    Laptop laptop(project);

    SECTION("scan finds the same as in the layout, and names the image") {
        const Finished scanned = laptop.ask("scan", {"--reference", reference});
        INFO(scanned.out << scanned.err);
        CHECK(scanned.exit_code == 1);
        const std::string name = name_of(digest);
        const fs::path verdict = "out/verdicts/" + name + ".json";
        const std::set<std::string> findings = findings_in(project, "laptop" / verdict);
        CHECK(findings.size() > 3);
        CHECK(findings == findings_in(project, "out/verdicts/" + std::string(layout_name) + ".json"));
        CHECK(mentions(project.text("laptop/out/summary.md"), name));
        CHECK(project.has("laptop/out/sarif/" + name + ".sarif"));
    }

    SECTION("explain names the affected package, or says that the finding is absent") {
        const std::string known = *findings_in(project, "out/verdicts/" + std::string(layout_name) + ".json").begin();
        const std::string id = known.substr(0, known.find(' '));
        const Finished there = laptop.ask("explain", {id, "--reference", reference});
        CHECK(there.exit_code == 0);
        CHECK(mentions(there.out, known.substr(known.find(' ') + 1)));
        const Finished absent = laptop.ask("explain", {"CVE-1999-0001", "--reference", reference});
        CHECK(absent.exit_code == 0);
        CHECK(mentions(absent.out, "not found"));
    }

    SECTION("a missing digest is an error with a hint, never a clean verdict") {
        const std::string lost = scene.repository() + "@" + sha256("lost").text();
        const Finished scanned = laptop.ask("scan", {"--reference", lost});
        CHECK(scanned.exit_code == 3);
        CHECK(mentions(scanned.err, scene.repository() + " does not have it"));
        CHECK_FALSE(project.has("laptop/out/summary.md"));
    }

    SECTION("with `pull_requests: new-only` a pull request is judged by the findings that it adds") {
        project.real.files.write(project.tree / "event.json",
                                 R"({"repository":{"full_name":"defra/images","default_branch":"master","fork":false},
                                  "pull_request":{"head":{"repo":{"full_name":"defra/images"}}}})");
        Environment& environment = project.real.environment;
        environment["GITHUB_EVENT_PATH"] = (project.tree / "event.json").string();
        for (const char* file : {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}) {
            project.real.files.write(project.tree / file, "");
            environment[file] = (project.tree / file).string();
        }
        environment["GITHUB_ACTIONS"] = "true";
        environment["GITHUB_EVENT_NAME"] = "pull_request";
        environment["GITHUB_REF"] = "refs/pull/7/merge";
        environment["GITHUB_REPOSITORY"] = "defra/images";
        const auto propose = [&](const std::string& gate) {
            project.real.files.write(project.tree / "vulnerability-policy.yml", gate);
            return project.run_on_stand_ins("scan", {"--only", image, "--to", scene.registry.host()}, "red");
        };
        CHECK(propose("").exit_code == 1);
        const Finished compared = propose("gate: {pull_requests: new-only}\n");
        INFO(compared.out << compared.err);
        CHECK(compared.exit_code == 0);
        CHECK(mentions(project.text("out/summary.md"), "only new findings count"));

        // Without a published image to compare with, every finding counts.
        const DockerRegistry empty;
        const Finished alone = project.run_on_stand_ins("scan", {"--only", image, "--to", empty.host()}, "red");
        CHECK(alone.exit_code == 1);
        CHECK(mentions(project.text("out/summary.md"), "there is nothing to compare it with"));
    }
}
