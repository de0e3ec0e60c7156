#include "report/run_json.h"

#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "base/json.h"
#include "report/samples.h"

TEST_CASE("verdict.json reads as approved") {
    approve(render_verdict_summary_json(vulnerable_run()), "report/vulnerable.verdict.golden");
}

TEST_CASE("verdict.json names no SARIF file where there is none") {
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

TEST_CASE("verdict.json is JSON also when every text is hostile") {
    const rapidjson::Document json = parse_tool_json(render_verdict_summary_json(hostile_run()), "verdict.json");
    CHECK(number_at(member(json, "counts"), "blocking") == 2);
    CHECK(text_at(json, "heading").find('\n') == std::string::npos);
}
