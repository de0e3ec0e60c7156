#include "publication/publication.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "expect.h"

namespace {

const Digest amd64 = sha256("the image for amd64");
const Digest attestation = sha256("its provenance");
const Digest index_digest = sha256("the index");
const Digest inputs = sha256("Dockerfile and all");

Plan plan() {
    Plan plan;
    plan.job = {.file = "JOB.env",
                .defra_version = "1.1.0",
                .image_name = "python",
                .defra_version_line = 3,
                .image_name_line = 4};
    return plan;
}

Candidate candidate() {
    return {.name = "3.13.3-production",
            .repository = "defradigital/python",
            .version_tag = "1.1.0-python3.13.3",
            .moving_tags = {"latest-3.13", "latest"},
            .index = index_digest,
            .inputs = inputs,
            .members = {{"3.13.3-production-linux-amd64", amd64, false},
                        {"3.13.3-production-linux-amd64", attestation, true}}};
}

Verdict verdict(Outcome outcome = Outcome::clean, const Digest& manifest = amd64) {
    return {.name = "3.13.3-production-linux-amd64", .target = "production", .manifest = manifest, .outcome = outcome};
}

ExistingTag existing(const std::string& tag, const Digest& index, const std::optional<Digest>& made_from,
                     const std::string& version = "1.1.0") {
    return {.repository = "defradigital/python",
            .tag = tag,
            .index = index,
            .inputs = made_from,
            .revision = "540323afff",
            .version = version,
            .source = ""};
}

Publication publish(const std::vector<Verdict>& verdicts, const std::vector<ExistingTag>& there = {},
                    const PublicationRules& rules = {}) {
    return plan_publication(plan(), {candidate()}, verdicts, there, rules);
}

std::vector<StepKind> kinds(const Publication& publication) {
    std::vector<StepKind> kinds;
    for (const Step& step : publication.steps) kinds.push_back(step.kind);
    return kinds;
}

}  // namespace

TEST_CASE("Digests are published before version tags, and version tags before moving tags") {
    const Publication publication = publish({verdict()});
    CHECK(kinds(publication) == std::vector{StepKind::store_manifest, StepKind::store_manifest, StepKind::store_index,
                                            StepKind::write_version_tag, StepKind::move_tag, StepKind::move_tag});
}

TEST_CASE("No moving tag of a matrix moves before all version tags are written") {
    Candidate other = candidate();
    other.name = "3.12.6-production";
    other.version_tag = "1.1.0-python3.12.6";
    other.moving_tags = {"latest-3.12"};
    const std::vector<StepKind> order = kinds(plan_publication(plan(), {candidate(), other}, {verdict()}, {}, {}));
    const auto first_move = std::find(order.begin(), order.end(), StepKind::move_tag);
    CHECK(std::find(first_move, order.end(), StepKind::write_version_tag) == order.end());
    CHECK(std::count(order.begin(), order.end(), StepKind::write_version_tag) == 2);
}

TEST_CASE("A skipped scan leaves nothing to publish") {
    const Publication publication = publish({});
    CHECK(publication.steps.empty());
    CHECK(publication.exit == Exit::failed);
    CHECK(holds(publication.problems.front().what, "was not scanned"));
}

TEST_CASE("A verdict for another digest does not count") {
    CHECK(publish({verdict(Outcome::clean, sha256("another image"))}).is_refused());
}

TEST_CASE("A vulnerable image is rejected with exit code 1, an unknown one with 3") {
    CHECK(publish({verdict(Outcome::vulnerable)}).exit == Exit::refused);
    CHECK(publish({verdict(Outcome::unknown)}).exit == Exit::failed);
}

TEST_CASE("One image that may not be published blocks the whole matrix") {
    Candidate other = candidate();
    other.members = {{"3.12.6-production-linux-amd64", sha256("other"), false}};
    const Publication publication = plan_publication(
        plan(), {candidate(), other}, {verdict(), verdict(Outcome::vulnerable, sha256("other"))}, {}, {});
    CHECK(publication.steps.empty());
    CHECK(publication.exit == Exit::refused);
}

TEST_CASE("An attestation needs no verdict, but an index with only attestations is not an image") {
    Candidate empty = candidate();
    empty.members = {{"x", attestation, true}};
    CHECK(plan_publication(plan(), {empty}, {verdict()}, {}, {}).is_refused());
}

TEST_CASE("A version published from the same inputs is left as it is") {
    const Digest theirs = sha256("the index that is published");
    const Publication publication =
        publish({verdict()}, {existing("1.1.0-python3.13.3", theirs, inputs), existing("latest-3.13", theirs, inputs),
                              existing("latest", theirs, inputs)});
    CHECK_FALSE(publication.is_refused());
    CHECK(publication.steps.empty());
    CHECK(publication.notes.front() ==
          "1.1.0-python3.13.3 is published from 540323a; nothing that goes into an image changed");
    CHECK(summarize_notes(publication) ==
          "1.1.0-python3.13.3 is published from 540323a; nothing that goes into an image changed; 2 moving tags are "
          "right already");
}

TEST_CASE("What is left alone is summarized with each reason once") {
    const Publication publication{.steps = {}, .notes = {"a", "latest is right already", "b", "a"}, .problems = {}};
    CHECK(summarize_notes(publication) == "a; b; 1 moving tag is right already");
    CHECK(summarize_notes({}).empty());
}

TEST_CASE("For a published version, missing moving tags get the published image, not the new build") {
    const Digest theirs = sha256("the index that is published");
    const Publication publication = publish({verdict()}, {existing("1.1.0-python3.13.3", theirs, inputs)});
    REQUIRE(kinds(publication) == std::vector{StepKind::move_tag, StepKind::move_tag});
    CHECK(publication.steps.front().digest == theirs);
}

TEST_CASE("A version published from other inputs is never overwritten: the hint is to raise DEFRA_VERSION") {
    const Publication publication =
        publish({verdict()}, {existing("1.1.0-python3.13.3", index_digest, sha256("other inputs"))});
    REQUIRE(publication.is_refused());
    CHECK(publication.exit == Exit::refused);
    CHECK(publication.problems.front().at == Place{"JOB.env", 3});
    CHECK(publication.problems.front().hint == "raise DEFRA_VERSION");
}

TEST_CASE("A version published for other platforms is not taken for what is planned") {
    Plan both = plan();
    both.platforms = {"linux/amd64", "linux/arm64"};
    ExistingTag there = existing("1.1.0-python3.13.3", sha256("the index that is published"), inputs);
    there.platforms = {"linux/amd64"};
    const Publication refused = plan_publication(both, {candidate()}, {verdict()}, {there}, {});
    REQUIRE(refused.exit == Exit::refused);
    CHECK(refused.problems.front().what ==
          "defradigital/python:1.1.0-python3.13.3 is published for linux/amd64, and this run is for linux/amd64, "
          "linux/arm64");
    there.platforms = {"linux/arm64", "linux/amd64"};
    CHECK_FALSE(plan_publication(both, {candidate()}, {verdict()}, {there}, {}).is_refused());
}

TEST_CASE("A version without recorded inputs predates this action and is not overwritten") {
    const Publication publication = publish({verdict()}, {existing("1.1.0-python3.13.3", index_digest, std::nullopt)});
    REQUIRE(publication.is_refused());
    CHECK(holds(publication.problems.front().what, "was published before this action"));
}

TEST_CASE("Conflicts with published versions, repositories and moving tags are found before the build") {
    Candidate planned = candidate();
    planned.members.clear();
    const auto preflight = [&](const std::vector<ExistingTag>& there) {
        return preflight_publication(plan(), {planned}, there, {.source = "https://github.com/defra/images"});
    };
    CHECK_FALSE(preflight({}).is_refused());
    CHECK(preflight({}).notes.empty());

    const Publication same = preflight({existing("1.1.0-python3.13.3", sha256("theirs"), inputs)});
    CHECK_FALSE(same.is_refused());
    CHECK(same.steps.empty());
    CHECK(same.notes == std::vector<std::string>{
                            "1.1.0-python3.13.3 is published from 540323a; nothing that goes into an image changed"});

    ExistingTag foreign = existing("latest-3.13", sha256("theirs"), inputs);
    foreign.source = "https://github.com/eve/images";
    const Publication refused = preflight({existing("1.1.0-python3.13.3", sha256("theirs"), sha256("other inputs")),
                                           foreign, existing("latest", sha256("old"), std::nullopt, "")});
    CHECK(refused.exit == Exit::refused);
    CHECK(render_problems(refused.problems) ==
          "defradigital/python holds images made from https://github.com/eve/images\n"
          "  hint: one repository publishes into it: choose another namespace or IMAGE_NAME\n"
          "defradigital/python:latest is of unknown age: it was published before this action\n"
          "  hint: check what it names; if it may move, use --adopt-alias once\n"
          "JOB.env:3: defradigital/python:1.1.0-python3.13.3 is published already, and what goes into the image has "
          "changed "
          "since\n"
          "  hint: raise DEFRA_VERSION\n");
}

TEST_CASE("A moving tag only goes forwards in DEFRA_VERSION, compared as numbers") {
    CHECK(publish({verdict()}, {existing("latest", sha256("old"), inputs, "1.0.9")}).steps.size() == 6);
    const Publication publication = publish({verdict()}, {existing("latest", sha256("newer"), inputs, "1.10.0")});
    CHECK(publication.steps.size() == 5);
    CHECK(publication.notes.front() == "defradigital/python:latest stays at 1.10.0: tags only move forwards");
}

TEST_CASE("A repository with images from another source is rejected") {
    ExistingTag foreign = existing("latest", sha256("theirs"), inputs, "1.0.0");
    foreign.source = "https://github.com/eve/images";
    CHECK(publish({verdict()}, {foreign}, {.source = "https://github.com/defra/images"}).is_refused());
}

TEST_CASE("Stand-in bases and sample data only go where no one else pulls from") {
    Verdict stand_in = verdict();
    stand_in.stand_in_bases = true;
    CHECK(publish({stand_in}).is_refused());
    CHECK_FALSE(publish({stand_in}, {}, {.source = "", .stand_ins_may = true}).is_refused());
    Verdict sample = verdict();
    sample.sample_data = true;
    CHECK(publish({sample}).is_refused());
}

TEST_CASE("The journal records whether each step was done") {
    const Publication publication = publish({verdict()});
    const std::string journal = render_publication_json(publication, "oci:out/registry", 3);
    const auto count = [&](const std::string& text) {
        std::size_t n = 0;
        for (std::size_t at = journal.find(text); at != std::string::npos; at = journal.find(text, at + 1)) ++n;
        return n;
    };
    CHECK(count("\"done\": true") == 3);
    CHECK(count("\"done\": false") == 3);
}

TEST_CASE("every tag step has the digest that the tag must name before") {
    const Digest old = sha256("old");
    const Publication publication = publish({verdict()}, {existing("latest", old, inputs, "1.0.9")});
    REQUIRE(publication.steps.size() == 6);
    CHECK(publication.steps[3].before == std::nullopt);
    CHECK(publication.steps[4].before == std::nullopt);
    CHECK(publication.steps[5].before == old);
    CHECK(publication.steps[5].why == "from 1.0.9");
}

TEST_CASE("gate.publish: no-worse publishes a blocked image that is no worse than what it replaces, and says so") {
    const Publication publication = publish({verdict(Outcome::vulnerable)}, {}, {.source = "", .no_worse = {amd64}});
    CHECK_FALSE(publication.is_refused());
    REQUIRE(publication.warnings.size() == 1);
    CHECK(publication.warnings.front().what ==
          "3.13.3-production-linux-amd64 is vulnerable (0 block), and is published because it is no worse than what it "
          "replaces");
    CHECK(publish({verdict(Outcome::unknown)}, {}, {.source = "", .no_worse = {amd64}}).exit == Exit::failed);
    CHECK(publish({verdict(Outcome::vulnerable)}, {}, {.source = "", .no_worse = {sha256("another")}}).is_refused());
}

TEST_CASE("a moving tag of unknown age moves only if it is adopted") {
    const ExistingTag unknown = existing("latest", sha256("theirs"), std::nullopt, "");
    const Publication refused = publish({verdict()}, {unknown});
    REQUIRE(refused.is_refused());
    CHECK(refused.exit == Exit::refused);
    CHECK(refused.problems.front().what ==
          "defradigital/python:latest is of unknown age: it was published before this action");
    CHECK(refused.problems.front().hint == "check what it names; if it may move, use --adopt-alias once");

    const Publication adopted = publish({verdict()}, {unknown}, {.source = "", .adopt_moving_tags = true});
    CHECK_FALSE(adopted.is_refused());
    CHECK(adopted.steps.back().why == "from " + std::string(sha256("theirs").brief()) + ", of unknown age: adopted");
}

TEST_CASE("a lower Python version under a higher DEFRA_VERSION is published with a warning") {
    ExistingTag higher = existing("latest", sha256("old"), inputs, "1.0.0");
    higher.title = "3.13.4-production";
    const Publication publication = publish({verdict()}, {higher});
    CHECK_FALSE(publication.is_refused());
    REQUIRE(publication.warnings.size() == 1);
    CHECK(publication.warnings.front().what == "defradigital/python:latest goes from Python 3.13.4 back to 3.13.3");
    higher.title = "3.13.3-production";
    CHECK(publish({verdict()}, {higher}).warnings.empty());
}

TEST_CASE("a partial publication is completed with its own bytes, which are scanned again first") {
    const Digest theirs = sha256("the index that is published");
    Candidate other = candidate();
    other.name = "3.12.6-production";
    other.version_tag = "1.1.0-python3.12.6";
    other.moving_tags = {"latest-3.12"};
    const std::vector<ExistingTag> there = {existing("1.1.0-python3.13.3", theirs, inputs)};
    const Publication first = plan_publication(plan(), {candidate(), other}, {verdict()}, there, {});
    CHECK_FALSE(first.is_refused());
    REQUIRE(first.to_rescan.size() == 1);
    CHECK(first.to_rescan.front().name == "3.13.3-production");
    CHECK(first.to_rescan.front().index == theirs);
    CHECK(first.notes.back() == "an earlier attempt wrote 1 of 2 version tags: the others follow now");

    SECTION("after the fetch nothing is left to scan") {
        Candidate fetched = candidate();
        fetched.index = theirs;
        const Publication second = plan_publication(plan(), {fetched, other}, {verdict()}, there, {});
        CHECK(second.to_rescan.empty());
        CHECK(second.steps.size() == first.steps.size());
    }
    SECTION("if the fetched images have become vulnerable, no tag moves") {
        Candidate fetched = candidate();
        fetched.index = theirs;
        CHECK(plan_publication(plan(), {fetched, other}, {verdict(Outcome::vulnerable)}, there, {}).is_refused());
    }
}

TEST_CASE("a printed plan lists what happens and why, in order") {
    const Publication publication = publish({verdict()}, {existing("latest", sha256("old"), inputs, "1.0.9"),
                                                          existing("latest-3.13", sha256("new"), inputs, "1.10.0")});
    const auto brief = [](const Digest& digest) { return std::string(digest.brief()); };
    CHECK(render_publication(publication, "docker.io") ==
          "to docker.io:\n"
          "  store manifest     " +
              brief(amd64) + "  defradigital/python  (scanned and judged clean)\n" + "  store manifest     " +
              brief(attestation) + "  defradigital/python  (its provenance)\n" + "  store index        " +
              brief(index_digest) + "  defradigital/python  (joins its platforms)\n" + "  write version tag  " +
              brief(index_digest) + "  defradigital/python:1.1.0-python3.13.3  (not there yet)\n" +
              "  move tag           " + brief(index_digest) + "  defradigital/python:latest  (from 1.0.9)\n" +
              "  left alone         defradigital/python:latest-3.13 stays at 1.10.0: tags only move forwards\n");
}

TEST_CASE("publication.json can be read back: all images, and whether every step was done") {
    const PublicationRecord open = parse_publication_json(
        R"({"destination":"docker.io/defradigital","refused":false,"images":[{"name":"3.13.3-production",
            "repository":"defradigital/python","tag":"1.0.0-python3.13.3","digest":")" +
            sha256("index").text() + R"(","inputs":")" + sha256("inputs").text() +
            R"("}],"steps":[{"done":true},{"done":false}]})",
        "publication.json");
    CHECK_FALSE(open.complete);
    REQUIRE(open.images.size() == 1);
    CHECK(render_pull_reference(open, open.images.front()) ==
          "docker.io/defradigital/python@" + sha256("index").text());
    CHECK_THROWS_AS(parse_publication_json("{}", "publication.json"), Error);
}
