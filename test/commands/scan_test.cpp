#include <catch2/catch_test_macros.hpp>

#include "commands/github_world.h"
#include "pipeline/scans.h"

namespace {

/// A laptop without this repository, and images in a registry.
struct Laptop : GitHubWorld {
    Laptop() {
        publish();
        for (const char* file : {"image-matrix.json", "JOB.env", "Dockerfile"}) files.remove(file);
        files.rename("out/images", "given");
        files.remove("out");
        out.str("");
    }
};

}  // namespace

TEST_CASE("Any image in a registry can be scanned and judged without a matrix") {
    Laptop fake;
    fake.finding = "CVE-2026-1111";
    const Result result =
        run_scan(fake.world(), fake.settings({{"reference",
                                               "docker.io/defradigital/python:1.0.0-python3.13.3,"
                                               "docker.io/defradigital/python-development:1.0.0-python3.13.3"}}));
    CHECK(result.exit == Exit::refused);
    CHECK(result.outputs.at("verdict") == "vulnerable");
    const std::string name = "defradigital-python-1.0.0-python3.13.3-linux-amd64";
    CHECK(fake.files.names_in("out/verdicts") ==
          std::vector<std::string>{name + ".json",
                                   "defradigital-python-development-1.0.0-python3.13.3-linux-amd64.json"});
    CHECK(fake.files.names_in("out/sarif").size() == 2);
    const std::string& summary = fake.files.texts.at("out/summary.md");
    CHECK(holds(fake.files.texts.at("out/verdict.json"), "docker.io/defradigital/python:1.0.0-python3.13.3@sha256:"));
    CHECK(holds(summary, "pdate libssl3 to 3.0.16"));
    CHECK(holds(summary, "id: \"CVE-2026-1111\""));
}

TEST_CASE("A layout on disk is scanned and judged by the policy of the work tree") {
    Laptop fake;
    fake.finding = "CVE-2026-1111";
    const std::map<std::string, std::string> given = {{"layout", "given/3.13.3-production-linux-amd64/"}};
    CHECK(run_scan(fake.world(), fake.settings(given)).outputs.at("verdict") == "vulnerable");
    fake.files.texts["vulnerability-policy.yml"] = "gate: {severity: critical}\n";
    CHECK(run_scan(fake.world(), fake.settings(given)).outputs.at("verdict") == "clean");
    CHECK(fake.files.names_in("out/verdicts") == std::vector<std::string>{"3.13.3-production-linux-amd64.json"});
}

TEST_CASE("An image in which Grype lists no interpreter has a warning: no other scanner looks for one") {
    GitHubWorld fake;
    for (const bool listed : {false, true}) {
        fake.lists_python = listed;
        CHECK(run_scan(fake.world(), fake.settings()).outputs.at("verdict") == "clean");
        CHECK(holds(fake.files.texts.at("out/summary.md"), "grype lists no Python in the image") == !listed);
    }
}

TEST_CASE("A second command reuses scans with the same databases and names the earlier run") {
    Laptop fake;
    fake.environment["HOME"] = "/home/user";
    const std::map<std::string, std::string> given = {{"layout", "given/3.13.3-production-linux-amd64/"}};
    run_scan(fake.world(), fake.settings(given));
    fake.finding = "CVE-2026-1111";  // would be reported if the scanners ran
    CHECK(run_scan(fake.world(), fake.settings(given)).outputs.at("verdict") == "clean");
    CHECK(holds(fake.files.texts.at("out/summary.md"), "0 s<br>scanned by "));
}

TEST_CASE("Invalid and repeated references are reported before anything is fetched") {
    Laptop fake;
    const std::size_t before = fake.http.sent.size();
    const Error error = error_of([&] {
        run_scan(fake.world(), fake.settings({{"reference", "a/b:1,A b,x.example/a/b:1"}}));
    });
    CHECK(error.exit == Exit::bad_input);
    REQUIRE(error.problems.size() == 2);
    CHECK(error.problems[0].what == "\"A b\" is not an image reference");
    CHECK(holds(error.problems[1].what, "the same directory"));
    CHECK(fake.http.sent.size() == before);
}

TEST_CASE("A missing reference leaves no report, neither old nor new") {
    Laptop fake;
    fake.files.texts["out/report.html"] = "of yesterday";
    fake.files.texts["out/verdict.json"] = "{\n  \"other_images\": true\n}\n";
    CHECK_THROWS_AS(run_scan(fake.world(), fake.settings({{"reference", "docker.io/defradigital/none:1"}})), Error);
    CHECK(fake.files.names_in("out").empty());
}

TEST_CASE("The databases are downloaded during the build, unless given; a failure is reported later") {
    FakeWorld fake;
    const Finished failed{.exit_code = 1, .timed_out = false, .out = "", .err = "FATAL no network", .truncated = false};
    fake.processes.stub({"trivy"}, failed);
    fake.processes.stub({"grype"}, failed);
    fetch_databases_early(fake.world(), parse_settings({{"databases", "/db"}}));
    CHECK(fake.processes.ran.empty());
    fetch_databases_early(fake.world(), parse_settings({}));
    CHECK(holds(fake.processes.lines(), "--download-db-only"));
    CHECK(holds(fake.processes.lines(), "db update"));
    CHECK(fake.log.str().empty());
}
