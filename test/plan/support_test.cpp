#include <catch2/catch_test_macros.hpp>

#include "base/json.h"
#include "base/text.h"
#include "plan/texts.h"

namespace {

/// The messages on a day about one row with these versions.
std::string problems_on(const std::string& day, const std::string& python, const std::string& debian,
                        const std::string& distroless = "") {
    const Row row{.python_version = python,
                  .debian_version = debian,
                  .distroless_version = distroless,
                  .tags = {},
                  .line = 1,
                  .python_line = 2,
                  .debian_line = 3,
                  .distroless_line = 4};
    return render_problems(check_support({.file = "m", .rows = {row}}, *parse_date(day)));
}

rapidjson::Document lifecycle(const std::string& name) {
    return parse_tool_json(read_fixture("lifecycle/" + name), name);
}

/// The last day of a month such as "2028-10", or the given day.
Date last_day_of(const std::string& text) {
    if (const std::optional<Date> day = parse_date(text)) return *day;
    const std::chrono::year_month_day first(*parse_date(text + "-01"));
    return std::chrono::year_month_day_last(first.year(), std::chrono::month_day_last(first.month()));
}

}  // namespace

TEST_CASE("Python below 3.12 is rejected on its line, on any date") {
    CHECK(problems_on("2026-11-23", "3.11.14", "slim-trixie") ==
          "m:2: Python 3.11 is older than 3.12, the oldest that is supported\n  hint: raise pythonVersion, or remove "
          "the row\n");
    CHECK(problems_on("2026-11-23", "2.7.18", "slim-trixie").starts_with("m:2: Python 2.7 is older"));
}

TEST_CASE("Python is a warning from 90 days before its end of life, and an error after it") {
    CHECK(problems_on("2028-08-01", "3.12.12", "slim-forky").find("Python") == std::string::npos);
    CHECK(problems_on("2028-08-02", "3.12.12", "slim-forky")
              .starts_with("m:2: warning: Python 3.12 reaches its end of life in 90 days (2028-10-31)\n"
                           "  hint: after that day this row is an error: tell the services that use it\n"));
    CHECK(problems_on("2028-10-30", "3.12.12", "slim-forky")
              .find("warning: Python 3.12 reaches its end of life in 1 day (") != std::string::npos);
    CHECK(
        problems_on("2028-10-31", "3.12.12", "slim-forky").find("warning: Python 3.12 reaches its end of life today") !=
        std::string::npos);
    CHECK(problems_on("2028-11-01", "3.12.12", "slim-forky")
              .starts_with("m:2: Python 3.12 reached its end of life on 2028-10-31\n"
                           "  hint: raise pythonVersion, or remove the row: this version gets no fixes any more\n"));
}

TEST_CASE("the end-of-life dates are those of Python's own list, for every stable version from 3.12 on") {
    const rapidjson::Document list = lifecycle("release-cycle-2026-11-29.json");
    std::size_t checked = 0;
    for (const auto& entry : list.GetObject()) {
        const std::string minor = text_of(entry.name);
        const std::string status = text_at(entry.value, "status");
        if (minor == "3.11" || (status != "bugfix" && status != "security")) continue;
        // A month means its last day.
        const Date end = last_day_of(text_at(entry.value, "end_of_life"));
        INFO(minor << " ends on " << render_date(end));
        CHECK(problems_on(render_date(end), minor + ".1", "slim-forky")
                  .find("Python " + minor + " reaches its end of life today") != std::string::npos);
        ++checked;
    }
    CHECK(checked == 4);
}

TEST_CASE("the end dates of Debian's support are those of endoflife.date") {
    const rapidjson::Document list = lifecycle("endoflife-debian-2026-11-29.json");
    std::size_t checked = 0;
    for (const Json& release : items_at(member(list, "result"), "releases")) {
        const std::optional<DebianSuite> suite = find_suite(lower_case(text_at(release, "codename")));
        INFO(text_at(release, "codename"));
        REQUIRE(suite);
        CHECK(std::to_string(suite->number) == text_at(release, "name"));
        CHECK(render_date(suite->security_ends) == text_at(release, "eolFrom"));
        CHECK(render_date(suite->lts_ends) == text_at(release, "eoesFrom"));
        CHECK(find_suite(suite->number)->name == suite->name);
        ++checked;
    }
    CHECK(checked == 3);
}

TEST_CASE("a Python or Debian version missing in the table is a warning") {
    CHECK(problems_on("2026-11-23", "3.16.0", "slim-trixie") ==
          "m:2: warning: Python 3.16 is not in the table of supported versions\n"
          "  hint: its end of life is not checked: a newer release of this program may know it\n");
    CHECK(problems_on("2026-11-23", "4.12.0", "slim-trixie")
              .starts_with("m:2: warning: Python 4.12 is not in the table"));
    CHECK(
        problems_on("2026-11-23", "3.13.9", "slim-forky", "cc-debian14") ==
        "m:3: warning: \"forky\" is not a Debian release that this program knows\n"
        "  hint: its support and its agreement with distrolessVersion are not checked: look for a spelling mistake\n");
}

TEST_CASE("a base is a warning from 90 days before the end of its security support") {
    CHECK(problems_on("2026-04-11", "3.13.9", "slim-bookworm").empty());
    CHECK(problems_on("2026-04-12", "3.13.9", "slim-bookworm") ==
          "m:3: warning: Debian's security team leaves bookworm in 90 days (2026-07-11)\n  hint: move to "
          "\"slim-trixie\"\n");
    CHECK(problems_on("2026-07-11", "3.13.9", "slim-bookworm")
              .starts_with("m:3: warning: Debian's security team leaves bookworm today"));
    CHECK(problems_on("2026-07-12", "3.13.9", "slim-bookworm") ==
          "m:3: warning: Debian's security team left bookworm on 2026-07-11; the long-term support team keeps it until "
          "2028-06-30\n"
          "  hint: move to \"slim-trixie\"\n");
    CHECK(problems_on("2028-07-01", "3.13.9", "slim-bookworm") ==
          "m:3: warning: Debian bookworm is without any security support since 2028-06-30\n  hint: move to "
          "\"slim-trixie\"\n");
    CHECK(problems_on("2028-08-10", "3.13.9", "slim-trixie", "cc-debian13") ==
          "m:3: warning: Debian's security team left trixie on 2028-08-09; the long-term support team keeps it until "
          "2030-06-30\n"
          "  hint: move to the next release of Debian\n");
}

TEST_CASE("a distroless image is a warning from 90 days before its last rebuild") {
    CHECK(problems_on("2026-07-01", "3.13.9", "slim-trixie", "cc-debian12").empty());
    CHECK(problems_on("2026-07-02", "3.13.9", "slim-trixie", "cc-debian12") ==
          "m:4: warning: cc-debian12 is rebuilt for the last time in 90 days (2026-09-30)\n"
          "  hint: move to \"cc-debian13\", together with \"slim-trixie\"\n");
    CHECK(problems_on("2026-10-01", "3.13.9", "slim-trixie", "cc-debian12") ==
          "m:4: warning: cc-debian12 has not been rebuilt since 2026-09-30\n"
          "  hint: move to \"cc-debian13\", together with \"slim-trixie\"\n");
}

TEST_CASE("the table is consistent") {
    for (const char* name : {"bullseye", "bookworm", "trixie"}) {
        const std::optional<DebianSuite> suite = find_suite(name);
        REQUIRE(suite);
        CHECK(suite->security_ends < suite->lts_ends);
    }
    CHECK_FALSE(find_suite("slim-bookworm"));
    CHECK_FALSE(find_suite(""));
}

TEST_CASE("a warning shared by rows is reported once, an error for each row") {
    const auto problems_of = [](const std::vector<int>& lines, const std::string& python) {
        Matrix matrix{.file = "m", .rows = {}};
        for (const int line : lines) {
            matrix.rows.push_back({.python_version = python,
                                   .debian_version = "slim-trixie",
                                   .distroless_version = {},
                                   .tags = {},
                                   .python_line = line});
        }
        return render_problems(check_support(matrix, today));
    };
    const std::string hint = "\n  hint: its end of life is not checked: a newer release of this program may know it\n";
    const std::string what = "m:1: warning: Python 3.99 is not in the table of supported versions";
    CHECK(problems_of({1, 7}, "3.99.0") == what + " (also on line 7)" + hint);
    CHECK(problems_of({1, 7, 9}, "3.99.0") == what + " (also on lines 7, 9)" + hint);
    CHECK(problems_of({1, 2, 3, 4, 5, 6, 7}, "3.99.0") == what + " (also on lines 2, 3, 4, 5, 6 and 1 more)" + hint);
    CHECK(problems_of({1, 1, 7, 7}, "3.99.0") == what + " (also on line 7)" + hint);
    CHECK(problems_of({1, 7}, "3.11.0") ==
          "m:1: Python 3.11 is older than 3.12, the oldest that is supported\n  hint: raise pythonVersion, or remove "
          "the row\n"
          "m:7: Python 3.11 is older than 3.12, the oldest that is supported\n  hint: raise pythonVersion, or remove "
          "the row\n");
}
