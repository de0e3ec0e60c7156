#include <catch2/catch_test_macros.hpp>

#include "commands/github_world.h"

namespace {

/// Released by a push to master; then a pull request changes something.
struct Proposal : GitHubWorld {
    explicit Proposal(const std::string& policy = "", const std::string& tested = "") {
        if (!policy.empty()) files.texts["vulnerability-policy.yml"] = policy;
        put_contracts(RowResult::passed, tested);
        publish();
        run_release(world(), settings());
        start_pull_request();
    }

    /// Each with its place, one per line.
    std::string notices() {
        std::string text;
        for (const Problem& problem : run_check(world(), settings()).problems)
            text += problem.at.file + ":" + std::to_string(problem.at.line) + " " + problem.what + "\n";
        return text;
    }
};

const std::string one_waiver =
    "exceptions:\n"
    "  - {id: CVE-2026-1111, component: libssl3, reason: r, owner: ours, added: 2026-11-20, review_by: 2026-12-20}\n";
const std::string another_waiver =
    "  - {id: CVE-2026-2222, reason: r, owner: theirs, added: 2026-11-20, until: base-rebuilt}\n";

}  // namespace

TEST_CASE("A pull request without changed inputs reports that it would publish nothing") {
    Proposal fake;
    CHECK(holds(fake.notices(), "JOB.env:1 merged, this publishes nothing: 1.0.0 is published"));
    CHECK(fake.hub.releases.size() == 1);
}

TEST_CASE("A changed input without a higher version is reported on the version's line, with the next versions") {
    Proposal fake;
    std::string& matrix = fake.files.texts["image-matrix.json"];
    matrix.replace(matrix.find("3.13.3"), 6, "3.13.5");
    const std::string notices = fake.notices();
    CHECK(holds(notices, "JOB.env:1 1.0.0 is published, and what goes into 3.13.5-development, 3.13.5-production"));
    CHECK_FALSE(holds(notices, "merged, this publishes"));
}

TEST_CASE("A higher version reports what it would publish and move") {
    Proposal fake;
    fake.set_version("1.1.0");
    CHECK(holds(fake.notices(),
                "merged, this publishes 1.1.0-python3.13.3, 1.1.0-python3.12.6, and moves latest-3.13, latest, "
                "latest-3.12, in defradigital/python-development and defradigital/python"));
}

TEST_CASE("Before the first release everything would be published") {
    Proposal fake;
    fake.hub.releases.clear();
    CHECK(holds(fake.notices(), "merged, this publishes 1.0.0-python3.13.3"));
}

TEST_CASE("A new waiver is reported at the top, with its owner and end") {
    Proposal fake(one_waiver);
    fake.files.texts["vulnerability-policy.yml"] = one_waiver + another_waiver;
    CHECK(holds(fake.notices(),
                "vulnerability-policy.yml:3 adds 1 exception: CVE-2026-2222 by theirs until the base is rebuilt\n"));
    const Result judged = run_judge(fake.world(), fake.settings());
    const std::size_t notice = judged.summary.find("Adds 1 exception");
    REQUIRE(notice != std::string::npos);
    CHECK(notice < judged.summary.find("3.13.3-production"));
}

TEST_CASE("A waiver that accepts more or for longer is reported as new") {
    for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{
             {"review_by: 2026-12-20", "review_by: 2027-12-20"}, {"owner: ours", "owner: ours, aliases: [GHSA-1]"}}) {
        Proposal fake(one_waiver);
        std::string changed = one_waiver;
        changed.replace(changed.find(before), before.size(), after);
        fake.files.texts["vulnerability-policy.yml"] = changed;
        CHECK(holds(fake.notices(),
                    "vulnerability-policy.yml:2 adds 1 exception: CVE-2026-1111 (libssl3) by ours until"));
    }
}

TEST_CASE("A weaker gate or scope is reported") {
    Proposal fake(one_waiver);
    fake.files.texts["vulnerability-policy.yml"] =
        one_waiver + "gate: {severity: high}\nscopes: [{id: npm, packages: [npm], reason: r, review_by: 2027-01-01}]\n";
    const std::string notices = fake.notices();
    CHECK(holds(
        notices,
        "vulnerability-policy.yml:0 changes what blocks: high and above with a fix, publish strict, pull "
        "requests strict, unrated as medium (until now medium and above with a fix, publish strict, pull requests "
        "strict, unrated as medium)\n"));
    CHECK(holds(notices, "vulnerability-policy.yml:4 in the scope \"npm\" findings now block only from critical on\n"));
}

TEST_CASE("A reworded waiver is not new, and a removed one is reported") {
    Proposal fake(one_waiver + another_waiver);
    std::string same = one_waiver;
    same.replace(same.find("reason: r"), 9, "reason: another reason");
    fake.files.texts["vulnerability-policy.yml"] = same;
    const std::string notices = fake.notices();
    CHECK_FALSE(holds(notices, "adds "));
    CHECK(holds(notices, "takes away 1 exception: CVE-2026-2222"));
}

TEST_CASE("A push gets no notices for pull requests") {
    Proposal fake;
    fake.environment["GITHUB_EVENT_NAME"] = "push";
    CHECK_FALSE(holds(fake.notices(), "merged, this publishes"));
}

TEST_CASE("A failure of GitHub is reported and does not change check or the verdict") {
    Proposal fake;
    run_scan(fake.world(), fake.settings());
    const Result before = run_judge(fake.world(), fake.settings());
    fake.silent_host = "api.github.example";
    const Result checked = run_check(fake.world(), fake.settings());
    CHECK(checked.exit == Exit::done);
    CHECK(holds(texts_of(checked.problems), "what this changes against the last release is not known"));
    CHECK(holds(texts_of(checked.problems), "connection refused"));
    const Result judged = run_judge(fake.world(), fake.settings());
    CHECK(judged.exit == before.exit);
    CHECK(judged.outputs.at("verdict") == before.outputs.at("verdict"));
    CHECK(holds(judged.summary, "is not known"));
}

TEST_CASE("A check that the released image passed and the proposed one fails is a change") {
    Proposal fake;
    fake.put_contracts(RowResult::failed);
    run_scan(fake.world(), fake.settings());
    const std::string changes = "Rows of the contract that end otherwise: 1";
    CHECK_FALSE(holds(fake.files.texts.at("out/summary.md"), changes));  // the release has not been requested yet
    const std::string summary = run_judge(fake.world(), fake.settings()).summary;
    CHECK(holds(summary, changes));
    CHECK(holds(summary, "| it stops | <code>stop</code> | passed | failed | all images |"));
    CHECK(holds(summary, "| 1 check changed |"));
}

TEST_CASE("Contract checks are only compared with those of the exact published image") {
    Proposal fake("", "not ");
    fake.put_contracts(RowResult::failed);
    run_scan(fake.world(), fake.settings());
    const std::string summary = run_judge(fake.world(), fake.settings()).summary;
    CHECK(holds(summary, "What this change does"));
    CHECK_FALSE(holds(summary, "check changed"));
}
