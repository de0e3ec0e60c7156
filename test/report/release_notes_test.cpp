#include "report/release_notes.h"

#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "report/evidence.h"
#include "report/samples.h"

namespace {

PublicationRecord record_of(const Run& run) {
    PublicationRecord record{.destination = "docker.io/defradigital", .complete = true, .images = {}};
    for (const Image& image : run.plan.images) {
        record.images.push_back(
            {image.name, image.repository, image.version_tag, sha256(image.name), sha256("inputs"), true});
    }
    return record;
}

}  // namespace

TEST_CASE("The notes list every image with its bases, changes and accepted risks") {
    const Run run = vulnerable_run();
    LastRelease last{.version = "0.9.0", .images = {"3.11.9-production", "3.13.3-production"}, .findings = {}};
    last.findings = {make_finding("CVE-2020-1", "gone", Severity::high)};
    approve(render_release_notes(run, record_of(run), last), "report/release-notes.golden");
}

TEST_CASE("The first release has no comparison") {
    const Run run = clean_run();
    CHECK_FALSE(has(render_release_notes(run, record_of(run), std::nullopt), "## Since"));
}

TEST_CASE("Blocking findings are listed in the notes and counted as new") {
    Run run = vulnerable_run();
    const LastRelease last{.version = "0.9.0", .images = {}, .findings = std::vector<Finding>{}};
    const std::string notes = render_release_notes(run, record_of(run), last);
    CHECK(has(notes, "2 findings block 2 of 4 images"));
    CHECK(has(notes, "<summary>7 findings more, 2 of which block</summary>"));
    CHECK(has(notes, "- critical CVE-2026-1001 in openssl 3.0.17-1\\~deb12u2 (blocks)\n"));
    for (ImageRun& image : run.images) image.verdict->blocking.clear();
    const std::string clean = render_release_notes(run, record_of(run), last);
    CHECK_FALSE(has(clean, "(blocks)"));
    CHECK_FALSE(has(clean, "[!WARNING]"));
    CHECK(has(clean, "<summary>5 findings more, none of which blocks</summary>"));
}

TEST_CASE("Images published by an earlier run are marked as different from the evidence") {
    const Run run = clean_run();
    PublicationRecord record = record_of(run);
    record.images.front().as_built = false;
    CHECK(has(render_release_notes(run, record, std::nullopt), "An earlier run published"));
}

TEST_CASE("Foreign text is escaped in the notes, and they stay below GitHub's limit") {
    const Run hostile = hostile_run();
    const std::string notes = render_release_notes(hostile, record_of(hostile), LastRelease{"0.9.0", {}, {}});
    CHECK_FALSE(has(notes, "<script"));
    CHECK_FALSE(has(notes, " @octocat"));
    const Run large = large_run(6000);
    LastRelease last{"0.9.0", {}, {}};
    last.findings.emplace();
    CHECK(render_release_notes(large, record_of(large), last).size() <= 125'000);
}

TEST_CASE("Evidence can be read back, and unknown content is rejected") {
    const Evidence evidence{
        .version = "1.0.0",
        .revision = std::string(40, 'a'),
        .program = "0.1.0",
        .max_database_age = std::chrono::hours(72),
        .severity = Severity::high,
        .policy = "vulnerability-policy.yml",
        .images = {{"3.13.3-production-linux-arm64", "3.13.3-production", "linux/arm64", "production", sha256("m"),
                    sha256("c"), *parse_time("2026-11-23T12:00:00Z"), Outcome::vulnerable, true}}};
    const Evidence read = parse_evidence_json(render_evidence_json(evidence), "a test");
    CHECK(render_evidence_json(read) == render_evidence_json(evidence));
    CHECK(read.images.front().outcome == Outcome::vulnerable);
    CHECK(read.max_database_age == std::chrono::hours(72));
    CHECK_THROWS_AS(parse_evidence_json("{}", "a test"), Error);
    CHECK_THROWS_AS(parse_evidence_json(R"({"format":2})", "a test"), Error);
}
