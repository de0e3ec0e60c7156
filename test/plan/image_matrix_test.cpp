#include <catch2/benchmark/catch_benchmark.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "approve.h"
#include "plan/texts.h"

namespace {

/// The messages of `matrix` for this file on two platforms: warnings and errors.
std::string messages_for(const std::string& text) {
    Problems warnings;
    const std::string problems = messages_of([&] {
        const Matrix matrix = parse_matrix(text, "image-matrix.json", today, warnings);
        const Plan plan =
            plan_images(matrix, documented_job_parsed(), "defradigital", {"linux/amd64", "linux/arm64"}, {});
        render_github_matrix(plan, {});
    });
    return render_problems(warnings) + problems;
}

}  // namespace

TEST_CASE("each invalid matrix is reported with its line and a hint") {
    const std::string name =
        GENERATE("unknown-key", "tag-twice", "tag-in-two-rows", "tag-grammar", "no-versions", "python-out-of-support",
                 "debian-and-distroless-disagree", "byte-order-mark", "trailing-comma", "missing-and-mistyped",
                 "equal-versions", "everything-at-once", "sibling-node", "sibling-dotnet", "object");
    const std::string text = read_fixture("matrix/" + name + ".json");
    REQUIRE_FALSE(text.empty());
    approve(messages_for(text), "plan/matrix/" + name + ".golden");
}

TEST_CASE("a matrix of more than 256 jobs is rejected on the first row beyond the limit") {
    approve(messages_for(make_rows(129)), "plan/matrix/too-many-jobs.golden");
    CHECK(messages_for(make_rows(128)) == "nothing is wrong\n");
}

TEST_CASE("the documented matrix is parsed with the line of every field") {
    const Matrix matrix = parse_matrix(documented_matrix, "image-matrix.json");
    REQUIRE(matrix.rows.size() == 2);
    const Row& row = matrix.rows[0];
    CHECK(row.python_version == "3.13.3");
    CHECK(row.debian_version == "slim-bookworm");
    CHECK(row.distroless_version == "cc-debian12");
    CHECK(row.base_version() == "3.13.3-slim-bookworm");
    REQUIRE(row.tags.size() == 2);
    CHECK(row.tags[0].name == "latest-3.13");
    CHECK(row.tags[1].name == "latest");
    CHECK(row.tags[1].line == 6);
    CHECK(std::vector{row.line, row.python_line, row.debian_line, row.distroless_line} == std::vector{2, 3, 4, 5});
    CHECK(matrix.rows[1].line == 8);
    CHECK(matrix.rows[1].python_version == "3.12.6");
}

TEST_CASE("the documented matrix is accepted, with warnings about its aged base") {
    approve(messages_for(documented_matrix), "plan/matrix/documented.golden");
}

TEST_CASE("a row without distrolessVersion uses the slim image") {
    const Matrix matrix = parse_matrix(R"([{"pythonVersion":"3.13.9","debianVersion":"slim-trixie","tags":[]}])", "m");
    CHECK(matrix.rows.at(0).distroless_version.empty());
}

TEST_CASE("a matrix without rows is accepted and reported as empty") {
    CHECK(messages_for("[]") ==
          "image-matrix.json:1: warning: the matrix has no rows\n  hint: no image will be made\nnothing is wrong\n");
}

TEST_CASE("a matrix with a pythonVersion is ours, even if a row looks like another project's") {
    const std::string text = R"([{"nodeVersion":"24.1.0","tags":[]},{"pythonVersion":"3.13.9","tags":[]}])";
    const std::string problems = messages_for(text);
    CHECK(problems.find("\"nodeVersion\" is not a key of a row") != std::string::npos);
    CHECK(problems.find("defra-docker-node") == std::string::npos);
}

TEST_CASE("a tag may name the row's own version in every usual form") {
    const std::string tag =
        GENERATE("latest", "latest-3", "latest-3.13", "3.13", "3.13.9", "slim-3.13.9", "stable-4.5", "x-3.13.9.1");
    const std::string text = R"([{"pythonVersion":"3.13.9","debianVersion":"slim-trixie","tags":[")" + tag + "\"]}]";
    CHECK(messages_for(text) == "nothing is wrong\n");
}

TEST_CASE("a tag that names another version of Python is a warning") {
    const std::string tag = GENERATE("latest-3.12", "3.1", "3.13.1", "latest-3.139");
    const std::string text = R"([{"pythonVersion":"3.13.9","debianVersion":"slim-trixie","tags":[")" + tag + "\"]}]";
    CHECK(messages_for(text).find("warning: the tag \"" + tag + "\" is given to Python 3.13.9") != std::string::npos);
}

TEST_CASE("a matrix with any changed byte is accepted or rejected with a line") {
    std::string text = documented_matrix;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char original = text[at];
        for (const int flip : {0x01, 0x02, 0x20, 0x80, 0xff}) {
            text[at] = static_cast<char>(original ^ flip);
            Problems problems;
            try {
                parse_matrix(text, "image-matrix.json", today, problems);
            } catch (const Error& error) {
                problems = error.problems;
                CHECK(error.exit == Exit::bad_input);
                CHECK(has_errors(problems));
            }
            for (const Problem& problem : problems) {
                if (problem.at.line < 1 || problem.at.line > 15)
                    FAIL("no line for byte " << at << ": " << problem.what);
            }
        }
        text[at] = original;
    }
}

TEST_CASE("every truncated matrix is rejected") {
    const std::size_t last_bracket = documented_matrix.rfind(']');
    for (std::size_t length = 0; length <= last_bracket; ++length) {
        CHECK_THROWS_AS(parse_matrix(std::string_view(documented_matrix).substr(0, length), "m"), Error);
    }
}

TEST_CASE("a matrix of 250 rows is parsed, checked and planned in milliseconds", "[!benchmark]") {
    const std::string text = make_rows(250);
    BENCHMARK("250 rows") {
        Problems warnings;
        const Matrix matrix = parse_matrix(text, "image-matrix.json", today, warnings);
        const Plan plan = plan_images(matrix, documented_job_parsed(), "defradigital", {"linux/amd64"}, {});
        return render_github_matrix(plan, {});
    };
}
