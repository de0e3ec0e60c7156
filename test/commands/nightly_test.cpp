#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "base/encoding.h"
#include "commands/github_world.h"

namespace {

const std::string distroless = R"([{"reference": "gcr.io/distroless/cc-debian12:nonroot", "digest": ")" +
                               sha256("base").text() + R"(", "created": "2026-11-19T00:00:00Z"}])";

/// Published and released by a push to master; then the nightly run starts.
struct NightlyWorld : GitHubWorld {
    explicit NightlyWorld(const std::string& bases = "") {
        if (!bases.empty()) files.texts["out/bases.json"] = bases;
        publish();
        run_release(world(), settings());
        files.remove("out");
        hub.analyses.clear();
        hub.lines.clear();
        environment["GITHUB_EVENT_NAME"] = "schedule";
    }

    Result scan(std::map<std::string, std::string> given = {}) {
        clock.time += std::chrono::hours(12);
        given.insert({"max-database-age", "100000"});  // the scanners' databases never change in this world
        return run_nightly(world(), settings(std::move(given)));
    }

    /// Publishes and releases another version.
    void release(const std::string& version) {
        environment["GITHUB_EVENT_NAME"] = "push";
        build(version);
        publish();
        run_release(world(), settings());
        hub.analyses.clear();
        environment["GITHUB_EVENT_NAME"] = "schedule";
    }

    /// Changes what a moving tag names in the registry.
    void move_tag(const std::string& repository, const std::string& tag, const Digest& to) {
        const std::filesystem::path index = published / "defradigital" / repository / "index.json";
        std::vector<Descriptor> entries = parse_manifest(files.read(index), tag).children;
        for (Descriptor& entry : entries) {
            if (entry.annotations.at("org.opencontainers.image.ref.name") == tag) entry.digest = to;
        }
        files.write(index, render_index(entries, {}));
    }

    /// Moves the tags of these Python versions back to 1.0.0, as a rollback does.
    void roll_back(const std::vector<std::string>& pythons) {
        for (const char* repository : {"python", "python-development"}) {
            for (const std::string& python : pythons) {
                const Digest to = published_digests(repository, "1.0.0-python" + python).first;
                move_tag(repository, "latest-" + python.substr(0, 4), to);
                if (python == "3.13.3") move_tag(repository, "latest", to);
            }
        }
    }

    const FakeGitHub::FakeIssue& issue() const { return hub.issues.at(0); }

    std::string asked_of_registry() const {
        std::string asked;
        for (const Request& request : http.sent) {
            if (holds(request.url, "registry-1.docker.io")) asked += request.method + " " + request.url + "\n";
        }
        return asked;
    }
};

/// Checks that the nightly run is unknown and its problem says `because`.
void check_unknown(NightlyWorld& fake, const std::string& because) {
    const Result result = fake.scan();
    INFO(because);
    CHECK(result.exit == Exit::failed);
    CHECK(result.outputs.at("verdict") == "unknown");
    CHECK(holds(texts_of(result.problems), because));
    CHECK(fake.hub.open_issues() == 1);
    CHECK(holds(fake.issue().title, "result unknown"));
    CHECK(fake.hub.analyses.empty());
}

}  // namespace

TEST_CASE("A clean nightly run scans the archived SBOMs, pulls nothing, updates the alerts and opens no issue") {
    NightlyWorld fake;
    const Result result = fake.scan();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(result.outputs.at("issue").empty());
    CHECK(fake.hub.issues.empty());
    CHECK(fake.hub.analyses.size() == 4);
    CHECK(fake.hub.analyses.front().category.starts_with("images/3.1"));
    CHECK(holds(fake.log.str(), "4 of 4 scanned again, nothing pulled"));
    CHECK(fake.hub.enabled_workflows.contains("nightly-scan.yml"));
}

TEST_CASE("Published images are checked without a pull: one HEAD for each tag and each digest of an index or image") {
    NightlyWorld fake;
    fake.http.sent.clear();
    fake.scan();
    const std::vector<std::string> asked = lines_of(fake.asked_of_registry());
    CHECK(asked.size() == 8 + 6);  // and for each moving tag
    for (const std::string& line : asked) CHECK(line.starts_with("HEAD "));
    const auto [index, image] = fake.published_digests("python", "1.0.0-python3.13.3");
    for (const Digest& digest : {index, image})
        CHECK(holds(fake.asked_of_registry(), "/defradigital/python/manifests/" + digest.text()));
}

TEST_CASE("A deleted image is unknown with a reason, and the others are scanned") {
    for (const bool index : {true, false}) {
        NightlyWorld fake;
        const auto [of_index, of_image] = fake.published_digests("python", "1.0.0-python3.13.3");
        const Digest lost = index ? of_index : of_image;
        fake.lost_manifests = {lost};
        const Result result = fake.scan();
        CHECK(result.exit == Exit::failed);
        CHECK(result.outputs.at("verdict") == "unknown");
        CHECK(holds(fake.log.str(), "3 of 3 scanned again, nothing pulled"));
        const std::string reason = "docker.io/defradigital/python@" + lost.text() + " is not in the registry any more";
        CHECK(holds(texts_of(result.problems), reason));
        REQUIRE(fake.hub.open_issues() == 1);
        CHECK(holds(fake.issue().body, lost.text()));
        CHECK(holds(fake.issue().body, "1.0.0-python3.13.3 gets an error"));
        CHECK(fake.hub.analyses.empty());

        fake.lost_manifests.clear();
        CHECK(fake.scan().exit == Exit::done);
        CHECK(fake.hub.open_issues() == 0);
    }
}

TEST_CASE("After a rollback the nightly run scans the release that the moving tags name") {
    NightlyWorld fake;
    const Digest old = fake.published_digests("python", "1.0.0-python3.13.3").second;
    fake.release("1.1.0");
    CHECK(fake.hub.releases.size() == 2);
    CHECK(fake.scan().exit == Exit::done);
    CHECK_FALSE(holds(fake.files.read("out/verdict.json"), old.text()));

    fake.roll_back({"3.13.3", "3.12.6"});
    const Result result = fake.scan();
    CHECK(result.exit == Exit::done);
    CHECK(holds(fake.files.read("out/verdict.json"), old.text()));
    CHECK(holds(texts_of(result.problems), "the moving tags are back at 1.0.0, which is what was scanned"));
}

TEST_CASE("After a rollback of some images these are unknown, and the others are scanned") {
    NightlyWorld fake;
    fake.release("1.1.0");
    fake.roll_back({"3.12.6"});
    check_unknown(
        fake, "docker.io/defradigital/python:latest-3.12 names something else than what the release 1.1.0 published");
    CHECK(holds(fake.log.str(), "2 of 2 scanned again, nothing pulled"));
}

TEST_CASE("An earlier release whose files cannot be read is not the one that was rolled back to") {
    NightlyWorld fake;
    fake.release("1.1.0");
    REQUIRE(fake.hub.releases.front().tag == "1.0.0");
    fake.file_of_release("publication.json") += " ";
    fake.roll_back({"3.13.3", "3.12.6"});
    check_unknown(fake, "python:latest names something else than what the release 1.1.0 published");
}

TEST_CASE("An image is unknown if its moving tag names something that no release published") {
    NightlyWorld fake;
    const auto [index, image] = fake.published_digests("python", "1.0.0-python3.13.3");
    fake.move_tag("python", "latest", image);
    check_unknown(fake,
                  "docker.io/defradigital/python:latest names something else than what the release 1.0.0 published");
    CHECK(holds(fake.log.str(), "3 of 3 scanned again, nothing pulled"));
    fake.move_tag("python", "latest", index);
    fake.lost_tags = {"latest"};  // nobody pulls by a tag that is not there
    CHECK(fake.scan().exit == Exit::done);
}

TEST_CASE("An image is unknown if its moving tag cannot be read, although its digests can") {
    NightlyWorld fake;
    fake.refused_tag = "latest-3.12";
    check_unknown(fake, "defradigital/python/manifests/latest-3.12");
    CHECK(holds(fake.log.str(), "2 of 2 scanned again, nothing pulled"));
}

TEST_CASE("If a moving tag cannot be read, no earlier release is fetched") {
    NightlyWorld fake;
    fake.release("1.1.0");
    fake.roll_back({"3.13.3", "3.12.6"});
    fake.refused_tag = "latest-3.12";
    fake.hub.lines.clear();
    fake.scan();
    for (const FakeGitHub::FileOfRelease& file : fake.hub.releases.front().files)
        CHECK(fake.hub.count("GET releases/assets/" + std::to_string(file.id)) == 0);
}

TEST_CASE("Moving tags are read without mirrors, which may show what they named before") {
    NightlyWorld fake;
    fake.http.sent.clear();
    fake.scan({{"mirrors", "docker.io=registry-1.docker.io/mirror"}});
    CHECK(holds(fake.asked_of_registry(), "/v2/defradigital/python/manifests/latest\n"));
    CHECK_FALSE(holds(fake.asked_of_registry(), "/mirror/defradigital/python/manifests/latest\n"));
}

TEST_CASE("A base that cannot be resolved leaves the verdict unchanged and is reported") {
    NightlyWorld fake(distroless);
    fake.silent_host = "gcr.io";
    const Result result = fake.scan();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(holds(texts_of(result.problems),
                "whether gcr.io/distroless/cc-debian12:nonroot was rebuilt could not be asked: "));
}

TEST_CASE("A nightly run reports unusable credentials") {
    NightlyWorld fake;
    fake.environment["DOCKER_CONFIG"] = "/docker";
    fake.files.texts["/docker/config.json"] = R"({"credsStore": "desktop"})";
    CHECK(holds(texts_of(fake.scan().problems), "credsStore is not used"));
}

TEST_CASE("With newer scanners than the release's the images are pulled by digest and scanned") {
    NightlyWorld fake;
    fake.processes.stub({"trivy", "version", "--config"}, R"({"Version": "0.75.0"})");
    const Result result = fake.scan();
    CHECK(holds(fake.log.str(), "0 of 4 scanned again, nothing pulled"));
    CHECK(holds(fake.log.str(), "4 images, published by the release 1.0.0"));
    for (const Request& request : fake.http.sent) CHECK_FALSE(holds(request.url, "manifests/1.0.0-python"));
    CHECK(holds(fake.files.texts.at("out/scans/3.13.3-production-linux-amd64/receipt.json"), "0.75.0"));
}

TEST_CASE("Images without archived SBOMs are pulled") {
    NightlyWorld fake;
    fake.replace_file("evidence-3.13.3.tar.gz", gzip(std::string(1024, '\0')));
    const Result result = fake.scan();
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(holds(fake.log.str(), "2 images, published by the release 1.0.0"));
}

TEST_CASE("The issue follows a finding: opened, unchanged, unknown and closed") {
    NightlyWorld fake;
    fake.finding = "CVE-2026-1111";
    const Result first = fake.scan({{"notify", "defra/platform"}});
    CHECK(first.exit == Exit::refused);
    CHECK(first.outputs.at("issue") == "https://github.example/defra/images/issues/1");
    REQUIRE(fake.hub.issues.size() == 1);
    CHECK(holds(fake.issue().body, "@defra/platform"));
    CHECK(holds(fake.issue().body, "CVE-2026-1111"));
    CHECK_FALSE(holds(fake.issue().body, "<script"));
    CHECK(fake.issue().comments.empty());

    CHECK(fake.scan().exit == Exit::done);  // nothing new
    CHECK(fake.scan({{"nightly-fail", "any"}}).exit == Exit::refused);
    CHECK(fake.issue().comments.empty());

    fake.finding = "CVE-2026-2222";
    CHECK(fake.scan({{"nightly-fail", "never"}}).exit == Exit::done);
    REQUIRE(fake.issue().comments.size() == 1);
    CHECK(holds(fake.issue().comments.front(), "CVE-2026-2222"));

    fake.scanners_work = false;
    const std::size_t uploaded = fake.hub.analyses.size();
    for (int run = 1; run <= 4; ++run) CHECK(fake.scan({{"nightly-fail", "never"}}).exit == Exit::failed);
    CHECK(fake.hub.analyses.size() == uploaded);
    CHECK(fake.issue().comments.size() == 2);
    CHECK(holds(fake.issue().comments.back(), "For 3 nights it has been unknown"));
    CHECK(fake.hub.open_issues() == 1);

    fake.scanners_work = true;
    fake.finding.clear();
    const Result last = fake.scan();
    CHECK(last.exit == Exit::done);
    CHECK(last.outputs.at("issue").empty());
    CHECK(fake.hub.open_issues() == 0);
    CHECK(fake.issue().comments.size() == 2);
    CHECK(fake.hub.issues.size() == 1);

    fake.finding = "CVE-2026-2222";
    CHECK(fake.scan().exit == Exit::refused);
    CHECK(fake.hub.open_issues() == 1);
    CHECK(fake.hub.issues.size() == 2);
}

TEST_CASE("A release that names an invalid image is never clean, whatever its archived scans") {
    NightlyWorld fake;
    fake.change_record("defradigital/python\"", "defradigital/ python\"");
    check_unknown(fake, "defradigital/ python@");
}

TEST_CASE("An inconsistent release makes the nightly run unknown; the issue reports and counts that") {
    NightlyWorld fake;
    fake.change_record("\"3.13.3-production\"", "\"3.13.4-production\"");  // without it the nightly run would be clean
    for (int run = 1; run <= 3; ++run)
        check_unknown(fake, "3.13.4-production, which its own image-matrix.json does not name");
    CHECK(holds(fake.issue().body, "3.13.4-production, which its own image-matrix.json does not name"));
    REQUIRE(fake.issue().comments.size() == 1);
    CHECK(holds(fake.issue().comments[0], "For 3 nights it has been unknown"));
}

TEST_CASE("An unreadable release makes the nightly run unknown; the issue reports that") {
    NightlyWorld fake(distroless);

    SECTION("a file that does not match its checksum") {
        fake.file_of_release("publication.json") += " ";
        check_unknown(fake, "is not what its checksums.txt says");
    }

    SECTION("bases without a digest") {
        fake.change_evidence("\"digest\": \"" + sha256("base").text(), "\"digext\": \"" + sha256("base").text());
        check_unknown(fake, "a base without reference or digest");
        CHECK_FALSE(fake.files.texts.contains("out/bases.json"));
    }

    SECTION("a matrix that is invalid by today's rules") {
        fake.change_evidence("\"pythonVersion\"", "\"pythonVersiom\"");
        check_unknown(fake, "the release 1.0.0: ");
    }

    SECTION("a failing GitHub") {
        fake.hub.faults.push_back({.method = "GET", .path = "releases*", .response = {.status = 500}, .times = 100});
        check_unknown(fake, "500");
    }
}

TEST_CASE("An error in today's policy is an input error, also in a nightly run") {
    NightlyWorld fake;
    fake.files.texts["vulnerability-policy.yml"] = "severity: hihg\n";
    CHECK(error_of([&] { fake.scan(); }).exit == Exit::bad_input);
    CHECK(fake.hub.open_issues() == 0);
}

TEST_CASE("A registry that does not respond makes the nightly run unknown; the issue reports that") {
    NightlyWorld fake;
    fake.silent_host = "registry-1.docker.io";
    check_unknown(fake, "connection refused");
}

TEST_CASE("Without a release the version tags of the matrix are scanned; a missing one is unknown") {
    NightlyWorld fake;
    fake.hub.releases.clear();
    CHECK(fake.scan().outputs.at("verdict") == "clean");
    fake.lost_tags = {"1.0.0-python3.12.6"};
    const Result result = fake.scan();
    CHECK(result.exit == Exit::failed);
    CHECK(result.outputs.at("verdict") == "unknown");
    CHECK(holds(fake.files.texts.at("out/verdict.json"), "it was not judged"));
    CHECK(holds(fake.issue().body, "3.12.6"));
    CHECK(fake.hub.open_issues() == 1);
}

TEST_CASE("A registry that responds to every HEAD with 404 hides nothing from a nightly run") {
    NightlyWorld fake;
    fake.heads_get_404 = true;
    const bool is_released = GENERATE(true, false);
    if (!is_released) fake.hub.releases.clear();
    const Result result = fake.scan();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(fake.hub.open_issues() == 0);
}

TEST_CASE("Before the first publication a nightly run says so, succeeds and opens no issue") {
    for (const int status : {404, 401}) {  // Docker Hub's response for a repository that does not exist
        GitHubWorld fake("schedule");
        fake.missing_status = status;
        fake.environment["GITHUB_EVENT_NAME"] = "schedule";
        const Result result = run_nightly(fake.world(), fake.settings());
        CHECK(result.exit == Exit::done);
        CHECK(result.outputs.at("verdict") == "unknown");
        CHECK(result.outputs.at("issue").empty());
        CHECK(holds(texts_of(result.problems), "nothing is published yet, so nothing was scanned"));
        CHECK(holds(result.summary, "nothing is published yet"));
        CHECK(fake.hub.issues.empty());
        CHECK(fake.hub.analyses.empty());
    }
}

TEST_CASE("After a successful scan, a nightly run without any image is unknown") {
    NightlyWorld fake;
    fake.hub.releases.clear();
    fake.scan();
    fake.published = "gone";
    CHECK(fake.scan().exit == Exit::failed);
    CHECK(fake.hub.open_issues() == 1);
}

TEST_CASE("A manually made release is named, and the version tags are scanned instead") {
    NightlyWorld fake;
    fake.hub.releases.front().files.clear();
    const Result result = fake.scan();
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(holds(texts_of(result.problems),
                "the release 1.0.0 does not tell which images it published: it has no evidence of this action"));
}

TEST_CASE("Only a schedule or a dispatch on the default branch changes the issue, the alerts and the schedule") {
    struct Trigger {
        std::string event;
        std::string ref = "refs/heads/master";
        bool acts = false;
        std::string event_repository = "defra/images";
    };
    const std::vector<Trigger> triggers = {
        {.event = "schedule", .acts = true},
        {.event = "workflow_dispatch", .acts = true},
        {.event = "workflow_dispatch", .ref = "refs/heads/topic"},
        {.event = "workflow_dispatch", .ref = "refs/tags/master"},
        {.event = "schedule", .event_repository = "eve/images"},
        {.event = "push"},
        {.event = "pull_request", .ref = "refs/pull/41/merge"},
        {.event = "pull_request_target"},
        {.event = "merge_group", .ref = "refs/heads/gh-readonly-queue/master/pr-41-029a0e7f"},
        {.event = "workflow_run"},
        {.event = "issue_comment"},
        {.event = "repository_dispatch"},
    };
    for (const Trigger& trigger : triggers) {
        INFO(trigger.event << " on " << trigger.ref);
        NightlyWorld fake;
        fake.finding = "CVE-2026-1111";
        fake.environment["GITHUB_EVENT_NAME"] = trigger.event;
        fake.environment["GITHUB_REF"] = trigger.ref;
        fake.files.texts["/event"] = R"({"repository":{"full_name":")" + trigger.event_repository +
                                     R"(","default_branch":"master","fork":false}})";
        const Result result = fake.scan();
        CHECK(result.exit == Exit::refused);
        CHECK(result.outputs.at("verdict") == "vulnerable");
        CHECK(fake.hub.issues.size() == (trigger.acts ? 1U : 0U));
        CHECK(fake.hub.analyses.size() == (trigger.acts ? 4U : 0U));
        CHECK(holds(texts_of(result.problems), "this run only reports") == !trigger.acts);
        std::size_t writes = 0;
        for (const std::string& line : fake.hub.lines) writes += line.starts_with("GET") ? 0 : 1;
        CHECK((writes > 0) == trigger.acts);
    }
}

TEST_CASE("Images that are no longer in the matrix are still scanned") {
    NightlyWorld fake;
    std::string& matrix = fake.files.texts["image-matrix.json"];
    matrix.replace(matrix.find("3.13.3"), 6, "3.13.5");
    const Result result = fake.scan();
    CHECK(result.exit == Exit::done);
    CHECK(holds(fake.files.texts.at("out/verdict.json"), "3.13.3-production-linux-amd64"));
}

TEST_CASE("With issues disabled the nightly run still scans, and every blocking finding is new") {
    NightlyWorld fake;
    fake.hub.issues_on = false;
    CHECK(fake.scan().exit == Exit::done);
    fake.finding = "CVE-2026-1111";
    const Result result = fake.scan();
    CHECK(result.exit == Exit::refused);
    CHECK(holds(texts_of(result.problems), "410 Issues has been disabled"));
}

TEST_CASE("A fork's nightly run does nothing and sends no request") {
    NightlyWorld fake;
    fake.files.texts["/event"] = R"({"repository":{"full_name":"eve/images","default_branch":"master","fork":true}})";
    const Result result = fake.scan();
    CHECK(result.exit == Exit::done);
    CHECK(holds(texts_of(result.problems), "this is a fork"));
    CHECK(result.outputs.at("verdict") == "unknown");
    CHECK(fake.hub.lines.empty());
}

TEST_CASE("A schedule that cannot be re-enabled is reported, and nothing else changes") {
    NightlyWorld fake;
    fake.hub.faults = {
        {"PUT", "actions/*", {403, {}, R"({"message":"Resource not accessible by integration"})"}, false, -1}};
    CHECK(fake.scan().exit == Exit::done);
    CHECK(holds(fake.log.str(), "switches nightly-scan.yml off after 60 days"));
}

TEST_CASE("A retired version's alerts are closed on request, but not while it is in the matrix") {
    NightlyWorld fake;
    fake.hub.analyses.push_back({.id = 1, .sarif_id = "old", .category = "images/3.11/production/linux-amd64"});
    fake.scan({{"retire", "3.11"}});
    for (const FakeGitHub::FakeAnalysis& analysis : fake.hub.analyses) CHECK(analysis.sarif_id != "old");
    CHECK(holds(fake.log.str(), "1 analysis of Python 3.11 removed from code scanning"));
    const Error error = error_of([&] { fake.scan({{"retire", "3.12"}}); });
    CHECK(error.exit == Exit::bad_input);
    CHECK(holds(error.problems.front().what, "Python 3.12.6 is still in the matrix"));
}

TEST_CASE("An unknown nightly run says when the last good scan was, wherever that is recorded") {
    const bool in_the_issue_only = GENERATE(false, true);
    NightlyWorld fake;
    if (in_the_issue_only) {
        fake.hub.code_scanning = false;
        fake.finding = "CVE-2026-1111";
    }
    fake.scan();
    CHECK_FALSE(holds(fake.files.texts.at("out/summary.md"), "The last good scan"));  // the current one is good
    fake.scanners_work = false;
    fake.scan();
    CHECK(holds(fake.files.texts.at("out/summary.md"), "The last good scan was on 2026-11-2"));
    CHECK(holds(fake.files.texts.at("out/report.html"), "the last good scan was on 2026-11-2"));
    CHECK(holds(fake.issue().body, "The last good scan was "));
    CHECK_FALSE(holds(fake.issue().body, "No scan has told anything yet"));
}

TEST_CASE("An unknown nightly run ends normally without a record of earlier runs, or if GitHub fails") {
    const bool responds = GENERATE(true, false);
    NightlyWorld fake;
    fake.scanners_work = false;
    if (!responds) {
        fake.hub.faults.push_back(
            {.method = "GET", .path = "code-scanning*", .response = {.status = 500}, .times = 1000});
    }
    const Result result = fake.scan();
    CHECK(result.exit == Exit::failed);
    CHECK(fake.hub.open_issues() == 1);
    CHECK_FALSE(holds(fake.files.texts.at("out/summary.md"), "The last good scan"));
}
