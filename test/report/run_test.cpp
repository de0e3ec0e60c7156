#include "report/run.h"

#include <catch2/catch_test_macros.hpp>

#include "report/heading.h"
#include "report/samples.h"

TEST_CASE("one finding in two images is one finding") {
    Run run = vulnerable_run();
    const Counts counts = count_findings(run);
    CHECK(counts.blocking == 2);
    CHECK(counts.waived == 1);
    CHECK(counts.reported == 4);
    CHECK(count_findings(run.images[0]).all() + count_findings(run.images[1]).all() == 12);
}

TEST_CASE("the heading of a clean run says what happened to the images") {
    Run run = clean_run();
    CHECK(render_heading(run) == "Python 1.0.0 is published: 4 images, all clean");
    run.publication->result = PublicationState::Result::already_there;
    CHECK(render_heading(run) == "Python 1.0.0 is already published: 4 images, all clean");
    run.publication->result = PublicationState::Result::not_wanted;
    CHECK(render_heading(run) == "Python 1.0.0 is clean: 4 images, nothing published");
    run.publication->result = PublicationState::Result::refused;
    CHECK(render_heading(run) == "Python 1.0.0 is clean, but was not published: 4 images");
    run.publication->result = PublicationState::Result::incomplete;
    CHECK(render_heading(run) == "Python 1.0.0 is published in part only: 4 images, all clean");
    run.publication.reset();
    CHECK(render_heading(run) == "Python 1.0.0 is clean: 4 images");
    run.plan = {};
    CHECK(render_heading(run) == "The images are clean: 4 images");
}

TEST_CASE("an image without a verdict makes the run unknown") {
    Run run = clean_run();
    run.publication.reset();
    REQUIRE(outcome_of(run) == Outcome::clean);
    run.images[2].verdict.reset();
    CHECK(outcome_of(run) == Outcome::unknown);
    CHECK(render_heading(run) == "Python 1.0.0 must not ship: the verdict on 1 of 4 images is unknown");
    run.images.clear();
    CHECK(outcome_of(run) == Outcome::unknown);
    CHECK(render_heading(run) == "Python 1.0.0: nothing was judged");
}

TEST_CASE("a contract without rows has not passed") {
    Run run = clean_run();
    run.publication.reset();
    CHECK_FALSE(is_contract_broken(run));
    run.images[0].contract->rows.clear();
    CHECK(is_contract_broken(run));
    CHECK(render_heading(run) == "Python 1.0.0 must not ship: 1 of 4 images fails its contract");
}

TEST_CASE("images published despite blocking findings are not called clean") {
    Run run = vulnerable_run();
    run.images[3].contract.reset();
    run.publication->result = PublicationState::Result::published;
    CHECK(render_heading(run) ==
          "Python 1.0.0 was published although 2 findings block 2 of 4 images: it replaces images that are no better");
}

TEST_CASE("stand-in bases and sample data are in the heading") {
    Run run = clean_run();
    run.bases[1].stand_in = true;
    CHECK(render_heading(run) == "Python 1.0.0 is published: 4 images, all clean (a trial: stand-in bases)");
    run.images[3].verdict->sample_data = true;
    CHECK(render_heading(run) ==
          "Python 1.0.0 is published: 4 images, all clean (a trial: stand-in bases, sample vulnerability data)");
    run.bases[1].stand_in = false;
    run.images[0].verdict->stand_in_bases = true;
    CHECK(has_stand_in_bases(run));
}

TEST_CASE("images with pre-existing findings are not called clean") {
    Run run = pre_existing_run();
    REQUIRE(outcome_of(run) == Outcome::clean);
    CHECK(render_heading(run) ==
          "Python 1.0.0 adds nothing that blocks, but is not clean: 2 findings in 2 of 4 images are pre-existing: "
          "the published images have them too");
    run.images[1].verdict->blocking = {make_finding("CVE-2026-1", "a", Severity::high)};
    run.images[1].verdict->outcome = Outcome::vulnerable;
    CHECK(render_heading(run) ==
          "Python 1.0.0 must not ship: 1 finding blocks 1 of 4 images; 2 findings in 2 of 4 images are pre-existing: "
          "the published images have them too");
}

TEST_CASE("a pre-existing finding has its own count") {
    const Run run = pre_existing_run();
    const Counts one = count_findings(run.images[1]);
    CHECK(one.blocking == 0);
    CHECK(one.pre_existing == 2);
    CHECK(one.reported == 4);
    const Counts all = count_findings(run);
    CHECK(all.pre_existing == 2);
    CHECK(all.reported == 4);
    CHECK(all.all() == count_findings(vulnerable_run()).all());
}

TEST_CASE("days are counted from the day of the verdict, otherwise from that of the run") {
    Run run = clean_run();
    CHECK(decision_day(run) == Date(std::chrono::year(2026) / 11 / 23));
    for (ImageRun& image : run.images) image.verdict->decided = *parse_time("2026-01-05T00:00:00Z");
    run.images[0].verdict.reset();
    CHECK(decision_day(run) == Date(std::chrono::year(2026) / 1 / 5));
    for (ImageRun& image : run.images) image.verdict.reset();
    CHECK(decision_day(run) == Date(std::chrono::year(2026) / 11 / 23));
}
