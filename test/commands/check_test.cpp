#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "cli/options.h"
#include "commands/github_world.h"
#include "places.h"

namespace {

bool mentions(const Problems& problems, const std::string& file, const std::string& part) {
    return std::any_of(problems.begin(), problems.end(),
                       [&](const Problem& p) { return p.at.file == file && p.what.find(part) != std::string::npos; });
}

/// An adopter's repository: a README without a table of versions, its own Dockerfile, the scanners' ignore files, no
/// policy.
struct AdoptersWorld : WorkTreeWorld {
    AdoptersWorld() {
        for (const char* name :
             {"README.md", "JOB.env", "image-matrix.json", "Dockerfile", ".trivyignore", ".grype.yaml"}) {
            std::ifstream file(fixtures_dir() + "/adopter/" + name, std::ios::binary);
            files.texts[name] = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        }
    }
};

}  // namespace

TEST_CASE("check --fix makes an adopter's repository valid, and a second check changes nothing") {
    AdoptersWorld fake;
    const Result fixed = run_check(fake.world(), parse_settings({{"fix", "true"}}));
    INFO(render_problems(fixed.problems));
    CHECK(fixed.exit == Exit::done);
    CHECK(holds(fake.files.texts["README.md"], "| 3.13.5 | `2.1.0-python3.13.5` `latest-3.13` `latest` |"));
    CHECK(
        fake.files.texts["Dockerfile"].starts_with("ARG DEFRA_VERSION=2.1.0\nARG BASE_VERSION=3.13.5-slim-bookworm\n"));
    CHECK_FALSE(fake.files.texts.contains(".trivyignore"));
    CHECK_FALSE(fake.files.texts.contains(".grype.yaml"));
    for (const char* id : {"CVE-2025-7709", "CVE-2025-8291"})
        CHECK(holds(fake.files.texts["vulnerability-policy.yml"], id));

    const auto before = fake.files.texts;
    CHECK(run_check(fake.world(), parse_settings({{"fix", "true"}})).exit == Exit::done);
    CHECK(fake.files.texts == before);
}

TEST_CASE("an adopter's files may have other names, lower-case instructions and Windows line ends") {
    AdoptersWorld fake;
    auto& files = fake.files.texts;
    files["readme.md"] = files["README.md"];
    files[".trivyignore.yaml"] = "vulnerabilities:\n  - id: CVE-2025-8291\n    statement: not called\n";
    files[".grype.yml"] = files[".grype.yaml"];
    for (const char* other : {"README.md", ".trivyignore", ".grype.yaml"}) files.erase(other);
    std::string& dockerfile = files["Dockerfile"];
    for (const auto& [upper, lower] :
         {std::pair{"ARG ", "arg "}, std::pair{"FROM ", "from "}, std::pair{" AS ", " as "}}) {
        for (std::size_t at = dockerfile.find(upper); at != std::string::npos; at = dockerfile.find(upper, at + 1))
            dockerfile.replace(at, std::string(upper).size(), lower);
    }
    for (const char* name : {"readme.md", "Dockerfile", "JOB.env", "image-matrix.json"}) {
        std::string& text = files[name];
        for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
            text.insert(at, "\r");
    }
    const Result fixed = run_check(fake.world(), parse_settings({{"fix", "true"}}));
    INFO(render_problems(fixed.problems));
    CHECK(fixed.exit == Exit::done);
    CHECK(holds(files["readme.md"], "| 3.13.5 | `2.1.0-python3.13.5` `latest-3.13` `latest` |"));
    CHECK(files["Dockerfile"].starts_with("arg DEFRA_VERSION=2.1.0\r\narg BASE_VERSION=3.13.5-slim-bookworm\r\n"));
    CHECK_FALSE(files.contains("README.md"));
    CHECK_FALSE(files.contains(".trivyignore.yaml"));
    CHECK_FALSE(files.contains(".grype.yml"));
    for (const char* id : {"CVE-2025-7709", "CVE-2025-8291"}) CHECK(holds(files["vulnerability-policy.yml"], id));
    const auto before = files;
    CHECK(run_check(fake.world(), parse_settings({{"fix", "true"}})).exit == Exit::done);
    CHECK(files == before);
}

TEST_CASE("check --fix creates no README") {
    AdoptersWorld fake;
    fake.files.remove("README.md");
    CHECK(run_check(fake.world(), parse_settings({{"fix", "true"}})).exit == Exit::done);
    for (const auto& [path, text] : fake.files.texts) CHECK(lower_case(path.string()) != "readme.md");
}

TEST_CASE("an adopter's README may lack a table of versions") {
    AdoptersWorld fake;
    for (const char* ignored : {".grype.yaml", ".trivyignore"}) fake.files.remove(ignored);
    const Result result = run_check(fake.world(), parse_settings({}));
    const auto about_readme = std::find_if(result.problems.begin(), result.problems.end(),
                                           [](const Problem& problem) { return problem.at.file == "README.md"; });
    REQUIRE(about_readme != result.problems.end());
    CHECK(about_readme->level == Level::notice);
}

TEST_CASE("check compares the Dockerfile with JOB.env and reports the line that differs") {
    WorkTreeWorld fake;
    fake.set_version("1.1.0");
    const Result result = run_check(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::bad_input);
    CHECK(mentions(result.problems, "Dockerfile", "DEFRA_VERSION"));
}

TEST_CASE("check finds errors that a build of either target would report, without an engine") {
    WorkTreeWorld fake;
    fake.files.texts["Dockerfile"] =
        "# syntax=docker/dockerfile:1\nFROM python:${BASE_VERSION} AS development\nARG "
        "BASE_VERSION=3.13.3-slim-bookworm\n"
        "ARG DEFRA_VERSION=1.0.0 DISTROLESS_VERSION=cc-debian12\nFROM a AS prod\n";
    const Result result = run_check(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::bad_input);
    const std::string text = render_problems(result.problems);
    INFO(text);
    for (const char* part :
         {"Dockerfile:2: \"python:\" is not an image reference\n  hint: move ARG BASE_VERSION from line 3",
          "Dockerfile: there is no stage \"production\"\n",
          "Dockerfile:3: ARG BASE_VERSION has no default above the first FROM\n",
          "Dockerfile:1: warning: no digest names the frontend \"docker/dockerfile:1\""})
        CHECK(holds(text, part));
    CHECK(fake.http.sent.empty());
}

TEST_CASE("check --fix corrects the Dockerfile and changes nothing else") {
    WorkTreeWorld fake;
    fake.set_version("1.1.0");
    const std::string before = fake.files.texts["Dockerfile"];
    const Result result = run_check(fake.world(), parse_settings({{"fix", "true"}}));
    CHECK(result.exit == Exit::done);
    std::string expected = before;
    expected.replace(expected.find("DEFRA_VERSION=1.0.0"), 19, "DEFRA_VERSION=1.1.0");
    CHECK(fake.files.texts["Dockerfile"] == expected);
    CHECK(holds(fake.out.str(), "+ ARG DEFRA_VERSION=1.1.0"));
}

TEST_CASE("check --diff shows what --fix would do, and writes nothing") {
    WorkTreeWorld fake;
    fake.set_version("1.1.0");
    CHECK(run_check(fake.world(), parse_settings({{"diff", "true"}})).exit == Exit::bad_input);
    CHECK(fake.files.written.empty());
    CHECK(holds(fake.out.str(), "- ARG DEFRA_VERSION=1.0.0\n+ ARG DEFRA_VERSION=1.1.0"));
}

TEST_CASE("check --fix moves the scanners' ignore rules into the policy, and --diff shows it first") {
    WorkTreeWorld fake;
    fake.files.texts[".trivyignore"] = "CVE-2026-1 exp:2027-01-01 # not called\n";
    fake.files.texts[".grype.yaml"] = "ignore:\n  - {vulnerability: CVE-2026-2, package: {name: tar}}\n";
    CHECK_THROWS(run_check(fake.world(), parse_settings({{"diff", "true"}})));  // it is still there
    CHECK(fake.files.written.empty());
    CHECK(holds(fake.out.str(), "- CVE-2026-1 exp:2027-01-01 # not called\n"));
    CHECK(holds(fake.out.str(), "+   - id: \"CVE-2026-2\"\n"));

    const Result result = run_check(fake.world(), parse_settings({{"fix", "true"}}));
    CHECK(result.exit == Exit::done);
    CHECK_FALSE(fake.files.texts.contains(".trivyignore"));
    CHECK_FALSE(fake.files.texts.contains(".grype.yaml"));
    CHECK(mentions(result.problems, "vulnerability-policy.yml", "the exception for CVE-2026-1 has no owner yet"));
    CHECK(mentions(result.problems, "vulnerability-policy.yml", "the exception for CVE-2026-2 has no owner yet"));
}

TEST_CASE("check --fix moves ignore files in the repository of a service, which has no matrix") {
    FakeWorld fake;
    fake.files.texts[".trivyignore"] = "CVE-2026-1 exp:2027-01-01 # not called\n";
    CHECK(run_check(fake.world(), parse_settings({{"fix", "true"}})).exit == Exit::done);
    CHECK_FALSE(fake.files.texts.contains(".trivyignore"));
    CHECK(holds(fake.files.texts.at("vulnerability-policy.yml"), "CVE-2026-1"));
    CHECK(holds(fake.out.str(), "only the policy was checked: there is no image-matrix.json"));
}

TEST_CASE("A rule that check --fix cannot move stays and is an error on its line; so is an ignore file without --fix") {
    WorkTreeWorld fake;
    fake.files.texts[".grype.yaml"] =
        "ignore:\n  - {vulnerability: CVE-2026-1, fix-state: wont-fix}\n  - vulnerability: CVE-2026-2\n";
    const auto refused = [&](const std::map<std::string, std::string>& given) {
        const Error error = error_of([&] { run_check(fake.world(), parse_settings(given)); });
        CHECK(error.exit == Exit::bad_input);
        return error.problems;
    };
    CHECK(holds(refused({}), ".grype.yaml:1: is no longer applied"));
    CHECK(holds(refused({{"fix", "true"}}),
                ".grype.yaml:2: CVE-2026-1 cannot be moved: the policy cannot say "
                "\"fix-state\""));
    CHECK(fake.files.texts.at(".grype.yaml") == "ignore:\n  - {vulnerability: CVE-2026-1, fix-state: wont-fix}\n");
    CHECK(holds(fake.files.texts.at("vulnerability-policy.yml"), "CVE-2026-2"));
}

TEST_CASE("A matrix other than the repository's own is not compared with its README and Dockerfile") {
    WorkTreeWorld fake;
    fake.files.texts["other.json"] = R"([{"pythonVersion": "3.13.5", "debianVersion": "slim-bookworm", "tags": []}])";
    const Result result = run_check(fake.world(), parse_settings({{"image-matrix", "other.json"}}));
    CHECK(result.exit == Exit::done);
    CHECK_FALSE(mentions(result.problems, "Dockerfile", ""));
}

TEST_CASE("The errors of an invalid policy and an invalid matrix are reported together") {
    WorkTreeWorld fake;
    fake.files.texts["vulnerability-policy.yml"] = "gate:\n  severty: medium\n";
    fake.files.texts["image-matrix.json"] = "[]x";
    const Error error = error_of([&] { run_check(fake.world(), parse_settings({})); });
    CHECK(mentions(error.problems, "vulnerability-policy.yml", "severty"));
    CHECK(mentions(error.problems, "image-matrix.json", ""));
}

TEST_CASE("An upgrade that is impossible in production is reported on its line") {
    WorkTreeWorld fake;
    fake.files.texts["image/security-upgrades.txt"] = "# why\nlibssl3\n";
    const Result result = run_check(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::done);
    CHECK(mentions(result.problems, "image/security-upgrades.txt", "libssl3 cannot be upgraded in production"));
}

TEST_CASE("An upgrade that the base already has is reported after the scan") {
    WorkTreeWorld fake;
    put_layout(fake, "3.13.3-development-linux-amd64", "3.13.3-development");
    fake.files.texts["image/security-upgrades.txt"] = "libsqlite3-0\n";
    fake.files.texts["out/bases.json"] = R"([{"reference":"python:3.13.3-slim-bookworm","digest":")" +
                                         sha256("base").text() + R"(","layers":{"linux/amd64":1}}])";
    fake.files.texts["out/scans/3.13.3-development-linux-amd64/trivy.json"] =
        R"({"Results":[{"Class":"os-pkgs","Packages":[{"Name":"libsqlite3-0","Version":"3.40.1-2","Layer":{"DiffID":")" +
        sha256("a layer of 3.13.3-development").text() + R"("}}]}]})";
    const Result result = run_check(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::done);
    CHECK(mentions(result.problems, "image/security-upgrades.txt",
                   "upgrading libsqlite3-0 is no longer needed: the base has 3.40.1-2 itself"));
}

TEST_CASE("Unpinned images of the action's container are an error on a publishing branch, elsewhere a note") {
    GitHubWorld fake;
    const std::string digest = "@sha256:" + std::string(64, 'a');
    fake.files.texts["action.yml"] = "runs:\n  image: docker://ghcr.io/a/b" + digest + "\n";
    fake.files.texts["action.Dockerfile"] = "# ARG OLD_IMAGE=x\nARG A_IMAGE=x" + digest + "\nFROM ${A_IMAGE}\n";
    CHECK(run_check(fake.world(), parse_settings({})).exit == Exit::done);
    fake.files.texts["action.Dockerfile"] += "ARG TRIVY_IMAGE=aquasec/trivy:0.74.0\n";
    fake.files.texts["action.yml"] += "  image: docker://ghcr.io/a/b:v1 # x\n";
    CHECK(run_check(fake.world(), parse_settings({})).exit == Exit::bad_input);
    fake.start_pull_request();
    CHECK(run_check(fake.world(), parse_settings({})).exit == Exit::done);
    fake.environment.erase("GITHUB_ACTIONS");
    const Result here = run_check(fake.world(), parse_settings({}));
    CHECK(here.exit == Exit::done);
    CHECK(mentions(here.problems, "action.Dockerfile", "aquasec/trivy:0.74.0"));
    CHECK(mentions(here.problems, "action.yml", "ghcr.io/a/b:v1"));
}

TEST_CASE("A missing policy file is an error if --policy names it") {
    for (const char* command : {"check", "judge", "scan"}) {
        BuiltWorld fake;
        const Error error = error_of([&] {
            find_command(command)->run(fake.world(), parse_settings({{"policy", "strict.yml"}}));
        });
        CHECK(error.exit == Exit::bad_input);
        CHECK(render_problems(error.problems) ==
              "strict.yml: there is no such file\n  hint: --policy names it: write where it is, or leave --policy "
              "out "
              "for vulnerability-policy.yml\n");
    }
}

TEST_CASE("check reports expired dates and invalid entries of the policy, but no unused entries") {
    WorkTreeWorld fake;
    fake.files.texts["vulnerability-policy.yml"] =
        "exceptions:\n"
        "  - {id: CVE-2026-1, reason: r, owner: me, review_by: 2026-11-01}\n"
        "  - {id: CVE-2026-2, reason: r, owner: me, review_by: 2026-11-30}\n"
        "  - {id: CVE-2026-3, reason: r, owner: me}\n"
        "  - {id: CVE-2026-4, reason: r, owner: me, review_by: 2027-11-01}\n"
        "  - {id: CVE-2026-4, reason: r, owner: me, review_by: 2027-11-01}\n"
        "scopes: [{id: docs, paths: [/usr/share/doc/**], reason: r, review_by: 2027-11-01}]\n"
        "pauses: [{scanner: grype, reason: r, owner: me, until: 2026-11-02}]\n";
    const Result result = run_check(fake.world(), parse_settings({{"today", "2026-11-23"}}));
    CHECK(result.exit == Exit::done);
    const std::string file = "vulnerability-policy.yml";
    CHECK(mentions(result.problems, file, "the exception for CVE-2026-1 ended on 2026-11-01 and no longer applies"));
    CHECK(mentions(result.problems, file, "the exception for CVE-2026-2 ends in 7 days"));
    CHECK(mentions(result.problems, file, "the exception for CVE-2026-3 has no date"));
    CHECK(mentions(result.problems, file, "the exception for CVE-2026-4 is already in vulnerability-policy.yml:5"));
    CHECK(mentions(result.problems, file, "the pause of grype ended on 2026-11-02"));
    CHECK_FALSE(mentions(result.problems, file, "matches nothing"));
}
