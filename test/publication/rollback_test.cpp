#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "publication/publication.h"

namespace {

const Digest good = sha256("1.0.0");
const Digest bad = sha256("1.1.0");

Plan plan() {
    Plan plan;
    plan.job = {.file = "JOB.env", .defra_version = "1.1.0", .image_name = "python"};
    plan.images = {{.name = "3.13.3-production",
                    .python_version = "3.13.3",
                    .repository = "defra/python",
                    .version_tag = "1.1.0-python3.13.3",
                    .moving_tags = {"latest-3.13", "latest"}}};
    return plan;
}

ExistingTag existing(const std::string& tag, const Digest& index, const std::string& version) {
    return {.repository = "defra/python", .tag = tag, .index = index, .version = version};
}

const std::vector<ExistingTag> there = {existing("1.0.0-python3.13.2", good, "1.0.0"),
                                        existing("1.0.0-python3.13.1", sha256("older"), "1.0.0"),
                                        existing("1.0.0-python3.12.6", sha256("12"), "1.0.0"),
                                        existing("1.1.0-python3.13.3", bad, "1.1.0"),
                                        existing("latest", bad, "1.1.0"),
                                        existing("latest-3.13", good, "1.0.0")};

}  // namespace

TEST_CASE("a rollback moves only the differing moving tags, to the highest patch of that version") {
    const Publication publication = plan_rollback(plan(), there, "1.0.0", "CVE in 1.1.0");
    REQUIRE(publication.steps.size() == 1);
    const Step& step = publication.steps.front();
    CHECK(step.kind == StepKind::move_tag);
    CHECK(step.tag == "latest");
    CHECK(step.digest == good);
    CHECK(step.before == bad);
    CHECK(step.why == "from 1.1.0 to 1.0.0-python3.13.2");
    CHECK(publication.notes.front() == "defra/python:latest-3.13 is at 1.0.0-python3.13.2 already");
}

TEST_CASE("a rollback needs a reason, which is printed and recorded") {
    const Publication publication = plan_rollback(plan(), there, "1.0.0", " CVE in 1.1.0 ");
    CHECK(holds(render_publication(publication, "docker.io"), "rollback because   CVE in 1.1.0\n"));
    CHECK(holds(render_publication_json(publication, "docker.io", 0), "\"rollback_because\": \"CVE in 1.1.0\""));
    const Publication without = plan_rollback(plan(), there, "1.0.0", " ");
    CHECK(without.is_refused());
    CHECK(without.exit == Exit::bad_input);
    CHECK(without.problems.front().what == "a rollback needs a reason");
}

TEST_CASE("a rollback to an unpublished version is rejected and moves nothing") {
    const Publication publication = plan_rollback(plan(), there, "0.9.0", "because");
    CHECK(publication.exit == Exit::refused);
    CHECK(publication.steps.empty());
    CHECK(publication.problems.front().what == "3.13.3-production is not published in defra/python as 0.9.0");
    CHECK(plan_rollback(plan(), there, "latest", "because").problems.front().what == "\"latest\" is no DEFRA_VERSION");
}
