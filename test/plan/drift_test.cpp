#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "approve.h"
#include "plan/drift.h"
#include "plan/texts.h"

namespace {

const std::string good_dockerfile = R"(# ARG BASE_VERSION=3.12.0-slim-bookworm is how it once was
ARG BASE_VERSION=3.13.3-slim-bookworm
ARG DISTROLESS_VERSION="cc-debian12"
ARG PRODUCTION_KIND=distroless
ARG PYTHON_VERSION=${BASE_VERSION%%-*}
ARG DEFRA_VERSION=1.0.0
FROM python:${BASE_VERSION} AS slim
RUN echo ARG \
    ARG BASE_VERSION=9.9.9
ARG PYTHON_VERSION
)";

const std::string drifted_dockerfile = R"(ARG BASE_VERSION=3.13.2-slim-bookworm  DISTROLESS_VERSION='cc-debian11' \
    # a comment within
    PRODUCTION_KIND=slim
arg PYTHON_VERSION=3.13.2
ARG OTHER=3.13.2
FROM python:${BASE_VERSION} AS slim
ARG	DEFRA_VERSION=0.9.0
)";

Matrix matrix() {
    return parse_matrix(documented_matrix, "image-matrix.json");
}

std::string problems_of(const std::string& dockerfile, const Matrix& with) {
    return render_problems(check_dockerfile(parse_dockerfile(dockerfile, "Dockerfile"), with, documented_job_parsed()));
}

std::string fixed(const std::string& dockerfile) {
    return fix_dockerfile(parse_dockerfile(dockerfile, "Dockerfile"), matrix(), documented_job_parsed());
}

std::string readme_problems(const std::string& text) {
    return render_problems(check_readme(text, "README.md", plan_of(documented_matrix)));
}

std::string readme_with(const std::string& table) {
    return "# Images\n\n<!-- versions:begin -->\n" + table + "<!-- versions:end -->\n\nMore.\n";
}

std::string with_crlf(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return out;
}

}  // namespace

TEST_CASE("a Dockerfile with the defaults of the first row is valid, and a fix does not change it") {
    CHECK(problems_of(good_dockerfile, matrix()).empty());
    CHECK(fixed(good_dockerfile) == good_dockerfile);
}

TEST_CASE("every default that differs is reported on its line") {
    approve(problems_of(drifted_dockerfile, matrix()), "plan/drift/dockerfile.golden");
}

TEST_CASE("a fixed Dockerfile is valid and differs only in these values") {
    const std::string text = fixed(drifted_dockerfile);
    CHECK(text == R"(ARG BASE_VERSION=3.13.3-slim-bookworm  DISTROLESS_VERSION=cc-debian12 \
    # a comment within
    PRODUCTION_KIND=distroless
arg PYTHON_VERSION=3.13.3
ARG OTHER=3.13.2
FROM python:${BASE_VERSION} AS slim
ARG	DEFRA_VERSION=1.0.0
)");
    CHECK(problems_of(text, matrix()).empty());
}

TEST_CASE("a fix keeps the line ends of a Dockerfile") {
    CHECK(fixed(with_crlf(drifted_dockerfile)) == with_crlf(fixed(drifted_dockerfile)));
}

TEST_CASE("missing defaults that a plain docker build needs are reported") {
    CHECK(problems_of("ARG BASE_VERSION\nFROM python:${BASE_VERSION}\n", matrix()) ==
          "Dockerfile: ARG BASE_VERSION has no default\n"
          "  hint: write ARG BASE_VERSION=3.13.3-slim-bookworm above the first FROM, or let check --fix write it\n"
          "Dockerfile: ARG DEFRA_VERSION has no default\n"
          "  hint: write ARG DEFRA_VERSION=1.0.0 above the first FROM, or let check --fix write it\n"
          "Dockerfile: ARG DISTROLESS_VERSION has no default\n"
          "  hint: write ARG DISTROLESS_VERSION=cc-debian12 above the first FROM, or let check --fix write it\n");
}

TEST_CASE("missing defaults are added before the first FROM, and nothing else changes") {
    const std::string lines =
        "ARG BASE_VERSION=3.13.3-slim-bookworm\nARG DEFRA_VERSION=1.0.0\nARG DISTROLESS_VERSION=cc-debian12\n";
    CHECK(fixed("FROM a\n") == lines + "FROM a\n");
    CHECK(fixed("\xEF\xBB\xBF"
                "FROM a") == "\xEF\xBB\xBF" + lines + "FROM a");
    CHECK(fixed("# syntax=x\nARG BASE_VERSION\nARG A=1 \\\n  # within\n  B=2\nfrom a\nARG PYTHON_VERSION=3.12.0\n") ==
          "# syntax=x\nARG BASE_VERSION\nARG A=1 \\\n  # within\n  B=2\n" + lines +
              "from a\nARG PYTHON_VERSION=3.13.3\n");
    const std::string windows = fixed(with_crlf("# escape=\\\nFROM a\nARG DEFRA_VERSION=0.9.0\n"));
    CHECK(windows ==
          with_crlf("# escape=\\\nARG BASE_VERSION=3.13.3-slim-bookworm\nARG DISTROLESS_VERSION=cc-debian12\n"
                    "FROM a\nARG DEFRA_VERSION=1.0.0\n"));
    CHECK(problems_of(windows, matrix()).empty());
    CHECK(fixed(windows) == windows);
}

TEST_CASE("if the first row has no distrolessVersion, production is slim and any distroless default is valid") {
    Matrix slim = matrix();
    slim.rows[0].distroless_version.clear();
    CHECK(problems_of("ARG BASE_VERSION=3.13.3-slim-bookworm DEFRA_VERSION=1.0.0\nARG DISTROLESS_VERSION=cc-debian13\n"
                      "ARG PRODUCTION_KIND=distroless\nFROM a\n",
                      slim) ==
          "Dockerfile:3: ARG PRODUCTION_KIND is \"distroless\", but line 2 of image-matrix.json makes it \"slim\"\n"
          "  hint: write ARG PRODUCTION_KIND=slim, or let check --fix write it\n");
}

TEST_CASE("a Dockerfile that only supports slim needs no PRODUCTION_KIND") {
    Matrix slim = matrix();
    slim.rows[0].distroless_version.clear();
    CHECK(problems_of("ARG BASE_VERSION=3.13.3-slim-bookworm\nARG DEFRA_VERSION=1.0.0\nFROM a\n", slim).empty());
}

TEST_CASE("a default after the first FROM does not apply to FROM") {
    CHECK(problems_of("FROM python:${BASE_VERSION}\nARG BASE_VERSION=3.13.3-slim-bookworm\nARG DEFRA_VERSION=1.0.0\n"
                      "ARG DISTROLESS_VERSION=cc-debian12\n",
                      matrix()) ==
          "Dockerfile:2: ARG BASE_VERSION has no default above the first FROM\n"
          "  hint: write ARG BASE_VERSION=3.13.3-slim-bookworm above the first FROM, or let check --fix write it\n"
          "Dockerfile:4: ARG DISTROLESS_VERSION has no default above the first FROM\n"
          "  hint: write ARG DISTROLESS_VERSION=cc-debian12 above the first FROM, or let check --fix write it\n");
}

TEST_CASE("a default composed of others is compared after expansion") {
    const std::string text =
        "ARG BASE_VERSION=3.13.2-slim-bookworm\nARG PYTHON_VERSION=${BASE_VERSION%%-*}\n"
        "ARG DEFRA_VERSION=${V:-2.0.0}\nARG DISTROLESS_VERSION=cc-debian12\nFROM a\nARG PYTHON_VERSION=${OTHER}\n";
    CHECK(problems_of(text, matrix()) ==
          "Dockerfile:1: ARG BASE_VERSION is \"3.13.2-slim-bookworm\", but line 3 of image-matrix.json makes it "
          "\"3.13.3-slim-bookworm\"\n"
          "  hint: write ARG BASE_VERSION=3.13.3-slim-bookworm, or let check --fix write it\n"
          "Dockerfile:3: ARG DEFRA_VERSION is \"2.0.0\", but line 1 of JOB.env makes it \"1.0.0\"\n"
          "  hint: write ARG DEFRA_VERSION=1.0.0, or let check --fix write it\n");
}

TEST_CASE("a fix replaces complete values of ARG, and nothing that only looks like one") {
    const std::string text =
        "\xEF\xBB\xBF# escape=\\\nARG BASE_VERSION=\"a b\" DISTROLESS_VERSION='x y \\\n z' \\\n  "
        "DEFRA_VERSION=1\\\n.2\n"
        "FROM a\nRUN <<EOF\nARG DEFRA_VERSION=0.0.1\nEOF\n";
    CHECK(fixed(text) ==
          "\xEF\xBB\xBF# escape=\\\nARG BASE_VERSION=3.13.3-slim-bookworm DISTROLESS_VERSION=cc-debian12 \\\n"
          "  DEFRA_VERSION=1.0.0\nFROM a\nRUN <<EOF\nARG DEFRA_VERSION=0.0.1\nEOF\n");
}

TEST_CASE("a matrix without rows is compared with nothing") {
    CHECK(problems_of("FROM a\n", {.file = "m", .rows = {}}).empty());
}

TEST_CASE("the table of versions has a line for each row") {
    const std::string slim_row = R"([{"pythonVersion":"3.14.0","debianVersion":"slim-trixie","tags":[]}])";
    approve(render_versions_table(plan_of(documented_matrix)) + "\n" + render_versions_table(plan_of(slim_row)),
            "plan/drift/table.golden");
}

TEST_CASE("a README with the table is valid, with or without blank lines around it") {
    const std::string table = render_versions_table(plan_of(documented_matrix));
    for (const std::string& readme :
         {readme_with(table), readme_with("\n" + table + "\n\n"), with_crlf(readme_with(table))}) {
        CHECK(readme_problems(readme).empty());
        CHECK(fix_readme(readme, plan_of(documented_matrix)) == readme);
    }
}

TEST_CASE("the first differing line of the README is reported") {
    const std::string table = render_versions_table(plan_of(documented_matrix));
    const std::string row = table.substr(table.rfind("| 3.12.6"));
    std::string other = table;
    other.replace(other.find("3.12.6"), 6, "3.12.5");
    CHECK(readme_problems(readme_with("\n" + other)) ==
          "README.md:8: the table of versions differs from the matrix and JOB.env\n"
          "  hint: let check --fix write the table; here belongs:\n  " +
              row);
    CHECK(readme_problems(readme_with(table.substr(0, table.size() - row.size()))) ==
          "README.md:7: the table of versions differs from the matrix and JOB.env\n"
          "  hint: let check --fix write the table; here belongs:\n  " +
              row);
    CHECK(readme_problems(readme_with(table + "| 3.11.4 |\n")) ==
          "README.md:8: the table of versions differs from the matrix and JOB.env\n"
          "  hint: remove this line, or let check --fix write the table\n");
    CHECK(readme_problems(readme_with("")).starts_with("README.md:4: the table of versions differs"));
}

TEST_CASE("a fixed README is valid, and the text around the table is unchanged") {
    const Plan plan = plan_of(documented_matrix);
    const std::string expected = readme_with("\n" + render_versions_table(plan) + "\n");
    const std::string stale = GENERATE("", "\n", "old\n", "\n| 3.11 |\n\n");
    CHECK(fix_readme(readme_with(stale), plan) == expected);
    CHECK(fix_readme(with_crlf(readme_with(stale)), plan) == with_crlf(expected));
    CHECK(readme_problems(expected).empty());
}

TEST_CASE("a README without a table has nothing to check, and --fix adds the table at its end") {
    const Problems problems = check_readme("# Images\n", "README.md", plan_of(documented_matrix));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].level == Level::notice);
    CHECK(problems[0].what == "there is no table of versions to check");
    const std::string table = "## Versions\n\n<!-- versions:begin -->\n\n" +
                              render_versions_table(plan_of(documented_matrix)) + "\n<!-- versions:end -->\n";
    const auto fixed_readme = [](const std::string& text) { return fix_readme(text, plan_of(documented_matrix)); };
    CHECK(fixed_readme("# Images\n") == "# Images\n\n" + table);
    CHECK(fixed_readme("# Images") == "# Images\n\n" + table);
    CHECK(fixed_readme("# Images\r\n") == with_crlf("# Images\n\n" + table));
    CHECK(fixed_readme("") == table);
    CHECK(readme_problems(fixed_readme("# Images\n")).empty());
    CHECK(fixed_readme(fixed_readme("# Images\n")) == fixed_readme("# Images\n"));
}

TEST_CASE("a README with missing or swapped markers is an error and is not changed") {
    const std::string begin = "<!-- versions:begin -->\n";
    const std::string end = "<!-- versions:end -->\n";
    CHECK(
        readme_problems("x\n" + end + begin) ==
        "README.md:2: the lines <!-- versions:begin --> and <!-- versions:end --> do not stand here once each, in this "
        "order\n  hint: write both where the table belongs, and nowhere else; then run check --fix\n");
    for (const std::string& readme : {begin, end, end + begin, begin + begin + end}) {
        CHECK(readme_problems(readme).starts_with("README.md:1: the lines <!-- versions:begin --> and "));
        CHECK(fix_readme(readme, plan_of(documented_matrix)) == readme);
    }
}

TEST_CASE("the repository's own Dockerfile, matrix and JOB.env agree") {
    const auto read = [](const std::string& name) { return read_fixture("../../../" + name); };
    Problems warnings;
    const Matrix own = parse_matrix(read("image-matrix.json"), "image-matrix.json");
    const Job job = parse_job_env(read("JOB.env"), "JOB.env", warnings);
    CHECK(render_problems(warnings).empty());
    CHECK(render_problems(check_dockerfile(parse_dockerfile(read("Dockerfile"), "Dockerfile"), own, job)).empty());
}
