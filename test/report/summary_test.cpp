#include "report/summary.h"

#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "base/digest.h"
#include "base/text.h"
#include "contract/sample_report.h"
#include "report/samples.h"

namespace {

ScannerPause pause_until(Date last_day) {
    return {.scanner = Scanner::grype,
            .reason = "its database is broken",
            .owner = "platform team",
            .until = last_day,
            .at = {"vulnerability-policy.yml", 30}};
}

/// More actions than fit into a summary.
Run busy_run() {
    Run run = clean_run();
    for (int line = 1; line <= 40; ++line) {
        run.warnings.push_back(
            {{"vulnerability-policy.yml", line}, std::string(390, 'x'), std::string(290, 'y'), Level::warning});
    }
    return run;
}

}  // namespace

TEST_CASE("summaries equal their golden files") {
    approve(render_summary(vulnerable_run()), "report/vulnerable.summary.golden");
    approve(render_summary(clean_run()), "report/clean.summary.golden");
    approve(render_summary(pre_existing_run()), "report/pre-existing.summary.golden");
    approve(render_summary(unknown_run()), "report/unknown.summary.golden");
}

TEST_CASE("the summary of contract tests shows first what did not pass, and no text of an image is mark-up") {
    approve(render_contract_summary({sample_report()}), "report/contract.summary.golden");
}

TEST_CASE("every row of a table has as many cells as its heading") {
    std::size_t cells = 0;
    for (const std::string& line : lines_of(render_summary(hostile_run()))) {
        if (!line.starts_with("|")) {
            cells = 0;
            continue;
        }
        const std::size_t here = count(line, " |");
        if (cells == 0) cells = here;
        INFO(line);
        CHECK(here == cells);
    }
}

TEST_CASE("hostile text is escaped in a summary") {
    std::string summary = render_summary(hostile_run());
    CHECK_FALSE(has(summary, "\x1b"));
    CHECK_FALSE(has(summary, "\xe2\x80\xae"));
    const std::string fence = "\n````";  // a code block is not rendered
    const std::size_t block = summary.find(fence + "yaml\n");
    REQUIRE(block != std::string::npos);
    summary.erase(block, summary.find(fence + "\n", block + 1) - block);
    CHECK_FALSE(has(summary, "<script"));
    CHECK_FALSE(has(summary, "<img"));
    CHECK_FALSE(has(summary, "@octocat"));
    CHECK_FALSE(has(summary, "GH-2"));
    CHECK_FALSE(has(summary, "\n::error"));
    CHECK_FALSE(has(summary, "](http://evil"));
    CHECK(count(summary, "](javascript") == count(summary, "\\](javascript"));
    CHECK(has(summary, "&lt;script&gt;"));
}

TEST_CASE("a waiver to paste cannot leave its code block") {
    Run run = vulnerable_run();
    Remedy& remedy = run.images[0].remedies.at(run.images[0].verdict->blocking[0].key());
    remedy.waiver = "- id: X\n````\n# Forged\n";
    const std::string summary = render_summary(run);
    CHECK(has(summary, "`````yaml\n"));
    CHECK(has(summary, "\n`````\n"));
}

TEST_CASE("an image without a known platform stands there by its name") {
    Run run = vulnerable_run();
    run.images.resize(1);
    CHECK(has(render_summary(run), "| **3.13.3-development**<br>linux/amd64 |"));
    run.images[0].platform = "";
    CHECK(has(render_summary(run), "| **3.13.3-development** |"));
}

TEST_CASE("stand-ins and sample data are announced first") {
    Run run = clean_run();
    run.bases[0].stand_in = true;
    run.images[0].verdict->sample_data = true;
    const std::string summary = render_summary(run);
    CHECK(summary.find("**Stand-in bases.**") < summary.find("## "));
    CHECK(summary.find("**Sample vulnerability data.**") < summary.find("## "));
    CHECK_FALSE(has(render_summary(clean_run()), "CAUTION"));
}

TEST_CASE("the step that publishes reports what came of it, with the tags it wrote") {
    Run run = vulnerable_run();
    run.publication.reset();
    CHECK(render_publication_summary(run).empty());
    const Digest digest = sha256("image");
    run.publication.emplace();
    run.publication->result = PublicationState::Result::published;
    run.publication->to = "docker.io/defradigital";
    run.publication->tags = {{"docker.io/defradigital/python:latest", digest}};
    const std::string summary = render_publication_summary(run);
    CHECK(has(summary, "**Publication:** published (docker.io/defradigital)"));
    CHECK(has(summary, "1 tag written"));
    CHECK(has(summary, "<code>docker.io/defradigital/python:latest</code>"));
    CHECK(has(summary, digest.text()));
}

TEST_CASE("a paused scanner is reported once for all images") {
    Run run = clean_run();
    for (ImageRun& image : run.images) image.verdict->paused = {pause_until(Date(std::chrono::year(2026) / 12 / 1))};
    CHECK(count(render_summary(run),
                "- **grype** until 2026-12-01 (8 days left): its database is broken, says platform team "
                "(<code>vulnerability-policy.yml:30</code>)") == 1);
}

TEST_CASE("an expired pause does not count") {
    Run run = clean_run();
    run.policy.pauses = {pause_until(Date(std::chrono::year(2026) / 11 / 1))};
    CHECK_FALSE(has(render_summary(run), "Scanners that are off"));
}

TEST_CASE("a summary of 6,000 findings fits and says what it omits") {
    const std::string summary = render_summary(large_run(6'000));
    CHECK(summary.size() <= max_summary_bytes);
    CHECK(summary.size() > max_summary_bytes * 9 / 10);
    CHECK(has(summary, "did not fit in here (5400 findings not gated): see report.html, which has all._"));
    CHECK(has(summary, "## Images"));
    CHECK(count(summary, "<details>") == count(summary, "</details>"));
}

TEST_CASE("no limit is exceeded, and <details> elements are always closed") {
    const Run run = large_run(400);
    for (std::size_t limit = 8'000; limit < 200'000; limit += 7'001) {
        const std::string summary = render_summary(run, limit);
        INFO(limit);
        CHECK(summary.size() <= limit);
        CHECK(count(summary, "<details>") == count(summary, "</details>"));
        CHECK(has(summary, "## Images"));
    }
}

TEST_CASE("of what is to do a dozen lines are shown, and how many more there are") {
    const std::string summary = render_summary(busy_run());
    CHECK(has(summary, "\n12. Xxx"));
    CHECK_FALSE(has(summary, "\n13. Xxx"));
    CHECK(has(summary, "\nand 28 more, in report.html\n"));
}

TEST_CASE("the table of images is never truncated") {
    for (const std::size_t limit : {std::size_t(1'000), std::size_t(4'000), std::size_t(8'000)}) {
        INFO(limit);
        const std::string summary = render_summary(busy_run(), limit);
        for (const ImageRun& image : busy_run().images) CHECK(count(summary, "| **" + image.image + "**<br>") == 1);
        CHECK_FALSE(has(summary, "(Images)"));
    }
}

TEST_CASE("The summary of a step that failed without a report says what, where and what to do") {
    const std::string summary = render_problem_summary(
        "check failed", {{{"JOB.env", 2}, "<b>DEFRA_VERSION</b> is missing", "write it | as 1.0.0"},
                         {{}, "a remark", "", Level::warning}});
    CHECK(summary.starts_with("## check failed\n"));
    CHECK(has(summary, "| error | <code>JOB.env:2</code> |"));
    CHECK(has(summary, "| warning |  | a remark |  |"));
    CHECK_FALSE(has(summary, "<b>"));
    CHECK(render_problem_summary("check failed", {}).empty());
}
