#include "report/rows.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "report/heading.h"
#include "report/samples.h"

TEST_CASE("a finding shared by images is one row, and blocking findings come first") {
    const Run run = vulnerable_run();
    const std::vector<FindingRow> rows = gather_findings(run);
    REQUIRE(rows.size() == 7);
    CHECK(rows[0].finding->id == "CVE-2026-1001");
    CHECK(rows[0].images.size() == 2);
    CHECK(rows[1].finding->id == "CVE-2026-2002");
    CHECK(rows[2].state == FindingState::waived);
    REQUIRE(rows[2].waiver != nullptr);
    CHECK(rows[2].waiver->owner == "platform team");
    CHECK(rows[6].finding->severity == Severity::unknown);
    CHECK(render_images(rows[0].images, run) == "3.13.3-development, 3.13.3-production");
}

TEST_CASE("one finding with two remedies is two rows") {
    Run run = vulnerable_run();
    for (auto& [key, remedy] : run.images[1].remedies) remedy.text += " elsewhere";
    const std::vector<FindingRow> rows = gather_findings(run);
    CHECK(std::count_if(rows.begin(), rows.end(),
                        [](const FindingRow& row) { return row.finding->id == "CVE-2026-1001"; }) == 2);
}

TEST_CASE("images on two platforms have different names") {
    Run run = vulnerable_run();
    run.images[3].platform = "linux/arm64";
    CHECK(render_images(gather_findings(run)[0].images, run) ==
          "3.13.3-development-linux-amd64, 3.13.3-production-linux-amd64");
}

TEST_CASE("actions: first unknown and failed results, then the remedy that fixes most") {
    Run run = vulnerable_run();
    run.images[2].verdict.reset();
    Finding other = run.images[0].verdict->blocking[0];
    other.id = "CVE-2026-1003";
    run.images[0].verdict->blocking.push_back(other);
    run.images[0].remedies[other.key()] = run.images[0].remedies[run.images[0].verdict->blocking[0].key()];
    const std::vector<ToDo> todo = make_todo(run, gather_findings(run));
    REQUIRE(todo.size() == 5);
    CHECK(todo[0].because == "the verdict is unknown for 3.12.6-development");
    CHECK(todo[1].text == "Fix the image: the user is numeric and not root (expected 1000:1000, found 0:0)");
    CHECK(todo[2].text == "Rebuild: python:3.13.3-slim-bookworm was rebuilt on 2026-11-20");
    CHECK(todo[2].because == "fixes 2 findings in 2 images");
    CHECK(todo[3].text == "Raise pythonVersion to 3.13.5");
    CHECK(todo[3].at == Place{"image-matrix.json", 3});
    CHECK(todo[4].text == "The exception for CVE-2024-9999 ended on 2026-11-20");
}

TEST_CASE("a clean, published run has no actions") {
    Run run = clean_run();
    CHECK(make_todo(run, gather_findings(run)).empty());
    run.publication->result = PublicationState::Result::incomplete;
    run.publication->reason = "2 of 4 version tags written: press Re-run failed jobs";
    const std::vector<ToDo> todo = make_todo(run, gather_findings(run));
    REQUIRE(todo.size() == 1);
    CHECK(todo[0].text == "2 of 4 version tags written: press Re-run failed jobs");
}

TEST_CASE("limits of a verdict and exploited findings are always actions") {
    Run run = clean_run();
    for (ImageRun& image : run.images) image.verdict->warnings = {"trivy reports 1 misconfiguration"};
    run.images[0].verdict->warnings.push_back("debian 10 is past its end of life");
    Finding attacked = make_finding("CVE-2026-7", "zlib", Severity::critical);
    attacked.fix = FixState::none;
    attacked.fixed_in.clear();
    attacked.known_exploited = true;
    for (std::size_t i : {0U, 1U}) run.images[i].verdict->reported.push_back(attacked);
    CHECK(warnings_of(run) ==
          std::vector<std::string>{"trivy reports 1 misconfiguration",
                                   "debian 10 is past its end of life (" + run.images[0].image + ")"});
    const std::vector<ToDo> todo = make_todo(run, gather_findings(run, FindingState::blocking));
    REQUIRE(todo.size() == 3);
    CHECK(todo[0].text == "Trivy reports 1 misconfiguration");
    CHECK(todo[1].text.starts_with("Debian 10 is past its end of life"));
    CHECK(todo[2].text == "Remove or shield what CVE-2026-7 in zlib (no fix) affects, or accept the risk");
    run.images[0].verdict->waived.push_back({attacked, {}});
    CHECK(make_todo(run, {}).size() == 3);
}

TEST_CASE("the numbers in a heading match the tables, also if rows have two versions of a package") {
    Run run = clean_run();
    Finding one = make_finding("CVE-2026-8", "python", Severity::high);
    Finding other = one;
    other.version = "other";
    for (ImageRun& image : run.images) image.verdict->outcome = Outcome::vulnerable;
    run.images[0].verdict->blocking = {one};
    run.images[1].verdict->blocking = {one};
    run.images[2].verdict->blocking = {other};
    CHECK(count_findings(run).blocking == 2);
    CHECK(gather_findings(run, FindingState::blocking).size() == 2);
    CHECK(render_blocking_count(run) == "2 findings block 3 of 4 images");
}

TEST_CASE("pre-existing findings come before accepted ones") {
    const Run run = pre_existing_run();
    const std::vector<FindingRow> rows = gather_findings(run);
    REQUIRE(rows.size() == 7);
    CHECK(rows[0].state == FindingState::pre_existing);
    CHECK(rows[1].state == FindingState::pre_existing);
    CHECK(rows[2].state == FindingState::waived);
}
