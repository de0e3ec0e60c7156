#include <catch2/catch_test_macros.hpp>

#include "plan/support.h"
#include "plan/texts.h"

namespace {

/// What is said on a day about one row of these versions.
std::string said_on(const std::string& day, const std::string& python, const std::string& debian,
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

}  // namespace

TEST_CASE("Python below 3.12 is refused on its line, at any time") {
    CHECK(said_on("2026-11-23", "3.11.14", "slim-trixie") ==
          "m:2: Python 3.11 is older than 3.12, the oldest that is supported\n  hint: raise pythonVersion, or remove "
          "the row\n");
    CHECK(said_on("2026-11-23", "2.7.18", "slim-trixie").starts_with("m:2: Python 2.7 is older"));
}

TEST_CASE("Python is told 90 days before its end of life, and refused after it") {
    CHECK(said_on("2028-08-01", "3.12.12", "slim-forky").find("Python") == std::string::npos);
    CHECK(said_on("2028-08-02", "3.12.12", "slim-forky")
              .starts_with("m:2: warning: Python 3.12 reaches its end of life in 90 days (2028-10-31)\n"
                           "  hint: after that day this row is an error: tell the services that use it\n"));
    CHECK(said_on("2028-10-30", "3.12.12", "slim-forky")
              .find("warning: Python 3.12 reaches its end of life in 1 day (") != std::string::npos);
    CHECK(said_on("2028-10-31", "3.12.12", "slim-forky").find("warning: Python 3.12 reaches its end of life today") !=
          std::string::npos);
    CHECK(said_on("2028-11-01", "3.12.12", "slim-forky")
              .starts_with("m:2: Python 3.12 reached its end of life on 2028-10-31\n"
                           "  hint: raise pythonVersion, or remove the row: nobody mends this version any more\n"));
}

TEST_CASE("the ends of life are those of python.org") {
    CHECK(said_on("2029-10-31", "3.13.9", "slim-forky").find("end of life today") != std::string::npos);
    CHECK(said_on("2030-10-31", "3.14.0", "slim-forky").find("end of life today") != std::string::npos);
}

TEST_CASE("a Python or a Debian that the table does not know is a warning") {
    CHECK(said_on("2026-11-23", "3.15.0", "slim-trixie") ==
          "m:2: warning: Python 3.15 is not in the table of supported versions\n"
          "  hint: its end of life is not checked: a newer release of this program may know it\n");
    CHECK(said_on("2026-11-23", "4.12.0", "slim-trixie").starts_with("m:2: warning: Python 4.12 is not in the table"));
    CHECK(
        said_on("2026-11-23", "3.13.9", "slim-forky", "cc-debian14") ==
        "m:3: warning: \"forky\" is no Debian release that this program knows\n"
        "  hint: its support and its agreement with distrolessVersion are not checked: look for a spelling mistake\n");
}

TEST_CASE("a base is told 90 days before its security support ends, and from then on") {
    CHECK(said_on("2026-04-11", "3.13.9", "slim-bookworm").empty());
    CHECK(said_on("2026-04-12", "3.13.9", "slim-bookworm") ==
          "m:3: warning: Debian's security team leaves bookworm in 90 days (2026-07-11)\n  hint: move to "
          "\"slim-trixie\"\n");
    CHECK(said_on("2026-07-11", "3.13.9", "slim-bookworm")
              .starts_with("m:3: warning: Debian's security team leaves bookworm today"));
    CHECK(said_on("2026-07-12", "3.13.9", "slim-bookworm") ==
          "m:3: warning: Debian's security team left bookworm on 2026-07-11; the long-term support team keeps it until "
          "2028-06-30\n"
          "  hint: move to \"slim-trixie\"\n");
    CHECK(said_on("2028-07-01", "3.13.9", "slim-bookworm") ==
          "m:3: warning: Debian bookworm is without any security support since 2028-06-30\n  hint: move to "
          "\"slim-trixie\"\n");
    CHECK(said_on("2028-08-10", "3.13.9", "slim-trixie", "cc-debian13") ==
          "m:3: warning: Debian's security team left trixie on 2028-08-09; the long-term support team keeps it until "
          "2030-06-30\n"
          "  hint: move to the next release of Debian\n");
}

TEST_CASE("a distroless image is told 90 days before its last rebuild, and from then on") {
    CHECK(said_on("2026-07-01", "3.13.9", "slim-trixie", "cc-debian12").empty());
    CHECK(said_on("2026-07-02", "3.13.9", "slim-trixie", "cc-debian12") ==
          "m:4: warning: cc-debian12 is rebuilt for the last time in 90 days (2026-09-30)\n"
          "  hint: move to \"cc-debian13\", together with \"slim-trixie\"\n");
    CHECK(said_on("2026-10-01", "3.13.9", "slim-trixie", "cc-debian12") ==
          "m:4: warning: cc-debian12 is no longer rebuilt since 2026-09-30\n"
          "  hint: move to \"cc-debian13\", together with \"slim-trixie\"\n");
}

TEST_CASE("the table agrees with itself") {
    for (const char* name : {"bullseye", "bookworm", "trixie"}) {
        const std::optional<DebianSuite> suite = find_suite(name);
        REQUIRE(suite);
        CHECK(suite->security_ends < suite->lts_ends);
    }
    CHECK_FALSE(find_suite("slim-bookworm"));
    CHECK_FALSE(find_suite(""));
}

TEST_CASE("rows that share a warning are told once, rows that share an error each") {
    const auto said_of = [](const std::vector<int>& lines, const std::string& python) {
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
    CHECK(said_of({1, 7}, "3.99.0") == what + " (also on line 7)" + hint);
    CHECK(said_of({1, 7, 9}, "3.99.0") == what + " (also on lines 7, 9)" + hint);
    CHECK(said_of({1, 2, 3, 4, 5, 6, 7}, "3.99.0") == what + " (also on 6 more lines)" + hint);
    CHECK(said_of({1, 1, 7, 7}, "3.99.0") == what + " (also on line 7)" + hint);
    CHECK(said_of({1, 7}, "3.11.0") ==
          "m:1: Python 3.11 is older than 3.12, the oldest that is supported\n  hint: raise pythonVersion, or remove "
          "the row\n"
          "m:7: Python 3.11 is older than 3.12, the oldest that is supported\n  hint: raise pythonVersion, or remove "
          "the row\n");
}
