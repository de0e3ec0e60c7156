// A push publishes to a registry and makes a release; nightly runs scan what is published and maintain one issue.
#include "commands/served_github.h"
#include "places.h"
#include "registry/docker_registry.h"
#include "whole/project.h"

namespace {

/// One image of the matrix, pushed to master of a repository on the fake GitHub, and a real registry.
struct PushedProject {
    Project project;
    DockerRegistry registry;
    ServedGitHub served;
    fs::path commands = project.tree / "runner";

    PushedProject() {
        project.real.files.write(
            commands / "event.json",
            R"({"repository":{"full_name":"defra/images","default_branch":"master","fork":false}})");
        Environment& environment = project.real.environment;
        for (const auto& [name, value] : std::map<std::string, std::string>{
                 {"GITHUB_ACTIONS", "true"},
                 {"GITHUB_EVENT_PATH", (commands / "event.json").string()},
                 {"GITHUB_OUTPUT", (commands / "output").string()},
                 {"GITHUB_STEP_SUMMARY", (commands / "summary").string()},
                 {"GITHUB_REF", "refs/heads/master"},
                 {"GITHUB_REPOSITORY", "defra/images"},
                 {"GITHUB_SHA", std::string(40, 'a')},
                 {"GITHUB_SERVER_URL", "https://github.com"},
                 {"GITHUB_API_URL", served.hub.base},
                 {"GITHUB_WORKFLOW_REF", "defra/images/.github/workflows/nightly-scan.yml@refs/heads/master"},
                 {"SOURCE_DATE_EPOCH", "1763942400"},
                 {"INPUT_DIRECTORY", project.tree.string()},
                 {"INPUT_IMAGE-MATRIX", "matrix.json"},
                 {"INPUT_ONLY", "3.13.5-production"},
                 {"INPUT_TO", registry.host()},
                 {"INPUT_ALLOW-STAND-IN", "true"},
                 {"INPUT_TOKEN", served.hub.token}})
            environment[name] = value;
    }

    Finished step(const std::string& event, std::map<std::string, std::string> inputs) {
        for (const char* name : {"output", "summary"}) project.real.files.write(commands / name, "");
        const Environment before = project.real.environment;
        project.real.environment["GITHUB_EVENT_NAME"] = event;
        for (const auto& [name, value] : inputs) project.real.environment["INPUT_" + name] = value;
        Finished finished = project.start({program_file()});
        project.real.environment = before;
        CHECK_FALSE(mentions(finished.out + finished.err, served.hub.token));
        return finished;
    }

    Finished push() {
        return step("push", {{"COMMAND", "run"},
                             {"CONTRACT", "off"},
                             {"STAND-INS", (cache_directory() / "stand-ins/bases.json").string()},
                             {"DATABASES", sample_databases("green").string()},
                             {"BUILD-CA", "/etc/ssl/certs/ca-certificates.crt"}});
    }

    /// On a machine without the build's output.
    Finished run_nightly(const std::string& databases) {
        fs::remove_all(project.tree / "out");
        return step("schedule", {{"COMMAND", "nightly"}, {"DATABASES", sample_databases(databases).string()}});
    }

    std::string output() { return project.text("runner/output"); }
};

}  // namespace

TEST_CASE("A push publishes and releases; nightly runs open one issue and close it") {
    // Only here: the program publishes to a real registry, makes a release, scans what it published and maintains the
    // issue.
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed");
    PushedProject scene;
    FakeGitHub& hub = scene.served.hub;
    const Finished pushed = scene.push();
    INFO(pushed.out << pushed.err);
    REQUIRE(pushed.exit_code == 0);
    REQUIRE(hub.releases.size() == 1);
    CHECK(hub.releases.front().name == "Python 1.0.0");
    CHECK_FALSE(hub.releases.front().draft);
    CHECK(hub.tags.at("1.0.0") == std::string(40, 'a'));
    CHECK(mentions(hub.releases.front().body, "stand-in"));
    CHECK(hub.analyses.size() == 1);
    CHECK(hub.analyses.front().category == "images/3.13/production/linux-amd64");
    CHECK(mentions(scene.output(), "releases/1.0.0"));

    const Finished again = scene.push();
    INFO(again.out << again.err);
    CHECK(again.exit_code == 0);
    CHECK(hub.releases.size() == 1);

    const Finished clean = scene.run_nightly("green");
    INFO(clean.out << clean.err);
    CHECK(clean.exit_code == 0);
    CHECK(hub.issues.empty());
    CHECK(hub.enabled_workflows.contains("nightly-scan.yml"));
    CHECK(hub.analyses.back().category == hub.analyses.front().category);

    const Finished red = scene.run_nightly("red");
    INFO(red.out << red.err);
    CHECK(red.exit_code == 1);
    REQUIRE(hub.issues.size() == 1);
    CHECK(hub.issues.front().state == "open");
    CHECK(mentions(scene.output(), "issues/1"));

    CHECK(scene.run_nightly("red").exit_code == 0);
    CHECK(hub.issues.front().comments.empty());

    CHECK(scene.run_nightly("green").exit_code == 0);
    CHECK(hub.issues.front().state == "closed");
    CHECK(hub.issues.size() == 1);

    fs::remove_all(scene.project.tree / "out");
    const Finished judged = scene.step("workflow_dispatch", {{"COMMAND", "judge"}, {"RELEASE", "1.0.0"}});
    INFO(judged.out << judged.err);
    CHECK(judged.exit_code == 0);
    CHECK(mentions(judged.err, "the verdicts are those of"));
}
