// The limits of GitHub that no validator checks.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <set>

#include "base/json.h"
#include "report/samples.h"
#include "report/sarif.h"

namespace {

struct Parsed {
    rapidjson::Document json;
    const Json& run() const { return items_at(json, "runs")[0]; }
    Json::ConstArray results() const { return items_at(run(), "results"); }
    Json::ConstArray rules() const { return items_at(member(member(run(), "tool"), "driver"), "rules"); }
};

Parsed sarif_of(const ImageRun& image, const SarifChoice& choice) {
    const std::optional<Sarif> sarif = render_sarif(image, "0.1.0", choice);
    REQUIRE(sarif);
    CHECK(sarif->text.size() < 60'000'000);
    return {parse_tool_json(sarif->text, "the SARIF")};
}

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

void check_limits(const Parsed& sarif) {
    const auto rules = sarif.rules();
    CHECK(sarif.results().Size() <= 25'000);
    CHECK(rules.Size() <= 25'000);
    CHECK(text_at(member(sarif.run(), "automationDetails"), "id").ends_with("/"));
    std::set<std::string> ids;
    for (const Json& rule : rules) {
        check_rule(rule);
        REQUIRE(ids.insert(text_at(rule, "id")).second);
    }
    std::set<std::string> fingerprints;
    for (const Json& result : sarif.results()) {
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
    CHECK(sarif->cut == 3'000);
    CHECK(sarif->text.find("3000 findings omitted, the least severe ones that do not block: GitHub shows 1000 of one "
                           "run; report.html has them") != std::string::npos);
    const Parsed parsed = sarif_of(image, choice);
    check_limits(parsed);
    std::size_t errors = 0;
    for (const Json& result : parsed.results()) {
        const auto rule = static_cast<rapidjson::SizeType>(number_at(result, "ruleIndex"));
        const bool critical = text_of(items_at(member(parsed.rules()[rule], "properties"), "tags")[2]) == "critical";
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
    const Parsed sarif = sarif_of(image, {});
    CHECK(sarif.results().Size() == 5'000);
    CHECK(text_at(sarif.results()[0], "ruleId").starts_with("CVE-2026-1"));
    CHECK(text_at(sarif.results()[0], "level") == "error");
    check_limits(sarif);
}

TEST_CASE("a rule is as severe as its worst finding, also if only a less severe one blocks") {
    ImageRun image = clean_run().images[0];
    image.verdict->outcome = Outcome::vulnerable;
    image.verdict->blocking = {make_finding("CVE-2026-1", "a", Severity::medium)};
    image.verdict->reported = {make_finding("CVE-2026-1", "b", Severity::critical)};
    const Parsed sarif = sarif_of(image, {});
    REQUIRE(sarif.rules().Size() == 1);
    CHECK(text_of(items_at(member(sarif.rules()[0], "properties"), "tags")[2]) == "critical");
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
    const Parsed sarif = sarif_of(image, {});
    CHECK(sarif.results().Size() == 4);
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
    const Parsed sarif = sarif_of(image, {});
    REQUIRE(sarif.rules().Size() == 1);
    CHECK(text_at(member(sarif.rules()[0], "properties"), "security-severity") == "8.1");
    CHECK(sarif.results().Size() == 2);
    check_limits(sarif);
}
