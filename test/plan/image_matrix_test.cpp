#include <catch2/benchmark/catch_benchmark.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "approve.h"
#include "plan/texts.h"

namespace {

/// What `matrix` says to this file on two platforms: warnings, or the errors with them.
std::string read_aloud(const std::string& text) {
    Problems warnings;
    const std::string said = messages_of([&] {
        const Matrix matrix = parse_matrix(text, "image-matrix.json", today, warnings);
        const Plan plan =
            plan_images(matrix, documented_job_parsed(), "defradigital", {"linux/amd64", "linux/arm64"}, {});
        render_github_matrix(plan, {});
    });
    return render_problems(warnings) + said;
}

}  // namespace

TEST_CASE("each broken matrix is told with its line and what to do") {
    const std::string name =
        GENERATE("unknown-key", "tag-twice", "tag-in-two-rows", "tag-grammar", "no-versions", "python-out-of-support",
                 "debian-and-distroless-disagree", "byte-order-mark", "trailing-comma", "missing-and-mistyped",
                 "equal-versions", "everything-at-once", "sibling-node", "sibling-dotnet", "object");
    const std::string text = read_fixture("matrix/" + name + ".json");
    REQUIRE_FALSE(text.empty());
    approve(read_aloud(text), "plan/matrix/" + name + ".golden");
}

TEST_CASE("a matrix of more than 256 jobs is refused on the row that is too much") {
    approve(read_aloud(make_rows(129)), "plan/matrix/too-many-jobs.golden");
    CHECK(read_aloud(make_rows(128)) == "nothing is wrong\n");
}

TEST_CASE("the documented matrix is read with the line of every field") {
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
    approve(read_aloud(documented_matrix), "plan/matrix/documented.golden");
}

TEST_CASE("a row without distrolessVersion is made from the slim image") {
    const Matrix matrix = parse_matrix(R"([{"pythonVersion":"3.13.9","debianVersion":"slim-trixie","tags":[]}])", "m");
    CHECK(matrix.rows.at(0).distroless_version.empty());
}

TEST_CASE("a matrix without rows is read, and said to be empty") {
    CHECK(read_aloud("[]") ==
          "image-matrix.json:1: warning: the matrix has no rows\n  hint: no image will be made\nnothing is wrong\n");
}

TEST_CASE("a matrix with a pythonVersion is ours, even if a row looks like a sibling's") {
    const std::string text = R"([{"nodeVersion":"24.1.0","tags":[]},{"pythonVersion":"3.13.9","tags":[]}])";
    const std::string said = read_aloud(text);
    CHECK(said.find("\"nodeVersion\" is not a key of a row") != std::string::npos);
    CHECK(said.find("defra-docker-node") == std::string::npos);
}

TEST_CASE("a tag may promise the row's own version in every usual way") {
    const std::string tag =
        GENERATE("latest", "latest-3", "latest-3.13", "3.13", "3.13.9", "slim-3.13.9", "stable-4.5", "x-3.13.9.1");
    const std::string text = R"([{"pythonVersion":"3.13.9","debianVersion":"slim-trixie","tags":[")" + tag + "\"]}]";
    CHECK(read_aloud(text) == "nothing is wrong\n");
}

TEST_CASE("a tag that promises another Python is a warning") {
    const std::string tag = GENERATE("latest-3.12", "3.1", "3.13.1", "latest-3.139");
    const std::string text = R"([{"pythonVersion":"3.13.9","debianVersion":"slim-trixie","tags":[")" + tag + "\"]}]";
    CHECK(read_aloud(text).find("warning: the tag \"" + tag + "\" is given to Python 3.13.9") != std::string::npos);
}

TEST_CASE("no byte changed in a valid matrix makes the reader do anything but read or refuse with a line") {
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

TEST_CASE("every shorter text of a valid matrix is refused") {
    const std::size_t last_bracket = documented_matrix.rfind(']');
    for (std::size_t length = 0; length <= last_bracket; ++length) {
        CHECK_THROWS_AS(parse_matrix(std::string_view(documented_matrix).substr(0, length), "m"), Error);
    }
}

TEST_CASE("a matrix of 250 rows is read, checked and planned in milliseconds", "[!benchmark]") {
    const std::string text = make_rows(250);
    BENCHMARK("250 rows") {
        Problems warnings;
        const Matrix matrix = parse_matrix(text, "image-matrix.json", today, warnings);
        const Plan plan = plan_images(matrix, documented_job_parsed(), "defradigital", {"linux/amd64"}, {});
        return render_github_matrix(plan, {});
    };
}
