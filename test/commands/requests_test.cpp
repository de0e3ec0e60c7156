// The number of requests to GitHub: all workflows of a repository share a thousand requests per hour.
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "commands/github_world.h"

namespace {

struct Asked {
    std::size_t by_jobs = 0;     ///< the jobs of the matrix: plan, build, test, scan
    std::size_t by_push = 0;     ///< the final job on a publishing branch
    std::size_t by_nightly = 0;  ///< the next nightly run, with new findings
};

/// A matrix with this many versions of Python, each with both images.
void plan_rows(GitHubWorld& fake, int rows) {
    fake.files.remove("out");
    std::string matrix;
    for (int row = 0; row < rows; ++row) {
        const std::string python = "3.13." + std::to_string(row);
        matrix += (row == 0 ? "[" : ", ") + fmt::format(R"({{"pythonVersion": "{}", "debianVersion": "slim-bookworm",
                                  "distrolessVersion": "cc-debian12", "tags": []}})",
                                                        python);
        for (const char* target : {"-development", "-production"})
            put_layout(fake, python + target + "-linux-amd64", python + target);
    }
    fake.files.texts["image-matrix.json"] = matrix + "]";
}

Asked count_requests(int rows) {
    GitHubWorld fake;
    plan_rows(fake, rows);
    Asked asked;
    const auto taken = [&] { return std::exchange(fake.hub.lines, {}).size(); };
    run_matrix(fake.world(), fake.settings());
    run_scan(fake.world(), fake.settings({{"only", "3.13.0-*"}}));
    asked.by_jobs = taken();

    REQUIRE(fake.publish().exit == Exit::done);
    run_judge(fake.world(), fake.settings());
    REQUIRE(run_release(fake.world(), fake.settings()).outputs.at("created") == "true");
    asked.by_push = taken();

    fake.files.remove("out");
    fake.environment["GITHUB_EVENT_NAME"] = "schedule";
    fake.finding = "CVE-2026-1111";
    REQUIRE(run_nightly(fake.world(), fake.settings({{"max-database-age", "100000"}})).exit == Exit::refused);
    REQUIRE(fake.hub.open_issues() == 1);
    asked.by_nightly = taken();
    return asked;
}

/// Every additional version costs the same.
std::size_t of_rows(int rows, std::size_t of_two, std::size_t of_four) {
    return of_two + (of_four - of_two) * static_cast<std::size_t>(rows - 2) / 2;
}

}  // namespace

TEST_CASE("A matrix of 256 jobs stays under a thousand requests per hour, and its jobs send none") {
    const Asked two = count_requests(2);
    const Asked four = count_requests(4);
    const Asked six = count_requests(6);
    CHECK(six.by_push == of_rows(6, two.by_push, four.by_push));
    CHECK(six.by_nightly == of_rows(6, two.by_nightly, four.by_nightly));

    CHECK(six.by_jobs == 0);
    const std::size_t push = of_rows(256, two.by_push, four.by_push);
    const std::size_t nightly = of_rows(256, two.by_nightly, four.by_nightly);
    INFO(push << " by a push, " << nightly << " by a nightly run");
    CHECK(push < 1000);
    CHECK(nightly < 1000);
}
