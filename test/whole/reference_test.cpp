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

/// An empty directory: a user's laptop without a work tree, and without the cache of earlier scans.
struct Laptop {
    Project& project;
    fs::path directory = project.tree / "laptop";

    explicit Laptop(Project& on) : project(on) { fs::create_directory(directory); }

    Finished ask(const std::string& command, const std::vector<std::string>& more) {
        project.real.environment["XDG_CACHE_HOME"] = (directory / "cache").string();
        std::vector<std::string> argv = {program_file(),     command,       "--directory",
                                         directory.string(), "--databases", sample_databases("red").string()};
        argv.insert(argv.end(), more.begin(), more.end());
        return project.start(argv);
    }
};

void check_missing(Laptop& laptop, const std::string& repository) {
    const Finished scanned = laptop.ask("scan", {"--reference", repository + "@" + sha256("lost").text()});
    CHECK(scanned.exit_code == 3);
    CHECK(holds(scanned.err, repository + " does not have it"));
    CHECK_FALSE(laptop.project.has("laptop/out/summary.md"));
}

void check_scan(Laptop& laptop, const std::string& reference, const std::string& name,
                const std::set<std::string>& in_layout) {
    const Finished scanned = laptop.ask("scan", {"--reference", reference});
    INFO(scanned.out << scanned.err);
    CHECK(scanned.exit_code == 1);
    CHECK_FALSE(holds(scanned.out + scanned.err, "scanned with the same database by"));
    CHECK(findings_in(laptop.project, "laptop/out/verdicts/" + name + ".json") == in_layout);
    CHECK(holds(laptop.project.text("laptop/out/summary.md"), name));
    CHECK(laptop.project.has("laptop/out/sarif/" + name + ".sarif"));
}

void check_explain(Laptop& laptop, const std::string& reference, const std::string& finding) {
    const std::size_t end_of_id = finding.find(' ');
    const Finished there = laptop.ask("explain", {finding.substr(0, end_of_id), "--reference", reference});
    CHECK(there.exit_code == 0);
    CHECK(holds(there.out, finding.substr(end_of_id + 1)));
    const Finished absent = laptop.ask("explain", {"CVE-1999-0001", "--reference", reference});
    CHECK(absent.exit_code == 0);
    CHECK(holds(absent.out, "not found"));
}

/// With `pull_requests: new-only` a pull request is judged by the findings that it adds to what is published.
void check_pull_request(PublishedProject& scene) {
    Project& project = scene.project;
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
    const auto propose = [&](const std::string& gate, const DockerRegistry& registry) {
        project.real.files.write(project.tree / "vulnerability-policy.yml", gate);
        return project.run_on_stand_ins("scan", {"--only", image, "--to", registry.host()}, "red").exit_code;
    };
    CHECK(propose("", scene.registry) == 1);
    CHECK(propose("gate: {pull_requests: new-only}\n", scene.registry) == 0);
    CHECK(holds(project.text("out/summary.md"), "only new findings count"));
    const DockerRegistry empty;
    CHECK(propose("gate: {pull_requests: new-only}\n", empty) == 1);
    CHECK(holds(project.text("out/summary.md"), "there is nothing to compare it with"));
}

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
    const std::set<std::string> findings = findings_in(project, "out/verdicts/" + std::string(layout_name) + ".json");
    REQUIRE(findings.size() > 3);
    check_pull_request(scene);

    for (const char* name : {"GITHUB_ACTIONS", "GITHUB_EVENT_NAME"}) project.real.environment.erase(name);
    Laptop laptop(project);
    check_missing(laptop, scene.repository());
    check_scan(laptop, reference, name_of(digest), findings);
    check_explain(laptop, reference, *findings.begin());
}
