#include "report/sarif.h"

#include <rapidjson/schema.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "approve.h"
#include "base/json.h"
#include "places.h"
#include "report/samples.h"

namespace {

rapidjson::Document sarif_of(const ImageRun& image, const SarifChoice& choice = {}) {
    const std::optional<Sarif> sarif = render_sarif(image, "0.1.0", choice);
    REQUIRE(sarif);
    return parse_tool_json(sarif->text, "the SARIF");
}

const Json& run_of(const rapidjson::Document& sarif) {
    return items_at(sarif, "runs")[0];
}
Json::ConstArray results_of(const rapidjson::Document& sarif) {
    return items_at(run_of(sarif), "results");
}
Json::ConstArray rules_of(const rapidjson::Document& sarif) {
    return items_at(member(member(run_of(sarif), "tool"), "driver"), "rules");
}

std::set<std::string> fingerprints_of(const ImageRun& image) {
    std::set<std::string> all;
    const rapidjson::Document sarif = sarif_of(image);
    for (const Json& result : results_of(sarif))
        all.insert(text_at(member(result, "partialFingerprints"), "primaryLocationLineHash"));
    return all;
}

const Json& location_of(const Json& result) {
    return member(items_at(result, "locations")[0], "physicalLocation");
}

/// The official schema; nullopt if the test data is not beside the repository.
std::string schema_text() {
    std::ifstream file(std::filesystem::path(corpus_dir()) / "microsoft+sarif-sdk/src/Sarif/Schemata/sarif-2.1.0.json");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_valid(const rapidjson::SchemaDocument& schema, const rapidjson::Document& document) {
    rapidjson::SchemaValidator validator(schema);
    return document.Accept(validator);
}

}  // namespace

TEST_CASE("SARIF files equal their golden files") {
    const Run run = vulnerable_run();
    approve(render_sarif(run.images[0], "0.1.0")->text, "report/development.sarif.golden");
    approve(render_sarif(run.images[1], "0.1.0")->text, "report/production.sarif.golden");
    approve(render_sarif(clean_run().images[1], "0.1.0")->text, "report/clean.sarif.golden");
}

TEST_CASE("a clean scan gives a valid run without results, which closes alerts") {
    const rapidjson::Document sarif = sarif_of(clean_run().images[0]);
    CHECK(items_at(sarif, "runs").Size() == 1);
    CHECK(member(run_of(sarif), "results").IsArray());
    CHECK(results_of(sarif).Empty());
    CHECK(rules_of(sarif).Empty());
    CHECK(text_at(member(run_of(sarif), "automationDetails"), "id") == "images/3.13/development/linux-amd64/");
}

TEST_CASE("an unknown or missing verdict gives no SARIF, even with findings: it would close other alerts") {
    const Run run = unknown_run();
    CHECK(render_sarif(run.images[0], "0.1.0"));
    CHECK_FALSE(render_sarif(run.images[1], "0.1.0"));
    CHECK_FALSE(render_sarif(run.images[3], "0.1.0"));
}

TEST_CASE("the official schema accepts every SARIF file and rejects an invalid one") {
    const std::string text = schema_text();
    if (text.empty()) SKIP("the SARIF schema is not beside the repository: " + corpus_dir());
    rapidjson::Document schema_json = parse_tool_json(text, "the schema");
    const rapidjson::SchemaDocument schema(schema_json);
    for (const Run& run : {clean_run(), vulnerable_run(), hostile_run(), large_run(200)}) {
        for (const ImageRun& image : run.images) {
            const std::optional<Sarif> sarif = render_sarif(image, run.program_version);
            if (!sarif) continue;
            INFO(image.name);
            CHECK(is_valid(schema, parse_tool_json(sarif->text, image.name)));
        }
    }
    std::string wrong = render_sarif(vulnerable_run().images[0], "0.1.0")->text;
    wrong.replace(wrong.find("\"level\":\"error\""), 15, "\"level\":\"fatal\"");
    CHECK_FALSE(is_valid(schema, parse_tool_json(wrong, "a wrong one")));
}

TEST_CASE("a blocking finding is an error, a waived one a note, all others at most a warning") {
    FindingRow row;
    for (const Severity severity : {Severity::unknown, Severity::negligible, Severity::low, Severity::medium,
                                    Severity::high, Severity::critical}) {
        const Finding finding = make_finding("CVE-2026-1", "a", severity);
        row.finding = &finding;
        row.state = FindingState::blocking;
        CHECK(sarif_level(row) == "error");
        row.state = FindingState::waived;
        CHECK(sarif_level(row) == "note");
        row.state = FindingState::reported;
        CHECK(sarif_level(row) == (severity >= Severity::medium ? "warning" : "note"));
    }
}

TEST_CASE("the score in GitHub matches the severity of the gate") {
    CHECK(security_severity(Severity::critical, 9.8) == "9.8");
    CHECK(security_severity(Severity::critical, 9.0) == "9.1");
    CHECK(security_severity(Severity::critical, 0) == "9.5");
    CHECK(security_severity(Severity::high, 9.8) == "8.9");
    CHECK(security_severity(Severity::high, 0) == "8.0");
    CHECK(security_severity(Severity::medium, 7.8) == "6.9");
    CHECK(security_severity(Severity::medium, 4.04) == "4.0");
    CHECK(security_severity(Severity::low, 0.04) == "0.1");
    CHECK(security_severity(Severity::negligible, 0) == "0.1");
    CHECK(security_severity(Severity::unknown, 9.8) == "");
}

TEST_CASE("a finding of unknown severity has no score") {
    const rapidjson::Document sarif = sarif_of(vulnerable_run().images[1]);
    for (const Json& rule : rules_of(sarif)) {
        const Json& score = member(member(rule, "properties"), "security-severity");
        if (text_at(rule, "id") == "CVE-2025-3004") CHECK(score.IsNull());
        if (text_at(rule, "id") == "CVE-2026-1001") CHECK(text_of(score) == "9.8");
    }
    CHECK(std::any_of(results_of(sarif).begin(), results_of(sarif).end(),
                      [](const Json& r) { return text_at(r, "ruleId") == "CVE-2025-3004"; }));
}

TEST_CASE("an alert is on the line that a maintainer would edit") {
    const rapidjson::Document sarif = sarif_of(vulnerable_run().images[1]);
    const Json& rebuild = location_of(results_of(sarif)[0]);
    const Json& bump = location_of(results_of(sarif)[1]);
    CHECK(text_at(member(rebuild, "artifactLocation"), "uri") == "image-matrix.json");
    CHECK(number_at(member(rebuild, "region"), "startLine") == 2);
    CHECK(number_at(member(bump, "region"), "startLine") == 3);
    for (const char* part : {"startLine", "startColumn", "endLine", "endColumn"})
        CHECK(number_at(member(bump, "region"), part) >= 1);
}

TEST_CASE("an invalid location is skipped") {
    const Finding finding = make_finding("CVE-2026-1", "a", Severity::high);
    ImageRun image;
    image.at = {"image-matrix.json", 8};
    Remedy remedy;
    FindingRow row{
        .finding = &finding, .state = FindingState::blocking, .waiver = nullptr, .remedy = &remedy, .images = {&image}};
    for (const char* refused : {"", "/etc/passwd", "../x", "a/../../x", "..", "a/.."}) {
        remedy.at = {refused, 5};
        INFO(refused);
        CHECK(sarif_place(row) == Place{"image-matrix.json", 8});
    }
    remedy.at = {"./image/security-upgrades.txt", 0};
    CHECK(sarif_place(row) == Place{"image/security-upgrades.txt", 1});
    image.at = {"/tmp/matrix.json", 2};
    remedy.at = {};
    CHECK(sarif_place(row) == Place{"Dockerfile", 1});
}

TEST_CASE("paths are percent-encoded") {
    Run run = vulnerable_run();
    for (auto& [key, remedy] : run.images[0].remedies) remedy.at = {"image/debian:8?x#y%.txt", 1};
    CHECK(render_sarif(run.images[0], "1.2.3")->text.find("\"image/debian%3A8%3Fx%23y%25.txt\"") != std::string::npos);
}

TEST_CASE("a fingerprint is 16 hexadecimal digits of SHA-256 over length-prefixed fields") {
    // printf '13:CVE-2026-10017:openssl0:36:images/3.13/production/linux-amd64/' | sha256sum
    CHECK(make_fingerprint(make_finding("CVE-2026-1001", "openssl", Severity::high),
                           "images/3.13/production/linux-amd64/") == "9f195907e2bd242c:1");
    const std::string category = "images/3.13/production/linux-amd64/";
    CHECK(make_fingerprint(make_finding("ab", "c", Severity::high), category) !=
          make_fingerprint(make_finding("a", "bc", Severity::high), category));
}

TEST_CASE("fingerprints do not depend on the Python patch, package version, title or severity") {
    Run run = vulnerable_run();
    const std::set<std::string> before = fingerprints_of(run.images[1]);
    REQUIRE(before.size() == 4);
    run.plan.matrix.rows[0].python_version = "3.13.9";
    run.plan.images[1].python_version = "3.13.9";
    ImageRun& image = run.images[1];
    image.category = make_category(run.plan, run.plan.images[1], "linux/amd64");
    image.name = "3.13.9-production-linux-amd64";
    image.verdict->manifest = digest_of("another build");
    for (Finding& finding : image.verdict->blocking) {
        finding.version = "9.9.9";
        finding.title = "another title";
        finding.severity = Severity::critical;
    }
    CHECK(fingerprints_of(image) == before);
}

TEST_CASE("an alert names its image, and its platform if known") {
    ImageRun image = vulnerable_run().images[0];
    const auto title = [&] { return text_at(member(results_of(sarif_of(image))[0], "message"), "text"); };
    CHECK(title().starts_with("3.13.3-development on linux/amd64: CVE-2026-1001 in openssl "));
    image.platform = "";
    CHECK(title().starts_with("3.13.3-development: CVE-2026-1001 in openssl "));
}

TEST_CASE("each image has its own alerts") {
    const Run run = vulnerable_run();
    const std::set<std::string> development = fingerprints_of(run.images[0]);
    for (const std::string& fingerprint : fingerprints_of(run.images[1]))
        CHECK_FALSE(development.contains(fingerprint));
}

TEST_CASE("removing a finding does not change other fingerprints") {
    const ImageRun whole = large_run(60).images[0];
    const std::set<std::string> all = fingerprints_of(whole);
    for (std::size_t gone = 0; gone < whole.verdict->reported.size(); gone += 7) {
        ImageRun less = whole;
        less.verdict->reported.erase(less.verdict->reported.begin() + static_cast<std::ptrdiff_t>(gone));
        const std::set<std::string> rest = fingerprints_of(less);
        CHECK(std::includes(all.begin(), all.end(), rest.begin(), rest.end()));
    }
}

TEST_CASE("the category has the minor version, or the full one if two rows share a minor") {
    Plan plan = vulnerable_run().plan;
    CHECK(make_category(plan, plan.images[1], "linux/amd64") == "images/3.13/production/linux-amd64/");
    CHECK(make_category(plan, plan.images[2], "linux/arm/v7") == "images/3.12/development/linux-arm-v7/");
    CHECK(check_categories(plan).empty());
    plan.matrix.rows[1].python_version = "3.13.6";
    plan.images[3].python_version = "3.13.6";
    CHECK(make_category(plan, plan.images[1], "linux/amd64") == "images/3.13.3/production/linux-amd64/");
    CHECK(make_category(plan, plan.images[3], "linux/amd64") == "images/3.13.6/production/linux-amd64/");
    const Problems problems = check_categories(plan);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].level == Level::notice);
    CHECK(problems[0].what ==
          "3.13.3 and 3.13.6 share the minor version 3.13: their code-scanning alerts are kept by whole version and "
          "start again when it changes");
}

TEST_CASE("findings below sarif-severity are omitted and counted, except blocking and unrated ones") {
    ImageRun image = vulnerable_run().images[1];
    const std::optional<Sarif> usual = render_sarif(image, "0.1.0");
    CHECK(usual->results == 4);
    CHECK(usual->below == 2);
    CHECK(usual->text.find("2 findings below medium omitted (sarif-severity); report.html has them") !=
          std::string::npos);
    image.verdict->blocking[1].severity = Severity::low;
    CHECK(render_sarif(image, "0.1.0", {.from = Severity::critical})->results == 3);
    CHECK(render_sarif(image, "0.1.0", {.from = Severity::unknown})->results == 6);
}

TEST_CASE("a waived finding has its owner and end, and a suppression") {
    const rapidjson::Document sarif = sarif_of(vulnerable_run().images[0]);
    const auto results = results_of(sarif);
    const auto waived = std::find_if(results.begin(), results.end(),
                                     [](const Json& r) { return text_at(r, "ruleId") == "GHSA-dddd-eeee-ffff"; });
    REQUIRE(waived != results.end());
    CHECK(text_at(*waived, "level") == "note");
    CHECK(text_at(items_at(*waived, "suppressions")[0], "kind") == "external");
    CHECK(text_at(member(*waived, "message"), "text")
              .find("Accepted by platform team until 2026-12-01: development only; nothing downloads with it "
                    "(vulnerability-policy.yml:12).") != std::string::npos);
}

TEST_CASE("a paused scanner is explained in the SARIF file") {
    ImageRun image = clean_run().images[0];
    image.verdict->paused = {{.scanner = Scanner::grype,
                              .reason = "its [database](x) is {broken}",
                              .owner = "platform team",
                              .until = Date(std::chrono::year(2026) / 12 / 1),
                              .at = {"vulnerability-policy.yml", 30}}};
    const rapidjson::Document sarif = sarif_of(image);
    const auto notes = items_at(items_at(run_of(sarif), "invocations")[0], "toolExecutionNotifications");
    REQUIRE(notes.Size() == 1);
    CHECK(text_at(notes[0], "level") == "warning");
    CHECK(text_at(member(notes[0], "message"), "text") ==
          "grype is off until 2026-12-01 (its (database)(x) is (broken), says platform team): what only it sees is "
          "not known");
}

TEST_CASE("a pre-existing finding is a warning that says so") {
    const rapidjson::Document sarif = sarif_of(pre_existing_run().images[0]);
    const Json& result = results_of(sarif)[0];
    CHECK(text_at(result, "ruleId") == "CVE-2026-1001");
    CHECK(text_at(result, "level") == "warning");
    CHECK(
        text_at(member(result, "message"), "text").find(": critical (trivy: critical, grype: high), pre-existing. ") !=
        std::string::npos);
}
