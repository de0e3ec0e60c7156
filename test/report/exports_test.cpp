#include "report/exports.h"

#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "base/json.h"
#include "base/text.h"
#include "report/heading.h"
#include "report/samples.h"

TEST_CASE("verdict.json equals its golden file") {
    approve(render_verdict_summary_json(vulnerable_run()), "report/vulnerable.verdict.golden");
}

TEST_CASE("verdict.json names only existing SARIF files") {
    const rapidjson::Document json = parse_tool_json(render_verdict_summary_json(unknown_run()), "verdict.json");
    CHECK(text_at(json, "outcome") == "unknown");
    const auto images = items_at(json, "images");
    CHECK(text_at(images[0], "sarif") == "sarif/3.13.3-development-linux-amd64.sarif");
    CHECK_FALSE(images[1].HasMember("sarif"));
    CHECK(text_of(items_at(images[1], "unknown_because")[0]) ==
          "grype ended with exit code 1: the database could not be downloaded");
    CHECK_FALSE(images[3].HasMember("digest"));
    CHECK(text_of(items_at(images[3], "unknown_because")[0]) == "it was not judged");
}

TEST_CASE("verdict.json is valid JSON with hostile texts") {
    const rapidjson::Document json = parse_tool_json(render_verdict_summary_json(hostile_run()), "verdict.json");
    CHECK(number_at(member(json, "counts"), "blocking") == 2);
    CHECK(text_at(json, "heading").find('\n') == std::string::npos);
}

TEST_CASE("the CSV has one line for each finding of each image") {
    const Run run = vulnerable_run();
    const std::vector<std::string> lines = lines_of(render_findings_csv(run));
    std::size_t findings = 0;
    for (const ImageRun& image : run.images) findings += count_findings(image).all();
    CHECK(lines.size() == findings + 1);
    CHECK(lines[0].starts_with("image,platform,state,severity,id,"));
    CHECK(std::count(lines[0].begin(), lines[0].end(), ',') == 19);
    CHECK(lines[1].ends_with("\""));
    CHECK(lines[1].find("\"blocks\",\"critical\",\"CVE-") != std::string::npos);
}

TEST_CASE("no text becomes a second cell, a second line or a formula in the CSV") {
    Run run = clean_run();
    Finding finding = make_finding("CVE-2026-1", "=cmd|' /C calc'!A0", Severity::high);
    finding.title = "a \"quoted\", text\nof two lines";
    run.images.resize(1);
    run.images[0].verdict->blocking = {finding};
    run.images[0].verdict->waived.clear();
    run.images[0].verdict->reported.clear();
    const std::vector<std::string> lines = lines_of(render_findings_csv(run));
    REQUIRE(lines.size() == 2);
    CHECK(lines[1].find(",\"'=cmd|' /C calc'!A0\",") != std::string::npos);
    CHECK(lines[1].find(",\"a \"\"quoted\"\", text of two lines\",") != std::string::npos);
}
