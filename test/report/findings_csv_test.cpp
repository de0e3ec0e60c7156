#include "report/findings_csv.h"

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "report/heading.h"
#include "report/samples.h"

TEST_CASE("the list for a spreadsheet has one line for each finding of each image") {
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

TEST_CASE("no text becomes a second cell, a second line or a formula") {
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
