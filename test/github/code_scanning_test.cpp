#include "github/code_scanning.h"

#include <catch2/catch_test_macros.hpp>

#include <random>

#include "github/scripted_github.h"
#include "report/samples.h"

using namespace github;

namespace {

Event push() {
    Event event;
    event.in_workflow = true;
    event.name = "push";
    event.ref = "refs/heads/master";
    event.revision = std::string(40, 'a');
    event.repository = event.event_repository = "defra/images";
    return event;
}

SarifUpload upload_of(const std::string& name) {
    const std::string begin = R"({"runs":[{"automationDetails":{"id":"images/3.13/)" + name + R"(/"},"results":)";
    return {name, begin + "[1,2]}]}", [begin] { return begin + "[1]}]}"; }};
}

/// Text that hardly compresses.
std::string dense_text(std::size_t size) {
    static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    std::minstd_rand random(1);
    std::string text(size, ' ');
    for (char& c : text) c = letters[random() / 7 % letters.size()];
    return text;
}

/// 21 images, one with one finding more than GitHub shows of a run.
Run run_over_all_limits() {
    Run run = large_run(5'001);
    for (int i = 1; i < 21; ++i) {
        run.images.push_back(clean_run().images.front());
        run.images.back().name = "image-" + std::to_string(i);
        run.images.back().category = "images/image-" + std::to_string(i) + "/";
    }
    return run;
}

struct Upload {
    ScriptedGitHub server;
    UploadReport run(const std::vector<SarifUpload>& uploads = {upload_of("development"), upload_of("production")}) {
        Api api = server.api();
        return upload_sarif(server.world, api, push(), uploads);
    }
};

}  // namespace

TEST_CASE("Each image is one upload, and one list shows when all are processed") {
    Upload upload;
    const UploadReport report = upload.run();
    CHECK(report.result == UploadReport::Result::done);
    CHECK(report.accepted == 2);
    CHECK(report.problems.empty());
    CHECK(upload.server.hub.requests() ==
          "POST code-scanning/sarifs\nPOST code-scanning/sarifs\n"
          "GET code-scanning/analyses?ref=refs%2Fheads%2Fmaster&tool_name=python-image-action&sort=created&"
          "direction=desc&per_page=100\n");
    CHECK(upload.server.hub.analyses.at(0).category == "images/3.13/development");
    CHECK(upload.server.hub.analyses.at(1).text == upload_of("production").text);
    CHECK(holds(upload.server.hub.bodies.front(), R"("commit_sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")"));
    CHECK(holds(upload.server.hub.bodies.front(), R"("tool_name":"python-image-action")"));
}

TEST_CASE("Disabled code scanning is a notice, and no further request is sent") {
    Upload upload;
    upload.server.hub.code_scanning = false;
    const UploadReport report = upload.run();
    CHECK(report.result == UploadReport::Result::not_possible);
    CHECK(report.problems.size() == 1);
    CHECK(report.problems.front().level == Level::notice);
    CHECK(report.problems.front().what ==
          "no findings in code scanning: code scanning is not switched on for this repository");
    CHECK(upload.server.hub.lines.size() == 1);
}

TEST_CASE("A read-only token is reported with the missing permission") {
    Upload upload;
    upload.server.hub.faults = {{"POST",
                                 "code-scanning/sarifs",
                                 {403, {}, R"({"message":"Resource not accessible by integration"})"},
                                 false,
                                 -1}};
    const UploadReport report = upload.run();
    CHECK(report.result == UploadReport::Result::not_possible);
    CHECK(holds(report.problems.front().hint, "security-events: write"));
}

TEST_CASE("A file that is too large is uploaded again without its least severe half") {
    Upload upload;
    upload.server.hub.faults = {{"POST", "code-scanning/sarifs", {413, {}, ""}, false, 1}};
    const UploadReport report = upload.run();
    CHECK(report.accepted == 2);
    CHECK(upload.server.hub.analyses.at(0).text == upload_of("development").render_smaller());
    CHECK(texts_of(report.problems) ==
          "development: the file was too large for GitHub, so its least severe half was left out\n");
}

TEST_CASE("A commit that GitHub does not know yet is retried") {
    Upload upload;
    upload.server.hub.faults = {{"POST", "code-scanning/sarifs", {404, {}, R"({"message":"Not Found"})"}, false, 1}};
    CHECK(upload.run().result == UploadReport::Result::done);
}

TEST_CASE("A lost response does not matter: a retry replaces the category") {
    Upload upload;
    upload.server.hub.faults = {{"POST", "code-scanning/sarifs", {502, {}, ""}, true, 1}};
    CHECK(upload.run().result == UploadReport::Result::done);
}

TEST_CASE("A rejected file is an error with GitHub's message, and the others are still uploaded") {
    Upload upload;
    upload.server.hub.faults = {
        {"POST",
         "code-scanning/sarifs",
         {422, {}, R"({"message":"Invalid request.\n\n1 item required; only 0 were supplied."})"},
         false,
         1}};
    const UploadReport report = upload.run();
    CHECK(report.result == UploadReport::Result::failed);
    CHECK(report.accepted == 1);
    CHECK(report.problems.front().what ==
          "the SARIF of development was not uploaded: 422 Invalid request.  1 item required; only 0 were supplied.");
}

TEST_CASE("A file that code scanning cannot process is an error with its messages") {
    Upload upload;
    upload.server.hub.next_status = "failed";
    const UploadReport report = upload.run({upload_of("production")});
    CHECK(report.result == UploadReport::Result::failed);
    CHECK(texts_of(report.problems) == "code scanning could not read the SARIF of production: the file is invalid\n");
}

TEST_CASE("A file that is still pending after all polls is a warning") {
    Upload upload;
    upload.server.hub.next_status = "pending";
    const UploadReport report = upload.run({upload_of("production")});
    CHECK(report.result == UploadReport::Result::done);
    CHECK(report.problems.front().level == Level::warning);
    CHECK(texts_of(report.problems) == "code scanning has not read the SARIF of production yet\n");
}

TEST_CASE("A file above the size limit is replaced by its smaller one before the upload") {
    Upload upload;
    SarifUpload large = upload_of("production");
    large.text.replace(large.text.find("[1,2]"), 5, "[\"" + dense_text(14U << 20U) + "\"]");
    const UploadReport report = upload.run({large, upload_of("development")});
    CHECK(report.result == UploadReport::Result::done);
    CHECK(upload.server.hub.count("POST code-scanning/sarifs") == 2);
    CHECK(upload.server.hub.analyses.at(0).text == large.render_smaller());
    CHECK(texts_of(report.problems) ==
          "production: the file was too large for GitHub, so its least severe half was left out\n");

    large.render_smaller = nullptr;
    CHECK(upload.run({large}).result == UploadReport::Result::failed);
    CHECK(upload.server.hub.count("POST code-scanning/sarifs") == 2);
}

TEST_CASE("5,001 findings in 21 images give reproducible files within GitHub's limits that say what they omit") {
    const Run run = run_over_all_limits();
    Upload upload;
    const std::vector<SarifUpload> uploads = make_sarif_uploads(run, Severity::unknown);
    CHECK(upload.run(uploads).accepted == 21);
    std::size_t largest = 0;
    for (const FakeGitHub::FakeAnalysis& analysis : upload.server.hub.analyses) {
        const rapidjson::Document log = parse_tool_json(analysis.text, "SARIF");
        REQUIRE(items_at(log, "runs").Size() == 1);
        const auto results = items_at(items_at(log, "runs")[0], "results");
        largest = std::max<std::size_t>(largest, results.Size());
        for (const Json& result : results) REQUIRE(items_at(result, "locations").Size() == 1);
    }
    CHECK(largest == 5'000);
    CHECK(holds(uploads.at(0).text, "1 finding omitted"));
    const std::vector<SarifUpload> again = make_sarif_uploads(run, Severity::unknown);
    for (std::size_t i = 0; i < uploads.size(); ++i) CHECK(again.at(i).text == uploads.at(i).text);
    CHECK(again.at(0).render_smaller() == uploads.at(0).render_smaller());
    CHECK_FALSE(uploads.at(1).render_smaller);  // a clean image has nothing to leave out
}

TEST_CASE("512 images take far fewer than a thousand requests, also if none is processed") {
    for (const char* status : {"complete", "pending"}) {
        Upload upload;
        upload.server.hub.next_status = status;
        std::vector<SarifUpload> uploads;
        for (int i = 0; i < 512; ++i) uploads.push_back(upload_of("image-" + std::to_string(i)));
        CHECK(upload.run(uploads).accepted == 512);
        CHECK(upload.server.hub.lines.size() < 600);
    }
}

TEST_CASE("Only the analyses of a retired version are removed") {
    ScriptedGitHub server;
    for (const char* category : {"images/3.11/production", "images/3.13/production", "images/3.11/development"})
        server.hub.analyses.push_back(
            {.id = static_cast<std::int64_t>(server.hub.analyses.size()) + 1, .sarif_id = "", .category = category});
    Api api = server.api();
    CHECK(remove_analyses(api, "images/3.11/") == 2);
    CHECK(server.hub.analyses.size() == 1);
    CHECK(server.hub.analyses.front().category == "images/3.13/production");
    CHECK(server.hub.count("DELETE code-scanning/analyses/3*") == 1);
}

TEST_CASE("Whether to upload is decided before anything is sent") {
    const Event event = push();
    CHECK(decide_upload(event, Mode::automatic, Outcome::vulnerable, {}, true).granted);
    CHECK(decide_upload(event, Mode::required, Outcome::unknown, {}, true).reason ==
          "the verdict is unknown: an upload would close alerts unseen");
    CHECK(decide_upload(event, Mode::off, Outcome::clean, {}, true).reason == "sarif-upload is off");
    CHECK(decide_upload(event, Mode::automatic, Outcome::clean, {}, false).reason == "there is no token");

    CHECK(decide_upload(event, Mode::required, Outcome::clean, {Scanner::trivy}, true).reason ==
          "trivy is paused: an upload would close the alerts that only it sees");
    CHECK_FALSE(decide_upload({}, Mode::automatic, Outcome::clean, {}, true).granted);
}

TEST_CASE("Findings are only uploaded by events whose code belongs to the ref") {
    struct Trigger {
        std::string event;
        std::string ref;
        bool from_fork = false;
        bool uploads = false;
    };
    const std::string queue = "refs/heads/gh-readonly-queue/master/pr-41-029a0e7f";
    const std::vector<Trigger> triggers = {
        {.event = "push", .ref = "refs/heads/master", .uploads = true},
        {.event = "push", .ref = "refs/heads/topic", .uploads = true},
        {.event = "push", .ref = "refs/tags/1.0.0"},
        {.event = "push", .ref = queue},
        {.event = "push", .ref = ""},
        {.event = "schedule", .ref = "refs/heads/master", .uploads = true},
        {.event = "workflow_dispatch", .ref = "refs/heads/topic", .uploads = true},
        {.event = "workflow_dispatch", .ref = "refs/tags/1.0.0"},
        {.event = "pull_request", .ref = "refs/pull/41/merge", .uploads = true},
        {.event = "pull_request", .ref = "refs/pull/41/merge", .from_fork = true},
        {.event = "pull_request", .ref = "refs/heads/master"},  // closed, and merged
        {.event = "pull_request_target", .ref = "refs/heads/master"},
        {.event = "pull_request_target", .ref = "refs/heads/master", .from_fork = true},
        {.event = "pull_request_review", .ref = "refs/pull/41/merge"},
        {.event = "merge_group", .ref = queue},
        {.event = "workflow_run", .ref = "refs/heads/master"},
        {.event = "issue_comment", .ref = "refs/heads/master"},
        {.event = "repository_dispatch", .ref = "refs/heads/master"},
        {.event = "release", .ref = "refs/tags/1.0.0"},
        {.event = "", .ref = "refs/heads/master"},
    };
    for (const Trigger& row : triggers) {
        INFO(row.event << " on " << row.ref << (row.from_fork ? ", from a fork" : ""));
        Event event = push();
        event.name = row.event;
        event.ref = row.ref;
        event.from_fork = row.from_fork;
        const Permission decision = decide_upload(event, Mode::automatic, Outcome::clean, {}, true);
        CHECK(decision.granted == row.uploads);
        CHECK(decision.reason.empty() == row.uploads);
        event.event_repository = "eve/images";
        CHECK_FALSE(decide_upload(event, Mode::required, Outcome::clean, {}, true).granted);
    }
}
