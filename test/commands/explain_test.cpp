#include <catch2/catch_test_macros.hpp>

#include "cli/command_line.h"
#include "commands/github_world.h"

namespace {

/// A work tree with scans of all four images and one finding.
struct ScannedWorld : GitHubWorld {
    ScannedWorld() {
        finding = "CVE-2026-1111";
        run_scan(world(), settings());
        out.str("");
    }

    Result explain(const std::string& id, std::map<std::string, std::string> given = {}) {
        out.str("");
        given["vulnerability"] = id;
        return run_explain(world(), settings(std::move(given)));
    }
};

}  // namespace

TEST_CASE("explain reads the existing scans of each image and runs nothing") {
    ScannedWorld fake;
    fake.processes.ran.clear();
    const std::map<std::filesystem::path, std::string> files = fake.files.texts;
    const Result result = fake.explain("cve-2026-1111");
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("answer") == "blocks");
    CHECK(holds(fake.out.str(),
                "  3.13.3-production-linux-amd64: present and blocks: high in libssl3 3.0.15, fixed in 3.0.16, "
                "reported by trivy\n"));
    for (const Command& command : fake.processes.ran) CHECK(command.argv.front() == "git");
    CHECK(fake.files.texts == files);
}

TEST_CASE("explain says who accepts a finding until when, by today's policy") {
    ScannedWorld fake;
    fake.files.texts["vulnerability-policy.yml"] =
        "exceptions:\n  - {id: CVE-2026-1111, component: libssl3, reason: not called, owner: me, review_by: "
        "2026-12-01}\n";
    const Result result = fake.explain("CVE-2026-1111", {{"only", "3.13.3-production"}});
    CHECK(result.outputs.at("answer") == "waived");
    CHECK(fake.out.str() ==
          "CVE-2026-1111\n  3.13.3-production-linux-amd64: present, accepted by me in vulnerability-policy.yml:2 until "
          "2026-12-01: not called (high in libssl3 3.0.15, fixed in 3.0.16, reported by trivy)\n");
    CHECK(fake.explain("CVE-2026-1111", {{"severity", "critical"}}).outputs.at("answer") == "waived");
    fake.files.remove("vulnerability-policy.yml");
    CHECK(fake.explain("CVE-2026-1111", {{"severity", "critical"}}).outputs.at("answer") == "not gated");
}

TEST_CASE("explain says where it looked for an absent finding") {
    ScannedWorld fake;
    const Result result = fake.explain("CVE-2026-9, CVE-2026-1111", {{"only", "3.13.3-production"}});
    CHECK(result.outputs.at("answer") == "blocks");
    CHECK(holds(fake.out.str(),
                "CVE-2026-9\n  3.13.3-production-linux-amd64: not found by trivy 0.74.0 (database of "
                "2026-11-23T06:00:00Z), grype 0.121.2 (database of 2026-11-23T06:00:00Z)\n"));
    CHECK(fake.explain("CVE-2026-9").outputs.at("answer") == "not found");
}

TEST_CASE("An id that no scanner can report is rejected with the probable id, not \"not found\"") {
    ScannedWorld fake;
    struct Case {
        std::string id, hint;
    };
    for (const Case& one : std::vector<Case>{{"CVE\u20112026\u20111111", "did you mean CVE-2026-1111?"},
                                             {"CVE 2026-1111", "did you mean CVE-2026-1111?"},
                                             {"CVE-2026-1111.", "did you mean CVE-2026-1111?"},
                                             {"openssl", "write it as CVE-2026-1234"},
                                             {"*", "write it as CVE-2026-1234"}}) {
        INFO(one.id);
        const Error error = error_of([&] { fake.explain(one.id); });
        CHECK(error.exit == Exit::bad_input);
        CHECK(holds(error.problems, "is not an id of a vulnerability"));
        CHECK(holds(error.problems, one.hint));
    }
    for (const char* known :
         {"DSA-5514-1", "ghsa-aaaa-bbbb-cccc", "RHSA-2024:1234", "ALAS2023-2024-1", "PYSEC-2024-1"}) {
        INFO(known);
        CHECK(fake.explain(known).outputs.at("answer") == "not found");
    }
}

TEST_CASE("Without a recent scan the result of explain is \"not known\", a failure") {
    ScannedWorld fake;
    fake.files.remove("out/scans/3.13.3-production-linux-amd64");
    const Result result = fake.explain("CVE-2026-9");
    CHECK(result.exit == Exit::failed);
    CHECK(result.outputs.at("answer") == "not known");
    CHECK(holds(fake.out.str(), "  3.13.3-production-linux-amd64: not known: it was not scanned here\n"));
    fake.clock.time += std::chrono::hours(1000);
    CHECK(fake.explain("CVE-2026-9", {{"only", "3.12.6-*"}}).outputs.at("answer") == "not known");
    CHECK(holds(fake.out.str(), "trivy used a database of 2026-11-23T06:00:00Z, 1006 hours old"));
    fake.files.remove("out");
    fake.files.remove("image-matrix.json");
    CHECK(fake.explain("CVE-2026-9").exit == Exit::failed);
    CHECK(holds(fake.out.str(), "not known here"));
}

TEST_CASE("A result from sample data is marked as such") {
    GitHubWorld fake;
    fake.files.texts["/db/sample.json"] = "{}";
    run_scan(fake.world(), fake.settings());
    const Result result = run_explain(fake.world(), fake.settings({{"vulnerability", "CVE-2026-9"}}));
    REQUIRE(result.problems.size() == 1);
    CHECK(holds(result.problems.front().what, "sample data"));
}

TEST_CASE("A service team explains a published image with only the registry") {
    GitHubWorld fake;
    fake.publish();
    fake.finding = "CVE-2026-1111";
    for (const char* file : {"out", "image-matrix.json", "JOB.env", "Dockerfile"}) fake.files.remove(file);
    fake.out.str("");
    const Result result =
        run_explain(fake.world(), fake.settings({{"vulnerability", "CVE-2026-1111"},
                                                 {"reference", "docker.io/defradigital/python:1.0.0-python3.13.3"}}));
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("answer") == "blocks");
    CHECK(holds(fake.out.str(), "  defradigital-python-1.0.0-python3.13.3-linux-amd64: present and blocks: high"));
}

TEST_CASE("explain requires the vulnerability as a positional argument") {
    const Invocation invocation = parse_arguments({"explain", "CVE-2026-1", "--reference", "a/b:1"});
    CHECK(invocation.command == "explain");
    CHECK(invocation.options ==
          std::map<std::string, std::string>{{"vulnerability", "CVE-2026-1"}, {"reference", "a/b:1"}});
    FakeWorld fake;
    const Error error = error_of([&] { run_explain(fake.world(), parse_settings({})); });
    CHECK(error.exit == Exit::bad_input);
}
