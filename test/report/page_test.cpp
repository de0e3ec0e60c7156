#include "report/page.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "approve.h"
#include "report/page_style.h"
#include "report/samples.h"

namespace {

/// The page without its style and script, which are compared as sources.
std::string body_of(const std::string& page) {
    std::string body = page.substr(page.find("<body>"));
    body.erase(body.find("<script>"), page_script.size());
    return body;
}

double channel(const std::string& colour, std::size_t at) {
    const double value = std::stoi(colour.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

/// The relative luminance of a colour such as "#12549c" or "#fff" (WCAG 2.2).
double luminance_of(const std::string& colour) {
    std::string full = colour;
    if (colour.size() == 4) full = {'#', colour[1], colour[1], colour[2], colour[2], colour[3], colour[3]};
    return 0.2126 * channel(full, 1) + 0.7152 * channel(full, 3) + 0.0722 * channel(full, 5);
}

double contrast_of(const std::string& a, const std::string& b) {
    const auto [darker, lighter] = std::minmax({luminance_of(a), luminance_of(b)});
    return (lighter + 0.05) / (darker + 0.05);
}

/// The colour of a variable in each theme of the page: light, dark, print.
std::vector<std::string> colours_of(const std::string& variable) {
    std::vector<std::string> colours;
    const std::string name = "--" + variable + ": ";
    for (std::size_t at = page_style.find(name); at != std::string_view::npos; at = page_style.find(name, at + 1)) {
        const std::size_t begin = at + name.size();
        colours.emplace_back(page_style.substr(begin, page_style.find(';', begin) - begin));
    }
    return colours;
}

}  // namespace

TEST_CASE("the page equals its golden file") {
    approve(body_of(render_page(vulnerable_run())), "report/vulnerable.page.golden");
}

TEST_CASE("the page loads no resource") {
    for (const Run& run : {vulnerable_run(), clean_run(), unknown_run(), hostile_run()}) {
        const std::string page = render_page(run);
        CHECK(count(page, "default-src 'none'; style-src 'sha256-") == 1);
        for (const char* loading : {"<link", "<img", "<iframe", "<object", "<embed", "<base", "<form action", "@import",
                                    "fetch(", "XMLHttpRequest"}) {
            INFO(loading);
            CHECK(count(page, loading) == 0);
        }
        CHECK(count(std::string(page_style), "url(") == 0);
        CHECK(count(page, "<script") == 1);
        CHECK(count(page, "<style") == 1);
        CHECK(count(page, " style=") == 0);
        CHECK(count(page, "href=\"javascript:") == 0);
    }
}

TEST_CASE("every finding has a row, also on a large page") {
    const std::string large = render_page(large_run(3'000));
    CHECK(count(large, "<tr data-state=") == 3'000);
    CHECK(count(large, "2500 more findings: a browser shows them if it may run the script of this page.") == 1);
    CHECK(count(render_page(vulnerable_run()), "<tr data-state=") == 7);
    CHECK(count(render_page(clean_run()), "<tr data-state=") == 0);
}

TEST_CASE("tags are balanced, whatever the texts") {
    for (const Run& run : {vulnerable_run(), hostile_run(), unknown_run()}) {
        const std::string body = body_of(render_page(run));
        for (const std::string tag : {"section", "table", "tbody", "tr", "td", "div", "details", "summary", "p", "a",
                                      "code", "span", "article", "svg"}) {
            INFO(tag);
            CHECK(count(body, "<" + tag + ">") + count(body, "<" + tag + " ") == count(body, "</" + tag + ">"));
        }
    }
}

TEST_CASE("stand-ins and sample data are announced at the top of the page") {
    Run run = clean_run();
    CHECK(count(render_page(run), "class=\"trial\"") == 0);
    run.images[0].verdict->stand_in_bases = true;
    run.images[0].verdict->sample_data = true;
    const std::string page = render_page(run);
    CHECK(page.find("Stand-in bases: ") < page.find("<header>"));
    CHECK(page.find("Sample vulnerability data: ") < page.find("<header>"));
}

TEST_CASE("the remaining days of a waiver are counted from the day of the decision, if it differs") {
    Run run = vulnerable_run();
    for (ImageRun& image : run.images) image.verdict->decided = *parse_time("2026-01-05T00:00:00Z");
    const std::string page = render_page(run);
    CHECK(count(page, ">330 days left</span>") == 1);
    CHECK(count(page, "over for") == 0);
}

TEST_CASE("a paused scanner is listed once among the accepted risks, only while it is paused") {
    Run run = clean_run();
    const ScannerPause pause{.scanner = Scanner::grype,
                             .reason = "its database is broken",
                             .owner = "platform team",
                             .until = Date(std::chrono::year(2026) / 11 / 1),
                             .at = {"vulnerability-policy.yml", 30}};
    run.policy.pauses = {pause};
    CHECK(count(render_page(run), "grype is off") == 0);
    for (ImageRun& image : run.images) image.verdict->paused = {pause};
    CHECK(count(render_page(run), "grype is off") == 1);
}

TEST_CASE("an exception is shown with its scope") {
    Run run = clean_run();
    run.policy.scopes.clear();
    Waiver rule;
    rule.id = "CVE-2026-1";
    rule.at = {"vulnerability-policy.yml", 2};
    const auto covered = [&] {
        run.policy.waivers = {rule};
        const std::string page = render_page(run);
        const std::size_t begin = page.find("<b>", page.find("id=\"waivers\"")) + 3;
        return page.substr(begin, page.find("</b>", begin) - begin);
    };
    CHECK(covered() == "CVE-2026-1");
    rule.package = "libc6";
    rule.package_version = "2.36";
    rule.paths = {"/usr/**", "/opt/**"};
    rule.targets = {"production"};
    CHECK(covered() == "CVE-2026-1 in libc6 2.36 (path /usr/** or /opt/**, target production)");
}

TEST_CASE("bars and the focus ring have enough contrast in every theme") {
    for (const std::string variable : {"bad", "waived", "below", "focus"}) {
        const std::vector<std::string> colours = colours_of(variable);
        const std::vector<std::string> papers = colours_of("paper");
        REQUIRE(papers.size() == 3);
        for (std::size_t theme = 0; theme < papers.size(); ++theme) {
            INFO(variable << " in theme " << theme);
            REQUIRE(colours.size() == papers.size());
            CHECK(contrast_of(colours[theme], papers[theme]) >= 3);
        }
    }
    CHECK(count(page_style, "outline: 3px solid var(--focus);") == 1);
    CHECK(count(page_style, ".band :focus-visible { outline-color: #fff; }") == 1);
}

TEST_CASE("tables stay tables for a screen reader in the card layout for phones") {
    const std::string body = body_of(render_page(vulnerable_run()));
    CHECK(count(body, "<table class=\"list\"") == count(body, "<table class=\"list\" role=\"table\">"));
    const std::string findings = body.substr(body.find("<section id=\"findings\">"));
    const std::string rows = findings.substr(0, findings.find("</table>"));
    CHECK(count(rows, "<tr") == count(rows, " role=\"row\">"));
    CHECK(count(rows, "<td ") == count(rows, "<td role=\"cell\" "));
    CHECK(count(rows, "<th ") == count(rows, "<th role=\"columnheader\" "));
    CHECK(count(rows, "<thead role=\"rowgroup\">") + count(rows, "<tbody role=\"rowgroup\">") == 2);
    CHECK(count(body, "<td data-label") == 0);
}

TEST_CASE("an image with pre-existing findings is never shown as clean") {
    const std::string page = render_page(pre_existing_run());
    CHECK(count(page, "<div class=\"band warning\">") == 1);
    CHECK(count(page, "! 1 pre-existing<") == 1);
    CHECK(count(page, "! 2 pre-existing<") == 1);
    CHECK(count(page, "<span class=\"state pre-existing\">pre-existing</span>") == 2);
    CHECK(count(page, "<option value=\"pre-existing\">") == 1);
    CHECK(count(page, "<p class=\"nothing\">Nothing.</p>") == 0);
    CHECK(count(render_page(vulnerable_run()), "<option value=\"pre-existing\">") == 0);
}
