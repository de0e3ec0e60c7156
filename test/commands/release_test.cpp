#include <catch2/catch_test_macros.hpp>

#include "commands/github_world.h"

TEST_CASE("After a publication on master the findings go into code scanning, one category per image") {
    GitHubWorld fake;
    const Result result = fake.publish();
    CHECK(result.exit == Exit::done);
    CHECK(fake.hub.analyses.size() == 4);
    CHECK(fake.hub.analyses.at(3).category == "images/3.13/production/linux-amd64");
    CHECK(fake.hub.analyses.at(3).ref == "refs/heads/master");
    CHECK_FALSE(holds(texts_of(result.problems), "what is published is made from"));  // there is no git
}

TEST_CASE("If a run on a publishing branch did not publish, its alerts stay, whatever the reason") {
    for (const std::map<std::string, std::string>& given :
         {std::map<std::string, std::string>{{"publish", "off"}}, {{"dry-run", "true"}}, {{"to", ""}}}) {
        GitHubWorld fake;
        run_scan(fake.world(), fake.settings());
        std::map<std::string, std::string> options = given;
        options.insert({"to", "oci:elsewhere"});
        const Result result = run_publish(fake.world(), fake.settings(options));
        INFO(given.begin()->first);
        CHECK(fake.hub.analyses.empty());
        CHECK(holds(texts_of(result.problems), "alerts describe what is published, and these images are not"));
    }
}

TEST_CASE("A run whose findings were not taken after the publication is completed by running it again") {
    GitHubWorld fake;
    run_scan(fake.world(), fake.settings());
    const Settings settings = fake.settings({{"to", "oci:elsewhere"}, {"sarif-upload", "required"}});
    fake.hub.code_scanning = false;
    const Result first = run_publish(fake.world(), settings);
    CHECK(first.exit == Exit::failed);
    CHECK(first.outputs.at("published") == "true");
    fake.hub.code_scanning = true;
    CHECK(run_publish(fake.world(), settings).exit == Exit::done);
    CHECK(fake.hub.analyses.size() == 4);
}

TEST_CASE("Images are published, and the outputs say so, also if GitHub takes no findings for an hour") {
    GitHubWorld fake;
    fake.hub.faults.push_back(
        {.method = "POST", .path = "code-scanning/*", .response = {429, {{"Retry-After", "3600"}}, "{}"}});
    const Result result = fake.publish();
    CHECK(result.exit == Exit::failed);
    CHECK(result.outputs.at("published") == "true");
    CHECK(holds(texts_of(result.problems), "which is too long to wait"));
}

TEST_CASE("Findings are uploaded only for the event's commit or the head of its pull request") {
    for (const auto& [event, ref, commit, uploads] :
         {std::tuple{"push", "refs/heads/topic", 'a', true}, std::tuple{"push", "refs/heads/topic", 'b', false},
          std::tuple{"workflow_dispatch", "refs/heads/topic", 'b', false},
          std::tuple{"pull_request", "refs/pull/1/merge", 'a', true},
          std::tuple{"pull_request", "refs/pull/1/merge", 'c', true},
          std::tuple{"pull_request", "refs/pull/1/merge", 'b', false}}) {
        GitHubWorld fake;
        fake.environment["GITHUB_EVENT_NAME"] = event;
        fake.environment["GITHUB_REF"] = ref;
        const std::string head = R"("sha":")" + std::string(40, 'c') + R"(","repo":{"full_name":"defra/images"})";
        fake.files.texts["/event"] =
            R"({"repository":{"full_name":"defra/images","default_branch":"master","fork":false})" +
            (event == std::string("pull_request") ? R"(,"pull_request":{"head":{)" + head + "}}}" : "}");
        fake.check_out(commit);
        run_scan(fake.world(), fake.settings());
        const Result result = run_judge(fake.world(), fake.settings());
        INFO(ref << " " << commit);
        CHECK(fake.hub.analyses.empty() != uploads);
        CHECK(holds(texts_of(result.problems), "is not the event's (GITHUB_SHA)") != uploads);
        for (const FakeGitHub::FakeAnalysis& analysis : fake.hub.analyses)
            CHECK(analysis.ref == (commit == 'c' ? "refs/pull/1/head" : ref));
    }
}

TEST_CASE("A dispatch of another commit publishes and releases that commit, says so and leaves the alerts") {
    GitHubWorld fake("workflow_dispatch");
    fake.check_out('b');
    const Result result = fake.publish();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("published") == "true");
    CHECK(holds(texts_of(result.problems),
                "what is published is made from bbbbbbb, which is checked out, and not from "
                "the event's commit aaaaaaa"));
    CHECK(holds(texts_of(result.problems), "is not the event's (GITHUB_SHA)"));
    CHECK(fake.hub.analyses.empty());
    const Digest index = fake.published_digests("python", "latest").first;
    CHECK(holds(fake.files.read(blob_path("elsewhere/defradigital/python", index)),
                R"("org.opencontainers.image.revision": ")" + std::string(40, 'b')));
    run_release(fake.world(), fake.settings());
    CHECK(fake.hub.tags.at("1.0.0") == std::string(40, 'b'));
    CHECK(holds(fake.hub.releases.front().body, std::string(40, 'b')));
}

TEST_CASE("Images published only to the job's directory are not released") {
    GitHubWorld fake;
    run_scan(fake.world(), fake.settings());
    CHECK(run_publish(fake.world(), fake.settings()).outputs.at("published") == "true");
    const Error error = error_of([&] { run_release(fake.world(), fake.settings()); });
    CHECK(error.exit == Exit::refused);
    CHECK(error.problems.front().what == "the images were published only to oci:out/registry, so there is no release");
    CHECK(fake.hub.releases.empty());
}

TEST_CASE("With sarif-upload: required a run without an upload fails with the reason") {
    GitHubWorld fake;
    const auto check = [&](const std::string& reason) {
        run_scan(fake.world(), fake.settings());
        const Result result = run_judge(fake.world(), fake.settings({{"sarif-upload", "required"}}));
        CHECK(result.exit == Exit::failed);
        CHECK(result.problems.back().level == Level::error);
        CHECK(result.problems.back().what == "no findings in code scanning, and they are required: " + reason);
    };
    check("alerts describe what is published, and these images are not");
    fake.environment["GITHUB_REF"] = "refs/tags/1.0.0";
    check("code scanning shows nothing of refs/tags/1.0.0");
    fake.environment["GITHUB_REF"] = "refs/heads/topic";
    fake.check_out('b');
    check("the commit that is checked out is not the event's (GITHUB_SHA)");
    CHECK(fake.hub.analyses.empty());
}

TEST_CASE("An unknown verdict uploads nothing") {
    GitHubWorld fake;
    fake.environment["GITHUB_REF"] = "refs/heads/topic";
    fake.scanners_work = false;
    run_scan(fake.world(), fake.settings());
    const Result result = run_judge(fake.world(), fake.settings());
    CHECK(result.exit == Exit::failed);
    CHECK(fake.hub.lines.empty());
    CHECK(holds(texts_of(result.problems), "the verdict is unknown: an upload would close alerts unseen"));
}

TEST_CASE("With code scanning disabled a run passes with a notice, unless the upload is required") {
    for (const bool required : {false, true}) {
        GitHubWorld fake;
        fake.hub.code_scanning = false;
        fake.environment["GITHUB_REF"] = "refs/heads/topic";
        run_scan(fake.world(), fake.settings());
        const Result result =
            run_judge(fake.world(), fake.settings({{"sarif-upload", required ? "required" : "auto"}}));
        CHECK(result.exit == (required ? Exit::failed : Exit::done));
        CHECK(holds(texts_of(result.problems), "code scanning is not switched on for this repository"));
        CHECK(result.problems.back().level == (required ? Level::error : Level::notice));
        CHECK(fake.files.names_in("out/sarif").size() == 4);
    }
}

TEST_CASE("Text that contains Docker Hub's token is not sent to GitHub") {
    GitHubWorld fake;
    fake.publish();
    const Settings settings = fake.settings({{"docker-username", "defra"}, {"docker-token", "judge --release 1.0.0"}});
    const Error error = error_of([&] { run_release(fake.world(), settings); });
    CHECK(error.exit == Exit::failed);
    CHECK(holds(texts_of(error.problems), "holds one of this run's secrets"));
    CHECK(fake.hub.releases.empty());
}

TEST_CASE("The release contains everything to repeat its verdict, and judge --release does") {
    GitHubWorld fake;
    fake.publish();
    const Result result = run_release(fake.world(), fake.settings());
    CHECK(result.outputs.at("created") == "true");
    CHECK(result.outputs.at("release") == "https://github.example/defra/images/releases/1.0.0");
    REQUIRE(fake.hub.releases.size() == 1);
    const FakeGitHub::FakeRelease& release = fake.hub.releases.front();
    CHECK(release.name == "Python 1.0.0");
    CHECK_FALSE(release.draft);
    CHECK(fake.hub.tags.at("1.0.0") == std::string(40, 'a'));
    std::string names;
    for (const FakeGitHub::FileOfRelease& file : release.files) names += file.name + "\n";
    CHECK(names ==
          "publication.json\nreport.html\nevidence.tar.gz\nevidence-3.12.6.tar.gz\nevidence-3.13.3.tar.gz\nchecksums."
          "txt\n");
    CHECK(holds(release.body, "docker pull "));
    CHECK(holds(release.body, "judge --release 1.0.0"));

    SECTION("a manually made release is left alone, and what it lacks is reported") {
        fake.hub.releases.front().files.clear();
        const Result again = run_release(fake.world(), fake.settings());
        CHECK(again.exit == Exit::done);
        CHECK(again.outputs.at("created") == "false");
        CHECK(again.problems.back().level == Level::warning);
        CHECK(
            holds(again.problems.back().what, "was not made by this action: it has no publication.json, report.html"));
    }

    SECTION("years later an empty work tree gives the same verdict") {
        fake.files.remove("out");
        fake.files.remove("image-matrix.json");
        fake.clock.time += std::chrono::hours(24 * 800);
        const Result judged = run_judge(fake.world(), fake.settings({{"release", "1.0.0"}}));
        CHECK(judged.exit == Exit::done);
        CHECK(judged.outputs.at("verdict") == "clean");
        CHECK(holds(fake.log.str(), "the verdicts are those of 2026-11-23T12:"));
        CHECK(fake.files.texts.contains("out/verdicts/3.13.3-production-linux-amd64.json"));
    }

    SECTION("by today's date its databases are too old: the verdict is unknown") {
        const Result judged = run_judge(fake.world(), fake.settings({{"release", "1.0.0"}, {"today", "2027-11-23"}}));
        CHECK(judged.outputs.at("verdict") == "unknown");
        CHECK(holds(texts_of(judged.problems), "was clean then and is unknown now"));
    }

    SECTION("a changed asset is an error") {
        fake.hub.releases.front().files.at(3).content = gzip("another");
        const Error error = error_of([&] { run_judge(fake.world(), fake.settings({{"release", "1.0.0"}})); });
        CHECK(holds(error.problems.front().what, "is not what its checksums.txt says"));
    }

    SECTION("the notes of the next release list the changes") {
        fake.set_version("1.1.0");
        fake.published = "elsewhere-2";
        fake.finding.clear();
        fake.publish();
        run_release(fake.world(), fake.settings());
        CHECK(holds(fake.hub.releases.back().body, "## Since 1.0.0"));
        CHECK(holds(fake.hub.releases.back().body, "the same versions of Python"));
        CHECK(holds(fake.hub.releases.back().body, "The findings are the same."));
    }
}

TEST_CASE("The age of a base counts as on the day of the release when the release is judged again") {
    GitHubWorld fake;
    fake.finding = "CVE-2026-1111";
    fake.files.texts["vulnerability-policy.yml"] =
        "exceptions: [{id: CVE-2026-1111, reason: r, owner: me, added: 2026-11-20, until: base-rebuilt}]\n";
    fake.files.texts["out/bases.json"] = R"([{"reference": "python:3.13.3-slim-bookworm", "digest": ")" +
                                         sha256("base").text() + R"(", "created": "2026-11-19T00:00:00Z"}])";
    CHECK(fake.publish().exit == Exit::done);
    run_release(fake.world(), fake.settings());
    fake.files.remove("out");
    Result judged = run_judge(fake.world(), fake.settings({{"release", "1.0.0"}}));
    CHECK(judged.outputs.at("verdict") == "clean");
    const std::string verdict = fake.files.texts.at("out/verdicts/3.13.3-development-linux-amd64.json");
    CHECK(holds(verdict, R"("base_created": "2026-11-19T00:00:00Z")"));
}

TEST_CASE("judge --release names the policy of the release") {
    GitHubWorld fake;
    fake.files.texts["vulnerability-policy.yml"] = "gate: {severity: high}\n";
    fake.publish();
    run_release(fake.world(), fake.settings());
    fake.files.remove("out");
    fake.files.remove("vulnerability-policy.yml");
    run_judge(fake.world(), fake.settings({{"release", "1.0.0"}}));
    CHECK(holds(fake.files.texts.at("out/verdict.json"),
                "\"vulnerability-policy.yml at " + sha256("gate: {severity: high}\n").text().substr(0, 19)));
}

TEST_CASE("With a paused scanner nothing is uploaded: alerts that only it reports would close") {
    GitHubWorld fake;
    fake.environment["GITHUB_REF"] = "refs/heads/topic";
    fake.files.texts["vulnerability-policy.yml"] =
        "pauses: [{scanner: grype, reason: r, owner: me, until: 2026-11-30}]\n";
    run_scan(fake.world(), fake.settings());
    const Result result = run_judge(fake.world(), fake.settings());
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(fake.hub.lines.empty());
    CHECK(holds(texts_of(result.problems),
                "no findings in code scanning: grype is paused: an upload would close the alerts that only it sees"));
}

TEST_CASE("judge --release of a release without evidence says that it predates this action") {
    GitHubWorld fake;
    fake.hub.releases.push_back({.id = 1, .tag = "0.9.0", .draft = false});
    const Error error = error_of([&] { run_judge(fake.world(), fake.settings({{"release", "0.9.0"}})); });
    CHECK(error.problems.front().what == "the release 0.9.0 has no evidence: it was made before this action");
    CHECK(error_of([&] { run_judge(fake.world(), fake.settings({{"release", "0.8.0"}})); }).exit == Exit::bad_input);
}

TEST_CASE("Nothing is released before everything is published") {
    GitHubWorld fake;
    run_scan(fake.world(), fake.settings());
    CHECK(error_of([&] { run_release(fake.world(), fake.settings()); }).exit == Exit::bad_input);
    fake.publish();
    std::string& journal = fake.files.texts["out/publication.json"];
    journal.replace(journal.find("\"done\": true"), 12, "\"done\": false");
    const Error error = error_of([&] { run_release(fake.world(), fake.settings()); });
    CHECK(error.exit == Exit::refused);
    CHECK(fake.hub.releases.empty());
}

TEST_CASE("What an earlier run published as another version is not released as this one") {
    GitHubWorld fake;
    fake.publish();
    fake.set_version("1.1.0");
    const Error error = error_of([&] { run_release(fake.world(), fake.settings()); });
    CHECK(error.exit == Exit::refused);
    CHECK(error.problems.front().what ==
          "defradigital/python-development:1.1.0-python3.13.3 was not published by this run, so there is no release");
    CHECK(fake.hub.releases.empty());
}

TEST_CASE("Some images are not released: the nightly scan would not look at the others") {
    GitHubWorld fake;
    fake.publish();
    const Error error = error_of([&] { run_release(fake.world(), fake.settings({{"only", "3.13.3-*"}})); });
    CHECK(error.exit == Exit::refused);
    CHECK(holds(error.problems, "--only chooses some images"));
    CHECK(fake.hub.releases.empty());
}

TEST_CASE("A pull request releases nothing and gives the reason") {
    GitHubWorld fake("pull_request");
    const Result result = run_release(fake.world(), fake.settings());
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("created") == "false");
    CHECK(holds(texts_of(result.problems), "no release: an event of the kind \"pull_request\" never publishes\n"));
    CHECK(fake.hub.lines.empty());
}

TEST_CASE("A dry run shows the release without making it") {
    GitHubWorld fake;
    fake.publish();
    run_release(fake.world(), fake.settings({{"dry-run", "true"}}));
    CHECK(holds(fake.out.str(), "Python 1.0.0 as 1.0.0, on aaaaaaa"));
    CHECK(holds(fake.out.str(), "evidence.tar.gz"));
    CHECK(fake.hub.releases.empty());
}

TEST_CASE("Without a token the error of a release says what is missing") {
    GitHubWorld fake;
    fake.publish();
    const Error error = error_of([&] { run_release(fake.world(), parse_settings({})); });
    CHECK(error.exit == Exit::bad_input);
    CHECK(holds(error.problems.front().hint, "leave the input `token` at its default"));
}
