#include "report/sarif.h"

#include <rapidjson/schema.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <set>

#include "approve.h"
#include "base/json.h"
#include "places.h"
#include "report/samples.h"

namespace {

rapidjson::Document sarif_of(const ImageRun& image, const SarifChoice& choice = {}) {
    const std::optional<Sarif> sarif = render_sarif(image, "0.1.0", choice);
    REQUIRE(sarif);
    CHECK(sarif->text.size() < 60'000'000);
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
    const std::string text = text_of_file(corpus_dir() + "/microsoft+sarif-sdk/src/Sarif/Schemata/sarif-2.1.0.json");
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
    image.verdict->manifest = sha256("another build");
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
    CHECK(usual->text.find("2 findings below medium omitted (sarif-severity); report.html has them") !=
          std::string::npos);
    image.verdict->blocking[1].severity = Severity::low;
    CHECK(render_sarif(image, "0.1.0", {.from = Severity::critical})->results == 3);
    CHECK(render_sarif(image, "0.1.0", {.from = Severity::unknown})->results == 6);
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

// The limits of GitHub that no validator checks.
namespace {

/// The length in characters, as GitHub counts; never empty.
bool is_text(const Json& value, std::size_t max_characters) {
    const std::string text = text_of(value);
    std::size_t characters = 0;
    for (const char c : text) characters += (c & 0xC0) != 0x80 ? 1 : 0;
    return characters > 0 && characters <= max_characters;
}

void check_rule(const Json& rule) {
    REQUIRE(is_text(member(rule, "id"), 255));
    REQUIRE(is_text(member(member(rule, "shortDescription"), "text"), 1024));
    REQUIRE(is_text(member(member(rule, "fullDescription"), "text"), 1024));
    REQUIRE(is_text(member(member(rule, "help"), "text"), 100'000));
    REQUIRE(is_text(member(member(rule, "help"), "markdown"), 100'000));
    const Json& properties = member(rule, "properties");
    REQUIRE(items_at(properties, "tags").Size() <= 10);
    const Json& score = member(properties, "security-severity");
    if (score.IsNull()) return;
    REQUIRE(score.IsString());
    char* end = nullptr;
    const double number = std::strtod(score.GetString(), &end);
    REQUIRE(*end == '\0');
    REQUIRE((number > 0 && number <= 10));
}

void check_result(const Json& result, Json::ConstArray rules) {
    REQUIRE(is_text(member(member(result, "message"), "text"), 1025));
    REQUIRE(items_at(result, "locations").Size() == 1);
    const Json& place = member(items_at(result, "locations")[0], "physicalLocation");
    const std::string uri = text_at(member(place, "artifactLocation"), "uri");
    REQUIRE_FALSE(uri.empty());
    REQUIRE(uri.find_first_of(": \\") == std::string::npos);
    REQUIRE_FALSE(uri.starts_with("/"));
    REQUIRE(uri.find("..") == std::string::npos);
    REQUIRE(number_at(member(place, "region"), "startLine") >= 1);
    const auto index = static_cast<rapidjson::SizeType>(number_at(result, "ruleIndex"));
    REQUIRE(index < rules.Size());
    REQUIRE(text_at(rules[index], "id") == text_at(result, "ruleId"));
}

void check_limits(const rapidjson::Document& sarif) {
    const auto rules = rules_of(sarif);
    CHECK(results_of(sarif).Size() <= 25'000);
    CHECK(rules.Size() <= 25'000);
    CHECK(text_at(member(run_of(sarif), "automationDetails"), "id").ends_with("/"));
    std::set<std::string> ids;
    for (const Json& rule : rules) {
        check_rule(rule);
        REQUIRE(ids.insert(text_at(rule, "id")).second);
    }
    std::set<std::string> fingerprints;
    for (const Json& result : results_of(sarif)) {
        check_result(result, rules);
        REQUIRE(fingerprints.insert(text_at(member(result, "partialFingerprints"), "primaryLocationLineHash")).second);
    }
}

}  // namespace

TEST_CASE("every limit holds for many findings; the least severe non-blocking ones are omitted") {
    const ImageRun image = large_run(4'000).images[0];
    const SarifChoice choice{.from = Severity::unknown, .max_results = 1'000};
    const std::optional<Sarif> sarif = render_sarif(image, "0.1.0", choice);
    REQUIRE(sarif);
    CHECK(sarif->results == 1'000);
    CHECK(sarif->text.find("3000 findings omitted, the least severe ones that do not block: GitHub shows 1000 of one "
                           "run; report.html has them") != std::string::npos);
    const rapidjson::Document parsed = sarif_of(image, choice);
    check_limits(parsed);
    std::size_t errors = 0;
    for (const Json& result : results_of(parsed)) {
        const auto rule = static_cast<rapidjson::SizeType>(number_at(result, "ruleIndex"));
        const bool critical = text_of(items_at(member(rules_of(parsed)[rule], "properties"), "tags")[2]) == "critical";
        const bool blocks = text_at(result, "level") == "error";
        REQUIRE((blocks || critical));
        errors += blocks ? 1 : 0;
    }
    CHECK(errors == image.verdict->blocking.size());
}

TEST_CASE("a blocking finding is kept before 5,000 more severe non-blocking ones") {
    ImageRun image = clean_run().images[0];
    image.verdict->outcome = Outcome::vulnerable;
    image.verdict->blocking = {make_finding("CVE-2026-1", "openssl", Severity::medium)};
    for (int i = 0; i < 5'000; ++i) {
        image.verdict->reported.push_back(
            make_finding("CVE-2025-" + std::to_string(10'000 + i), "linux", Severity::critical));
    }
    const rapidjson::Document sarif = sarif_of(image, {});
    CHECK(results_of(sarif).Size() == 5'000);
    CHECK(text_at(results_of(sarif)[0], "ruleId").starts_with("CVE-2026-1"));
    CHECK(text_at(results_of(sarif)[0], "level") == "error");
    check_limits(sarif);
}

TEST_CASE("a rule is as severe as its worst finding, also if only a less severe one blocks") {
    ImageRun image = clean_run().images[0];
    image.verdict->outcome = Outcome::vulnerable;
    image.verdict->blocking = {make_finding("CVE-2026-1", "a", Severity::medium)};
    image.verdict->reported = {make_finding("CVE-2026-1", "b", Severity::critical)};
    const rapidjson::Document sarif = sarif_of(image, {});
    REQUIRE(rules_of(sarif).Size() == 1);
    CHECK(text_of(items_at(member(rules_of(sarif)[0], "properties"), "tags")[2]) == "critical");
}

TEST_CASE("blocking findings above the limit are reported") {
    ImageRun image = clean_run().images[0];
    image.verdict->outcome = Outcome::vulnerable;
    for (const char* package : {"a", "b", "c"})
        image.verdict->blocking.push_back(make_finding("CVE-2026-1", package, Severity::high));
    const std::optional<Sarif> sarif = render_sarif(image, "0.1.0", {.max_results = 2});
    REQUIRE(sarif);
    CHECK(sarif->results == 2);
    CHECK(sarif->text.find("1 finding omitted, 1 of them blocking: GitHub shows 2") != std::string::npos);
}

TEST_CASE("every limit holds for hostile and empty texts") {
    Run run = hostile_run();
    check_limits(sarif_of(run.images[1], {.from = Severity::unknown}));
    Finding nameless;
    run.images[1].verdict->blocking = {nameless};
    run.images[1].at = {};
    check_limits(sarif_of(run.images[1], {.from = Severity::unknown}));
}

TEST_CASE("a repeated finding is one result") {
    ImageRun image = vulnerable_run().images[1];
    image.verdict->reported.push_back(image.verdict->blocking[0]);
    const rapidjson::Document sarif = sarif_of(image, {});
    CHECK(results_of(sarif).Size() == 4);
    check_limits(sarif);
}

TEST_CASE("one vulnerability in several packages is one rule with the highest score") {
    ImageRun image = clean_run().images[0];
    image.verdict->outcome = Outcome::vulnerable;
    Finding low = make_finding("CVE-2026-1", "a", Severity::medium);
    low.cvss_score = 5.0;
    Finding high = make_finding("CVE-2026-1", "b", Severity::high);
    high.cvss_score = 8.1;
    image.verdict->blocking = {low, high};
    const rapidjson::Document sarif = sarif_of(image, {});
    REQUIRE(rules_of(sarif).Size() == 1);
    CHECK(text_at(member(rules_of(sarif)[0], "properties"), "security-severity") == "8.1");
    CHECK(results_of(sarif).Size() == 2);
    check_limits(sarif);
}
