// The dated table of what Python's and Debian's makers still support.
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.h"

namespace {

using namespace std::chrono;

// The table, as of November 2026, to be refreshed from the sources named. What it does not know gets a warning.

constexpr int oldest_minor = 12;  // "stable versions from 3.12 that are not end-of-life": README of defra-docker-python

// devguide.python.org/versions: "end of life" is a month, the table takes its last day.
const std::map<int, Date> python_ends = {
    {12, 2028y / October / 31}, {13, 2029y / October / 31}, {14, 2030y / October / 31}, {15, 2031y / October / 31}};

// wiki.debian.org/DebianReleases and wiki.debian.org/LTS. The last day is from SUPPORT_POLICY.md of distroless, which
// says September 2026 for Debian 12, one year after the next release for Debian 11, and nothing yet for Debian 13.
const std::array suites = {
    DebianSuite{"bullseye", 11, 2024y / August / 14, 2026y / August / 31, 2024y / June / 10},
    DebianSuite{"bookworm", 12, 2026y / July / 11, 2028y / June / 30, 2026y / September / 30},
    DebianSuite{"trixie", 13, 2028y / August / 9, 2030y / June / 30, std::nullopt},
};
constexpr std::string_view newest_debian = "slim-trixie";
constexpr std::string_view newest_distroless = "cc-debian13";

constexpr days notice_period{90};
constexpr std::size_t max_lines = 5;

std::string in_days(Date end, Date today) {
    const auto left = static_cast<std::size_t>((end - today).count());
    return left == 0 ? "today" : fmt::format("in {} {}", left, left == 1 ? "day" : "days");
}

void check_python(const Matrix& matrix, const Row& row, Date today, Problems& problems) {
    const std::optional<Version> version = parse_version(row.python_version);
    if (!version) return;
    const Place at{matrix.file, row.python_line};
    const std::string name = "Python " + minor_version(*version);
    if (*version < Version{3, oldest_minor, 0}) {
        add(problems, at, fmt::format("{} is older than 3.{}, the oldest that is supported", name, oldest_minor),
            "raise pythonVersion, or remove the row");
        return;
    }
    const auto known = version->major == 3 ? python_ends.find(version->minor) : python_ends.end();
    if (known == python_ends.end()) {
        add(problems, at, fmt::format("{} is not in the table of supported versions", name),
            "its end of life is not checked: a newer release of this program may know it", Level::warning);
    } else if (today > known->second) {
        add(problems, at, fmt::format("{} reached its end of life on {}", name, render_date(known->second)),
            "raise pythonVersion, or remove the row: this version gets no fixes any more");
    } else if (known->second - today <= notice_period) {
        add(problems, at,
            fmt::format("{} reaches its end of life {} ({})", name, in_days(known->second, today),
                        render_date(known->second)),
            "after that day this row is an error: tell the services that use it", Level::warning);
    }
}

void check_distroless(const Matrix& matrix, const Row& row, Date today, Problems& problems) {
    const auto suite = std::ranges::find_if(
        suites, [&](const DebianSuite& s) { return row.distroless_version == fmt::format("cc-debian{}", s.number); });
    if (suite == suites.end() || !suite->distroless_ends) return;
    const std::string& name = row.distroless_version;
    const Date ends = *suite->distroless_ends;
    if (ends - today > notice_period) return;
    add(problems, {matrix.file, row.distroless_line},
        today > ends
            ? fmt::format("{} has not been rebuilt since {}", name, render_date(ends))
            : fmt::format("{} is rebuilt for the last time {} ({})", name, in_days(ends, today), render_date(ends)),
        fmt::format("move to \"{}\", together with \"{}\"", newest_distroless, newest_debian), Level::warning);
}

void check_debian(const Matrix& matrix, const Row& row, Date today, Problems& problems) {
    const Place at{matrix.file, row.debian_line};
    const std::string name = row.debian_version.substr(row.debian_version.rfind('-') + 1);
    const std::optional<DebianSuite> suite = find_suite(name);
    if (!suite) {
        add(problems, at, fmt::format("{} is not a Debian release that this program knows", shown(name)),
            "its support and its agreement with distrolessVersion are not checked: look for a spelling mistake",
            Level::warning);
        return;
    }
    std::string what;
    if (today > suite->lts_ends) {
        what = fmt::format("Debian {} is without any security support since {}", name, render_date(suite->lts_ends));
    } else if (today > suite->security_ends) {
        what = fmt::format("Debian's security team left {} on {}; the long-term support team keeps it until {}", name,
                           render_date(suite->security_ends), render_date(suite->lts_ends));
    } else if (suite->security_ends - today <= notice_period) {
        what = fmt::format("Debian's security team leaves {} {} ({})", name, in_days(suite->security_ends, today),
                           render_date(suite->security_ends));
    } else {
        return;
    }
    add(problems, at, what,
        row.debian_version == newest_debian ? "move to the next release of Debian"
                                            : fmt::format("move to \"{}\"", newest_debian),
        Level::warning);
}

/// One warning for all rows that share its reason, on the first one's line. Errors stay: each row has to be changed.
Problems merge_warnings(const Problems& problems) {
    std::map<std::string, std::vector<std::string>> lines;  // of each warning
    for (const Problem& problem : problems) {
        if (problem.level == Level::warning) add_once(lines[problem.what], std::to_string(problem.at.line));
    }
    Problems merged;
    for (const Problem& problem : problems) {
        const std::vector<std::string> all = std::exchange(lines[problem.what], {});
        if (problem.level == Level::warning && all.empty()) continue;  // reported with the first one
        merged.push_back(problem);
        if (all.size() < 2) continue;
        merged.back().what += fmt::format(" (also on {} {})", all.size() == 2 ? "line" : "lines",
                                          joined_some({all.begin() + 1, all.end()}, max_lines));
    }
    return merged;
}

}  // namespace

std::optional<DebianSuite> find_suite(std::string_view name) {
    const auto found = std::ranges::find(suites, name, &DebianSuite::name);
    return found == suites.end() ? std::nullopt : std::optional(*found);
}

std::optional<DebianSuite> find_suite(int number) {
    const auto found = std::ranges::find(suites, number, &DebianSuite::number);
    return found == suites.end() ? std::nullopt : std::optional(*found);
}

Problems check_support(const Matrix& matrix, Date today) {
    Problems problems;
    for (const Row& row : matrix.rows) {
        check_python(matrix, row, today, problems);
        if (!row.debian_version.empty()) check_debian(matrix, row, today, problems);
        check_distroless(matrix, row, today, problems);
    }
    return merge_warnings(sorted_by_place(problems));
}
