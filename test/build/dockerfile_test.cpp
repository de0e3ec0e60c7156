#include "build/dockerfile.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"

namespace {

using Variables = std::map<std::string, std::string>;

std::string expanded(const std::string& text, const Variables& variables = {}) {
    std::string problem;
    const std::string result = expand_variables(text, variables, problem);
    return problem.empty() ? result : "cannot: " + problem;
}

std::string problems_of(const std::string& dockerfile, const Variables& arguments = {}) {
    try {
        parse_stages(dockerfile, "Dockerfile", arguments);
    } catch (const Error& error) {
        CHECK(error.exit == Exit::bad_input);
        return render_problems(error.problems);
    }
    return "no problems";
}

}  // namespace

TEST_CASE("variables are expanded as the Dockerfile reference has them") {
    const Variables variables = {{"V", "3.13.3-slim-bookworm"}, {"EMPTY", ""}};
    CHECK(expanded("python:$V", variables) == "python:3.13.3-slim-bookworm");
    CHECK(expanded("python:${V}", variables) == "python:3.13.3-slim-bookworm");
    CHECK(expanded("${V%%-*}", variables) == "3.13.3");
    CHECK(expanded("${V%-*}", variables) == "3.13.3-slim");
    CHECK(expanded("${V#*-}", variables) == "slim-bookworm");
    CHECK(expanded("${V##*-}", variables) == "bookworm");
    CHECK(expanded("${V%%x*}", variables) == "3.13.3-slim-bookworm");
    CHECK(expanded("a${NONE}b", variables) == "ab");
    CHECK(expanded("${NONE:-d}${EMPTY:-d}${EMPTY-d}", variables) == "dd");
    CHECK(expanded("${V:+set}${EMPTY:+set}${EMPTY+there}", variables) == "setthere");
    CHECK(expanded("${NONE:-${V%%-*}}", variables) == "3.13.3");
    CHECK(expanded("costs 5$", variables) == "costs 5$");
    CHECK(expanded("${V/3/4}", variables) == "cannot: ${V/3/4}");
    CHECK(expanded("${V", variables) == "cannot: ${V");
}

TEST_CASE("stages know what they are made from") {
    const std::vector<Stage> stages = parse_stages(
        "# syntax and comments are left aside\n"
        "ARG BASE=1.0\n"
        "ARG \\\n"
        "  KIND=slim\n"
        "FROM --platform=$BUILDPLATFORM ghcr.io/astral-sh/uv:0.13.9 AS UV\n"
        "from python:${BASE} as Slim\n"
        "RUN --network=none --mount=type=bind,from=uv,target=/mnt --mount=type=cache,target=/x \\\n"
        "# between continuation lines\n"
        "    echo --mount=type=bind,from=never\n"
        "FROM ${KIND}\n"
        "COPY --link --from=uv /uv /uv\n"
        "COPY --from=0 /uvx /uvx\n",
        "Dockerfile", {{"BASE", "3.13.3-slim-bookworm"}, {"OTHER", "unused"}});
    REQUIRE(stages.size() == 3);
    CHECK(stages[0].name == "uv");
    CHECK(stages[0].from == "ghcr.io/astral-sh/uv:0.13.9");
    CHECK(stages[0].line == 5);
    CHECK(stages[1].name == "slim");
    CHECK(stages[1].from == "python:3.13.3-slim-bookworm");
    CHECK(stages[1].copies_from == std::vector<std::string>{"uv"});
    CHECK(stages[2].name.empty());
    CHECK(stages[2].from == "slim");
    CHECK(stages[2].copies_from == std::vector<std::string>{"uv", "0"});
}

TEST_CASE("the text of a here-document is no instruction") {
    const std::vector<Stage> stages = parse_stages(
        "FROM a AS one\n"
        "RUN <<EOF\n"
        "FROM b\n"
        "EOF\n"
        "COPY <<-'x.txt' <<Y /there\n"
        "FROM c\n"
        "x.txt\n"
        "FROM d\n"
        "Y\n"
        "FROM e\n",
        "Dockerfile", {});
    REQUIRE(stages.size() == 2);
    CHECK(stages[1].from == "e");
}

TEST_CASE("an ARG after the first FROM is no default for FROM") {
    const std::vector<Stage> stages = parse_stages("ARG V=1\nFROM a\nARG V=2\nFROM b:${V}\n", "Dockerfile", {});
    CHECK(stages.at(1).from == "b:1");
}

TEST_CASE("every mistake of a Dockerfile is told at its line") {
    CHECK(problems_of("RUN echo\n") ==
          "Dockerfile: there is no FROM: no image can be made from this\n"
          "  hint: see the Dockerfile reference\n");
    CHECK(problems_of("ARG A=${B/x/y}\n\nFROM ${NONE}\n") ==
          "Dockerfile:1: \"${B/x/y}\" cannot be expanded here\n"
          "  hint: use ${NAME}, ${NAME:-default} or ${NAME%%pattern}\n"
          "Dockerfile:3: this FROM names no image\n"
          "  hint: check the ARG that it is made from\n");
}
