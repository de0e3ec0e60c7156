#include <catch2/catch_test_macros.hpp>

#include "commands/github_world.h"

namespace {

/// A pull request to a repository with published images, in which today's databases know a vulnerability.
struct PullRequest : GitHubWorld {
    PullRequest() {
        publish();
        finding = "CVE-2026-1111";
        start_pull_request();
        http.sent.clear();
        log.str("");
    }

    void set_policy(const std::string& gate) { files.texts["vulnerability-policy.yml"] = "gate: {" + gate + "}\n"; }
    const std::string& summary() const { return files.texts.at("out/summary.md"); }
};

}  // namespace

TEST_CASE("A pull request without new findings is judged by all findings, unless the policy says new-only") {
    PullRequest fake;
    CHECK(run_scan(fake.world(), fake.settings()).outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.log.str(), "4 of 4 to compare with"));
    fake.set_policy("pull_requests: new-only");
    const Result result = run_scan(fake.world(), fake.settings());
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(holds(fake.summary(),
                "1 finding that would block is in the published image too, whether it blocks there or not: only "
                "new findings count"));
    CHECK(
        fake.summary().starts_with("# Python 1.0.0 adds nothing that blocks, but is not clean: 1 finding in 4 of 4 "));
    CHECK(holds(fake.files.texts.at("out/verdicts/3.13.3-production-linux-amd64.json"), R"("outcome": "clean")"));
    fake.environment["GITHUB_EVENT_NAME"] = "push";
    CHECK(run_judge(fake.world(), fake.settings()).outputs.at("verdict") == "vulnerable");
}

TEST_CASE("A merge queue judges like the pull requests in it") {
    for (const char* event : {"merge_group", "push"}) {
        PullRequest fake;
        fake.environment["GITHUB_EVENT_NAME"] = event;
        fake.environment["GITHUB_REF"] = "refs/heads/gh-readonly-queue/master/pr-7-029a0e7f";
        fake.set_policy("pull_requests: new-only");
        CHECK(run_scan(fake.world(), fake.settings()).outputs.at("verdict") == "clean");
    }
}

TEST_CASE("New findings block also with new-only, and added and removed findings are reported") {
    PullRequest fake;
    fake.set_policy("pull_requests: new-only");
    fake.finding_in_published = "CVE-2026-2222";
    const Result result = run_scan(fake.world(), fake.settings());
    CHECK(result.outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.summary(), "What this change does, compared with the published images"));
    CHECK(holds(fake.summary(), "| adds |"));
    CHECK(holds(fake.summary(), "| removes |"));
    CHECK(holds(fake.summary(), "CVE-2026-2222"));
    // Another job that downloads out/scans reports the same.
    CHECK(run_judge(fake.world(), fake.settings()).outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.summary(), "| removes |"));
}

TEST_CASE("A pull request reports the package changes and the change of the image size, also in another job") {
    PullRequest fake;
    fake.libc6_in_published = "2.36-8";
    put_layout(fake, "3.13.3-production-linux-amd64", "a layer with much more in it");
    run_scan(fake.world(), fake.settings());
    const std::string by_leg = fake.summary();
    run_judge(fake.world(), fake.settings());
    for (const std::string& summary : {by_leg, fake.summary()}) {
        CHECK(holds(summary,
                    "| 28 bytes → 39 bytes (+11 bytes) | 28.0 kB → 39.0 kB (+11.0 kB) | 1 in another version |"));
        CHECK(holds(summary, "| 28 bytes, the same | 28.0 kB, the same | 1 in another version |"));
        CHECK(holds(summary, "Packages that come, go or change: 1"));
        CHECK(holds(summary, "| libc6 | deb | 2.36-8 | 2.36-9 | all images |"));
    }
    CHECK(holds(fake.files.texts.at("out/report.html"), "2.36-8"));
    CHECK(holds(fake.files.texts.at("out/verdict.json"), R"("published": "2.36-8")"));
}

TEST_CASE("Packages are not compared if a scanner's inventory of an image was changed") {
    const auto summary_without = [](const std::string& scans, const std::string& name) {
        PullRequest fake;
        fake.libc6_in_published = "2.36-8";
        run_scan(fake.world(), fake.settings());
        for (auto& [path, text] : fake.files.texts) {
            if (path.parent_path().parent_path() == scans && path.filename() == name) text += " ";
        }
        run_judge(fake.world(), fake.settings());
        return fake.summary();
    };
    for (const char* scans : {"out/scans", "out/scans/published"}) {
        for (const char* name : {"grype.cdx.json", "trivy.cdx.json"}) {
            INFO(scans << " " << name);
            const std::string summary = summary_without(scans, name);
            CHECK(holds(summary, "| 28 bytes, the same | 28.0 kB, the same | – | the same |"));
            CHECK_FALSE(holds(summary, "2.36-8"));
            CHECK_FALSE(holds(summary, "| python |"));  // only Grype lists it: without Grype it was not removed
        }
    }
}

TEST_CASE("A pull request that fixes published findings says so") {
    PullRequest fake;
    fake.finding.clear();
    fake.finding_in_published = "CVE-2026-1111";
    CHECK(run_scan(fake.world(), fake.settings()).outputs.at("verdict") == "clean");
    CHECK(holds(fake.summary(), "| removes |"));
    CHECK_FALSE(holds(fake.summary(), "| adds |"));
}

TEST_CASE("The comparison uses the moving tags, then the version tag; without any the gate is strict and says so") {
    PullRequest fake;
    fake.set_policy("pull_requests: new-only");
    const std::map<std::string, std::string> one = {{"only", "3.13.3-production"}};
    fake.lost_tags = {"latest-3.13", "latest"};
    CHECK(run_scan(fake.world(), fake.settings(one)).outputs.at("verdict") == "clean");
    const std::string asked = fake.http.lines();
    CHECK(asked.find("HEAD https://registry-1.docker.io/v2/defradigital/python/manifests/latest-3.13") <
          asked.find("HEAD https://registry-1.docker.io/v2/defradigital/python/manifests/latest\n"));
    fake.lost_tags.insert("1.0.0-python3.13.3");
    const Result result = run_scan(fake.world(), fake.settings(one));
    CHECK(result.exit == Exit::refused);
    CHECK(holds(fake.summary(),
                "there is nothing to compare it with (nothing is published that it would replace): all its findings "
                "count, not only new ones"));
    fake.published = "nowhere";
    CHECK(run_scan(fake.world(), fake.settings(one)).exit == Exit::refused);
}

TEST_CASE("Published images that cannot be judged exempt no finding") {
    PullRequest fake;
    fake.set_policy("pull_requests: new-only");
    run_scan(fake.world(), fake.settings());
    for (auto& [path, text] : fake.files.texts) {
        if (path.string().starts_with("out/scans/published/") && path.filename() == "trivy.json") text = "{}";
    }
    const Result result = run_judge(fake.world(), fake.settings());
    CHECK(result.outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.summary(), "this is not the report that its receipt is about"));
}

TEST_CASE("A push compares with nothing and sends no request") {
    PullRequest fake;
    fake.environment["GITHUB_EVENT_NAME"] = "push";
    run_scan(fake.world(), fake.settings());
    CHECK_FALSE(holds(fake.http.lines(), "registry"));
}

TEST_CASE("A pull request with the publisher's user name but no secret compares anonymously") {
    PullRequest fake;
    const Result result = run_scan(fake.world(), fake.settings({{"docker-username", "defra"}}));
    CHECK(result.outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.log.str(), "4 of 4 to compare with"));
    for (const Request& request : fake.http.sent) {
        for (const Header& header : request.headers) CHECK(header.name != "Authorization");
    }
}

TEST_CASE("Credentials that cannot be read leave a pull request without a comparison, not without a verdict") {
    PullRequest fake;
    fake.environment["DOCKER_CONFIG"] = "/docker";
    fake.files.texts["/docker/config.json"] = "{";
    const Result result = run_scan(fake.world(), fake.settings());
    CHECK(result.outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.log.str(), "0 of 4 to compare with"));
}

TEST_CASE("A failed scan removes no finding: an unknown image is not compared, and the report says so") {
    PullRequest fake;
    run_scan(fake.world(), fake.settings());
    for (auto& [path, text] : fake.files.texts) {
        if (path.parent_path().parent_path() == "out/scans" && path.filename() == "trivy.json") text = "{}";
    }
    const Result result = run_judge(fake.world(), fake.settings());
    CHECK(result.outputs.at("verdict") == "unknown");
    CHECK_FALSE(holds(fake.summary(), "| removes |"));
    CHECK(holds(fake.summary(), "3.13.3-production-linux-amd64: not compared with the published image"));
}
