#include "pipeline/unchanged.h"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "commands/github_world.h"

namespace {

const std::string not_built =
    "nothing has to be built: 1.0.0 is published, and nothing that goes into an image changed";

const std::string one_base = R"([{"reference": "gcr.io/distroless/cc-debian12:nonroot", "digest": ")" +
                             sha256("base").text() + R"(", "created": "2026-11-19T00:00:00Z", "standIn": false}])";

/// Built, tested, published and released by a push to master; then another event in a fresh checkout.
struct ReleasedWorld : GitHubWorld {
    explicit ReleasedWorld(const std::string& event, const std::string& bases = one_base,
                           const std::string& contract = "") {
        if (!bases.empty()) files.texts["out/bases.json"] = bases;
        put_contracts(RowResult::passed, "", contract);
        publish();
        run_release(world(), settings());
        files.remove("out");
        hub.analyses.clear();
        processes.ran.clear();
        http.sent.clear();
        log.str("");
        environment["GITHUB_EVENT_NAME"] = event;
        if (event == "pull_request") start_pull_request();
    }

    std::map<std::string, std::string> options = {
        {"to", "docker.io"}, {"contract", ""}, {"max-database-age", "100000"}};

    Result run() { return run_all(world(), settings(options)); }

    /// The reason why images are built; empty if they are not.
    std::string reason() {
        log.str("");
        const Settings given = settings(options);
        const auto release = find_unchanged(world(), given, load_project(world(), given));
        const std::string text = log.str();
        const std::string before = "changes  images are built: ";
        const std::size_t at = text.find(before);
        CHECK(release.has_value() == (at == std::string::npos));
        return at == std::string::npos ? "" : text.substr(at + before.size(), text.rfind(" (") - at - before.size());
    }

    std::string text(const std::string& file) { return files.read(file); }
};

/// A change, and the expected reason.
struct BuildReason {
    std::string reason;
    std::function<void(ReleasedWorld&)> cause;
};

void check_build_reasons(const std::vector<BuildReason>& reasons) {
    for (const BuildReason& expected : reasons) {
        ReleasedWorld fake("pull_request");
        REQUIRE(fake.reason().empty());
        expected.cause(fake);
        const std::string reason = fake.reason();
        INFO("expected: " << expected.reason << "\nfound: " << reason);
        CHECK(holds(reason, expected.reason));
    }
}

}  // namespace

TEST_CASE("A pull request without changed images builds none, scans what the release archives, and says so") {
    ReleasedWorld fake("pull_request");
    fake.files.texts["NOTES.md"] = "Other words.\n";
    const Result result = fake.run();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("build") == "false");
    CHECK(result.outputs.at("verdict") == "clean");
    CHECK(result.outputs.at("tested") == "true");
    CHECK(result.outputs.at("published") == "false");
    CHECK(result.outputs.at("reason") == not_built);
    for (const Command& command : fake.processes.ran) {
        const bool scans = command.argv.front() == "trivy" || command.argv.front() == "grype";
        CHECK((scans || command.argv.front() == "git"));
    }
    CHECK(holds(fake.log.str(), "4 of 4 scanned again, nothing pulled"));
    CHECK(holds(texts_of(result.problems), not_built));
    for (const std::string& shown : {fake.out.str(), result.summary, fake.text("out/report.html"),
                                     fake.text("out/verdict.json"), fake.text("out/summary.md")})
        CHECK(holds(shown, not_built));
    CHECK(fake.hub.analyses.size() == 4);
    CHECK(fake.files.names_in("out/sarif").size() == 4);
    CHECK(holds(fake.text("out/verdict.json"),
                R"("contract_tested_by": "https://github.com/defra/images/actions/runs/6")"));
    CHECK(holds(fake.text("out/bases.json"), sha256("base").text()));
}

TEST_CASE("Findings of today's databases in published images count, although nothing was built") {
    ReleasedWorld fake("pull_request");
    fake.finding = "CVE-2026-1111";
    const Result result = fake.run();
    CHECK(result.exit == Exit::refused);
    CHECK(result.outputs.at("verdict") == "vulnerable");
    CHECK(result.outputs.at("build") == "false");
    CHECK(holds(fake.out.str(), "Python 1.0.0 as published: 2 findings block 4 of 4 images; nothing has to be built"));
}

TEST_CASE("Unchanged images with pull_requests: new-only: no finding blocks") {
    ReleasedWorld fake("pull_request");
    fake.files.texts["vulnerability-policy.yml"] = "gate: {pull_requests: new-only}\n";
    fake.finding = "CVE-2026-1111";
    const Result result = fake.run();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("build") == "false");
    CHECK(holds(result.summary, "pre-existing"));
}

TEST_CASE("A pull request with findings fails although publish: no-worse would let master publish them") {
    ReleasedWorld fake("pull_request");
    fake.files.texts["vulnerability-policy.yml"] = "gate: {publish: no-worse}\n";
    fake.finding = "CVE-2026-1111";
    CHECK(fake.run().exit == Exit::refused);
}

TEST_CASE("A push without changed images finds the release, leaves all tags alone and updates the alerts") {
    ReleasedWorld fake("push");
    const auto before = fake.files.texts;
    const Result result = fake.run();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("build") == "false");
    CHECK(result.outputs.at("published") == "false");
    CHECK(result.outputs.at("created") == "false");
    CHECK(holds(result.outputs.at("release"), "releases/"));
    CHECK(result.outputs.at("reason") == not_built);
    CHECK(holds(fake.out.str(), "is already published"));
    CHECK(holds(result.outputs.at("digests"),
                "\"3.13.3-production\":\"" + fake.published_digests("python", "latest").first.text() + "\""));
    CHECK(holds(fake.text("out/publication.json"), "docker.io"));
    CHECK(fake.hub.releases.size() == 1);
    CHECK(fake.hub.analyses.size() == 4);
    for (const auto& [path, text] : before) {
        if (path.string().starts_with("elsewhere")) CHECK(fake.files.texts.at(path) == text);
    }
}

TEST_CASE("With gate.publish: no-worse a push passes with findings in published images, if it may publish") {
    for (const auto& [option, value, passes] :
         {std::tuple{"publish", "auto", true}, std::tuple{"dry-run", "true", true},
          std::tuple{"publish", "off", false}}) {
        ReleasedWorld fake("push");
        fake.options[option] = value;
        fake.files.texts["vulnerability-policy.yml"] = "gate: {publish: no-worse}\n";
        fake.finding = "CVE-2026-1111";
        const Result result = fake.run();
        INFO(option << ": " << value);
        CHECK(result.exit == (passes ? Exit::done : Exit::refused));
        CHECK(result.outputs.at("build") == "false");
        CHECK(result.outputs.at("verdict") == "vulnerable");
        CHECK(holds(texts_of(result.problems), "this run passes because it is no worse") == passes);
    }
}

TEST_CASE("publish: required fails if a run may not publish, also if there is nothing to publish") {
    ReleasedWorld fake("push");
    fake.options["publish"] = "required";
    CHECK(fake.run().exit == Exit::done);
    fake.environment["GITHUB_REF"] = "refs/heads/topic";
    CHECK_THROWS_AS(fake.run(), Error);
}

TEST_CASE("publish: required fails when the jobs are planned, not after the build") {
    ReleasedWorld fake("pull_request");
    fake.options["publish"] = "required";
    CHECK_THROWS_AS(run_matrix(fake.world(), fake.settings(fake.options)), Error);
    CHECK(fake.http.sent.empty());
    fake.environment["GITHUB_EVENT_NAME"] = "push";
    fake.environment["GITHUB_REF"] = "refs/heads/master";
    CHECK(run_matrix(fake.world(), fake.settings(fake.options)).outputs.at("publish") == "true");
}

TEST_CASE("A dry run needs no credentials") {
    ReleasedWorld fake("push");
    fake.options["dry-run"] = "true";
    const Result result = fake.run();
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("build") == "false");
    CHECK(result.outputs.at("published") == "false");
    CHECK(fake.hub.analyses.size() == 4);
    for (const Request& request : fake.http.sent)
        CHECK_FALSE(holds(request.method + request.url, "POST https://registry-1"));
}

TEST_CASE("A push reports that published images have become vulnerable, also in the alerts") {
    ReleasedWorld fake("push");
    fake.finding = "CVE-2026-1111";
    const Result result = fake.run();
    CHECK(result.exit == Exit::refused);
    CHECK(fake.hub.analyses.size() == 4);
    CHECK(holds(fake.hub.analyses.front().text, "CVE-2026-1111"));
}

TEST_CASE("Images are built if an option requires it, and the log gives the reason") {
    check_build_reasons({
        {"rebuild: always", [](ReleasedWorld& fake) { fake.options["rebuild"] = "always"; }},
        {"--only chooses some images", [](ReleasedWorld& fake) { fake.options["only"] = "3.13.3"; }},
        {"were tested against other.yml", [](ReleasedWorld& fake) { fake.options["contract"] = "other.yml"; }},
        {"without a token for GitHub", [](ReleasedWorld& fake) { fake.environment.erase("GITHUB_REPOSITORY"); }},
        {"1.0.0 is published, but it was published to docker.io",
         [](ReleasedWorld& fake) { fake.options["to"] = "ghcr.io"; }},
        {"3.13.3-development was published as defradigital/python-development:1.0.0-python3.13.3",
         [](ReleasedWorld& fake) { fake.options["namespace"] = "another"; }},
        {"it archives nothing of 3.13.3-development-linux-arm64",
         [](ReleasedWorld& fake) { fake.options["platforms"] = "linux/amd64,linux/arm64"; }},
        {"built on another gcr.io/distroless/cc-debian12:nonroot",
         [](ReleasedWorld& fake) {
             fake.files.texts["/stand-ins.json"] = "{}";
             fake.options["stand-ins"] = "/stand-ins.json";
         }},
    });
}

TEST_CASE("Images are built if the work tree differs from the release") {
    check_build_reasons({
        {"1.1.0 is not released", [](ReleasedWorld& fake) { fake.set_version("1.1.0"); }},
        {"what goes into 3.13.3-development has changed",
         [](ReleasedWorld& fake) { fake.files.texts["Dockerfile"] += "RUN true\n"; }},
        {"does not have 3.13.5-development",
         [](ReleasedWorld& fake) {
             std::string& matrix = fake.files.texts["image-matrix.json"];
             matrix.replace(matrix.find("3.13.3"), 6, "3.13.5");
         }},
        {"it has other images",
         [](ReleasedWorld& fake) {
             std::string& matrix = fake.files.texts["image-matrix.json"];
             matrix = matrix.substr(0, matrix.find("  },\n")) + "  }\n]\n";
         }},
        {"defradigital/python-development:stable does not name what it published",
         [](ReleasedWorld& fake) {
             std::string& matrix = fake.files.texts["image-matrix.json"];
             matrix.replace(matrix.find("\"latest\""), 8, "\"stable\"");
         }},
        {"certificates/ours.crt is not copied into the images",
         [](ReleasedWorld& fake) { fake.files.texts["certificates/ours.crt"] = "new"; }},
    });
}

TEST_CASE("Images are built if the release is incomplete or made by another program") {
    check_build_reasons({
        {"1.0.0 is not released", [](ReleasedWorld& fake) { fake.hub.releases.clear(); }},
        {"was not made by this action", [](ReleasedWorld& fake) { fake.hub.releases.front().files.clear(); }},
        {"its publication was not complete",
         [](ReleasedWorld& fake) { fake.change_record("\"done\": true", "\"done\": false"); }},
        {"is of an earlier attempt",
         [](ReleasedWorld& fake) { fake.change_record("\"as_built\": true", "\"as_built\": false"); }},
        {"is not what its checksums.txt says",
         [](ReleasedWorld& fake) { fake.file_of_release("publication.json") += " "; }},
        {"it was tested by version 9.1.0 of this action",
         [](ReleasedWorld& fake) { fake.change_evidence(std::string("\"") + PROGRAM_VERSION + "\"", "\"9.1.0\""); }},
        {"it has no passed contract test of 3.1",
         [](ReleasedWorld& fake) { fake.change_evidence("\"result\": \"passed\"", "\"result\": \"failed\""); }},
        {"it was tested by another build of this action",
         [](ReleasedWorld& fake) { fake.files.texts[std::filesystem::read_symlink("/proc/self/exe")] = "another"; }},
        {"it was built on another gcr.io/distroless/cc-debian12:nonroot",
         [](ReleasedWorld& fake) { fake.change_evidence("\"standIn\": false", "\"standIn\": true "); }},
        {"could not be examined", [](ReleasedWorld& fake) { fake.replace_file("evidence.tar.gz", "damaged"); }},
    });
}

TEST_CASE("Images are built if those of the release were tested against another contract") {
    ReleasedWorld fake("pull_request", one_base, "contract.yml");
    CHECK(holds(fake.reason(), "-linux-amd64 was tested against contract.yml"));
    fake.options["contract"] = "off";  // nothing is claimed about the contract
    CHECK(fake.reason().empty());
}

TEST_CASE("Images are built if the registry does not have exactly the scanned images") {
    check_build_reasons({
        {"defradigital/python:latest-3.13 does not name what it published",
         [](ReleasedWorld& fake) { fake.files.remove("elsewhere/defradigital/python"); }},
        {"python-development:latest does not name what it published",
         [](ReleasedWorld& fake) { fake.lost_tags = {"latest"}; }},
        {"1.0.0-python3.12.6 does not name what it published",
         [](ReleasedWorld& fake) { fake.lost_tags = {"1.0.0-python3.12.6"}; }},
        {"is not in the registry",
         [](ReleasedWorld& fake) {
             fake.lost_manifests = {fake.published_digests("python", "1.0.0-python3.13.3").second};
         }},
        {"does not hold what the release archives",
         [](ReleasedWorld& fake) {
             fake.options["contract"] = "off";
             const std::string scanned = fake.published_digests("python", "1.0.0-python3.13.3").second.text();
             fake.change_evidence(scanned, sha256("other").text());
         }},
        {"could not be examined: ", [](ReleasedWorld& fake) { fake.silent_host = "registry-1.docker.io"; }},
    });
}

TEST_CASE("Images are built if the release does not record the bases") {
    ReleasedWorld fake("pull_request", "");
    CHECK(holds(fake.reason(), "it does not tell what its images were built on"));
}

TEST_CASE("Images are built if not all can be scanned from the release") {
    ReleasedWorld fake("pull_request");
    fake.processes.stub({"trivy", "version", "--config"}, R"({"Version": "0.75.0"})");
    CHECK_THROWS_AS(fake.run(), Error);  // because there is no engine
    CHECK(holds(fake.log.str(), "images are built all the same: not all can be scanned"));
}

TEST_CASE("A local run without a destination builds without a notice") {
    ReleasedWorld fake("pull_request");
    const Settings given = fake.settings();
    CHECK_FALSE(find_unchanged(fake.world(), given, load_project(fake.world(), given)));
    CHECK(fake.log.str().empty());
    CHECK(fake.http.sent.empty());
}

TEST_CASE("matrix plans no job if nothing has to be built, and gives the reason") {
    ReleasedWorld fake("pull_request");
    const Result result = run_matrix(fake.world(), fake.settings(fake.options));
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("build") == "false");
    CHECK(result.outputs.at("count") == "0");
    CHECK(result.outputs.at("matrix").empty());
    CHECK(result.outputs.at("reason") == not_built);
    CHECK(holds(texts_of(result.problems), not_built));
    CHECK_FALSE(fake.files.is_directory("out/releases/1.0.0/out/scans"));
}

TEST_CASE("matrix plans all jobs if images are built, and sends no request without a registry") {
    ReleasedWorld fake("pull_request");
    fake.options["rebuild"] = "always";
    const Result always = run_matrix(fake.world(), fake.settings(fake.options));
    fake.options = {{"to", ""}};
    fake.http.sent.clear();
    const Result nowhere = run_matrix(fake.world(), fake.settings(fake.options));
    for (const Result& result : {always, nowhere}) {
        CHECK(result.outputs.at("build") == "true");
        CHECK(result.outputs.at("count") == "2");
        CHECK(holds(result.outputs.at("matrix"), "3.12.6"));
        CHECK(result.outputs.at("reason") == "an event of the kind \"pull_request\" never publishes");
    }
    CHECK(fake.http.sent.empty());
}
