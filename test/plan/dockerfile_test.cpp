#include "plan/dockerfile.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "plan/shell_words.h"

namespace {

std::string expanded(const std::string& text, const Variables& variables = {}) {
    std::string problem;
    std::vector<std::string> unset;
    const std::string result = expand_variables(text, variables, problem, unset);
    return problem.empty() ? result : "cannot: " + problem;
}

std::string problems_of(const std::string& text) {
    return thrown_by([&] { parse_dockerfile(text, "Dockerfile"); }, Exit::bad_input);
}

/// One line for each stage: "name < from; source, source".
std::string stages_of(const std::string& text) {
    std::string all;
    for (const Stage& stage : parse_dockerfile(text, "Dockerfile").stages) {
        all += stage.name + " < " + stage.from + ";";
        for (const StageSource& source : stage.sources) all += " " + source.name;
        all += "\n";
    }
    return all;
}

}  // namespace

TEST_CASE("variables are expanded as in the Dockerfile reference") {
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
    CHECK(expanded("${V:?must}", variables) == "3.13.3-slim-bookworm");
    CHECK(expanded("${EMPTY?must}", variables).empty());
    CHECK(expanded("'$V' \"$EMPTY\\$x\" \\$y a\\b", variables) == "$V $x $y ab");
}

TEST_CASE("expansions that BuildKit rejects, and replacements, are rejected with the reason") {
    CHECK(expanded("${V") == "cannot: a } is missing");
    CHECK(expanded("${}") == "cannot: a name is missing");
    CHECK(expanded("${V^^}") == "cannot: the operator ^");
    CHECK(expanded("${V/a/b}") == "cannot: the operator /");
    CHECK(expanded("${V:?must}") == "cannot: V is not set: must");
    CHECK(expanded("\"a") == "cannot: a \" is missing");
    CHECK(expanded("'a") == "cannot: a ' is missing");
}

TEST_CASE("each stage lists its bases and sources") {
    const Dockerfile dockerfile = parse_dockerfile(
        "# syntax and comments are left out\n"
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
        "Dockerfile");
    const std::vector<Stage>& stages = dockerfile.stages;
    REQUIRE(stages.size() == 3);
    CHECK(stages[0].name == "uv");
    CHECK(stages[0].platform == "$BUILDPLATFORM");
    CHECK(stages[0].line == 5);
    CHECK(stages[1].name == "slim");
    CHECK(stages[1].from == "python:${BASE}");
    REQUIRE(stages[1].sources.size() == 1);
    CHECK(stages[1].sources[0].name == "uv");
    CHECK(stages[1].sources[0].line == 7);
    CHECK(stages[2].name.empty());
    CHECK(stages[2].sources.size() == 2);
    REQUIRE(dockerfile.arguments.size() == 2);
    CHECK(dockerfile.arguments[1].name == "KIND");
    CHECK(dockerfile.arguments[1].line == 4);
    CHECK(dockerfile.syntax.empty());
}

TEST_CASE("the text of a here-document is not parsed as instructions") {
    CHECK(stages_of("FROM a AS one\n"
                    "RUN <<EOF\n"
                    "FROM b\n"
                    "EOF\n"
                    "COPY <<-'x.txt' <<Y /there\n"
                    "FROM c\n"
                    "\tx.txt\n"
                    "FROM d\n"
                    "Y\n"
                    "FROM e\n") == "one < a;\n < e;\n");
    CHECK(stages_of("FROM a\nRUN cat <<EOF\n  EOF\nFROM b\nEOF\n") == " < a;\n");  // the delimiter may not be indented
    CHECK(stages_of("FROM a\nRUN cat 0<<EOF\nFROM b\nEOF\n") == " < a;\n");        // a file descriptor
    CHECK(stages_of("FROM a\nONBUILD RUN <<EOF\nCOPY --from=x / /\nEOF\n") ==
          " < a;\n");  // for builds on top of this image
    CHECK(stages_of("FROM a\nRUN cat <<'E O F'\nFROM b\nE O F\n") == " < a;\n");
}

TEST_CASE("text that only looks like a here-document does not start one") {
    for (const std::string run :
         {R"x(RUN python3 -c "print(1 <<2)")x", R"(RUN echo "see <<EOF here")", R"(RUN ["echo", "a <<b"])",
          "RUN cat <<<word", "RUN echo $((1<<2))", "CMD cat <<EOF", "RUN cat << EOF", "RUN it's <<EOF"}) {
        INFO(run);
        CHECK(stages_of("FROM a\n" + run + "\nFROM b\n") == " < a;\n < b;\n");
    }
}

TEST_CASE("a here-document without an end is named with the line that begins it") {
    CHECK(problems_of("FROM a\nRUN cat <<EOF\nFROM b\n EOF\n") ==
          "Dockerfile:2: the here-document \"EOF\" that begins here has no end\n"
          "  hint: its end stands alone on a line, without blanks around it\n");
}

TEST_CASE("quotation marks in COPY and RUN are removed as in BuildKit") {
    CHECK(stages_of("FROM a\nCOPY --from=\"b:1\" /f /f\nRUN --mount=type=bind,\"from=c:1\",target=/m true\n"
                    "RUN --mount='type=bind,\"from=d:1\",target=/a b' true\n") == " < a; b:1 c:1 d:1\n");
}

TEST_CASE("lines are continued as in BuildKit") {
    CHECK(stages_of("FROM python:3.13.5-slim-\\\nbookworm AS development\n") ==
          "development < python:3.13.5-slim-bookworm;\n");
    CHECK(stages_of("FROM a \\\n\n# comment\n   AS b\n") == "b < a;\n");
    CHECK(stages_of("# escape=\\\nFROM a \\\n  AS b\n") == "b < a;\n");
    CHECK(stages_of("FROM a\nRUN echo \\\\\nFROM b\n") ==
          " < a;\n < b;\n");  // an escaped backslash does not continue a line
    CHECK(stages_of("\xEF\xBB\xBF"
                    "FROM a AS b\r\nRUN x \\\r\n y\r\n") == "b < a;\n");
}

TEST_CASE("directives are only recognised in the first lines") {
    const Dockerfile dockerfile = parse_dockerfile("#!/usr/bin/x\n# syntax = docker/dockerfile:1 x\nFROM a\n", "D");
    CHECK(dockerfile.syntax == "docker/dockerfile:1");
    CHECK(dockerfile.syntax_line == 2);
    CHECK(parse_dockerfile("# a comment\n# syntax=x\nFROM a\n", "D").syntax.empty());
    CHECK(parse_dockerfile("\n# syntax=x\nFROM a\n", "D").syntax.empty());
    CHECK(parse_dockerfile("# x=1\n# syntax=y\nFROM a\n", "D").syntax.empty());
    CHECK(parse_dockerfile(" # syntax=y\nFROM a\n", "D").syntax.empty());
}

TEST_CASE("another escape character than the backslash is rejected, also where BuildKit may read its directive") {
    for (const std::string above : {"", "#!/bin/x\n", "# check=skip=all\n", "# syntax=x\n"}) {
        const std::string line = above.empty() ? "1" : "2";
        CHECK(problems_of(above + "#ESCAPE=`\nFROM a\n") ==
              "Dockerfile:" + line +
                  ": the escape directive is \"`\"\n  hint: remove the line: only \\ is read here\n");
    }
    CHECK(problems_of("# x=1\n# escape=`\nFROM a\n") == "no error");
}

TEST_CASE("the sources of ONBUILD are recorded with its stage, and are part of the build context") {
    const Dockerfile dockerfile = parse_dockerfile(
        "FROM a\nONBUILD COPY --from=b:1 /f /f\nONBUILD ADD image/x /\nONBUILD ARG X=1\nONBUILD RUN <<E\nFROM c\nE\n",
        "Dockerfile");
    REQUIRE(dockerfile.stages.size() == 1);
    CHECK(dockerfile.stages[0].sources.empty());
    REQUIRE(dockerfile.stages[0].triggers.size() == 1);
    CHECK(dockerfile.stages[0].triggers[0].name == "b:1");
    CHECK(dockerfile.context_paths == std::vector<std::string>{"image/x"});
    CHECK(dockerfile.arguments.empty());
}

TEST_CASE("every problem of a Dockerfile is reported on its line") {
    CHECK(problems_of("RUN echo\n") ==
          "Dockerfile: there is no FROM: no image can be made from this\n"
          "  hint: see the Dockerfile reference\n");
    CHECK(problems_of("FROM\nFROM a b\nFROMM c\nEOF\nFROM d AS 1x\n") ==
          "Dockerfile:1: this FROM is neither FROM image nor FROM image AS name: \"\"\n"
          "Dockerfile:2: this FROM is neither FROM image nor FROM image AS name: \"a b\"\n"
          "Dockerfile:3: unknown instruction \"FROMM\"\n"
          "  hint: did you mean FROM?\n"
          "Dockerfile:4: unknown instruction \"EOF\"\n"
          "  hint: is it the end of a here-document, or a line that the one above continues?\n"
          "Dockerfile:5: \"1x\" is not a name for a stage\n"
          "  hint: it begins with a letter; letters, digits, dots, dashes and underscores follow\n");
}

TEST_CASE("two stages may not have the same name") {
    CHECK(problems_of("FROM a AS production\nFROM b AS Production\n") ==
          "Dockerfile:2: a stage \"production\" begins on line 1 already\n"
          "  hint: which of the two is meant depends on where it is named: give each a name of its own\n");
}

TEST_CASE("a variable where BuildKit expands none is rejected") {
    CHECK(problems_of("FROM a\nCOPY --from=${X} /f /f\n") ==
          "Dockerfile:2: COPY --from names \"${X}\", and variables are not expanded there\n"
          "  hint: begin a stage with FROM …, where they are, and name that stage\n");
}

TEST_CASE("the value of an argument has its position in the file, also with quotes and continued lines") {
    const std::string text = "ARG A=\"a b\" B='x y z' C= D\nARG E=1\\\n2\nFROM a\nARG F=3\n";
    const Dockerfile dockerfile = parse_dockerfile(text, "Dockerfile");
    std::string all;
    for (const DockerfileArgument& a : dockerfile.arguments)
        all += a.name + "|" + a.value.value_or("-") + "|" + text.substr(a.offset, a.value ? a.length : 0) + "|" +
               (a.is_global ? "global" : "stage") + "\n";
    CHECK(all ==
          "A|\"a b\"|\"a b\"|global\n"
          "B|'x y z'|'x y z'|global\n"
          "C|||global\n"
          "D|-||global\n"
          "E|12|1\\\n2|global\n"
          "F|3|3|stage\n");
}

TEST_CASE("a build reads the sources of COPY, ADD and bind mounts from its context") {
    const Dockerfile dockerfile = parse_dockerfile(
        "FROM a AS b\n"
        "COPY --chown=1 image/x extra/*.txt /to/\n"
        "COPY [\"with blank\", \"/to\"]\n"
        "ADD https://example.com/x git@github.com:a/b /y\n"
        "COPY <<EOF /z\nnot/read\nEOF\n"
        "COPY some/${V}/x /v\n"
        "COPY --from=b /not /here\n"
        "RUN --mount=type=cache,target=/c --mount=source=certificates,target=/m --mount=type=bind,from=b,target=/n x\n",
        "Dockerfile");
    CHECK(dockerfile.context_paths ==
          std::vector<std::string>{"image/x", "extra/*.txt", "with blank", "some", "certificates"});
    CHECK(parse_dockerfile("FROM a\nRUN --mount=type=bind,target=/mnt x\n", "D").context_paths ==
          std::vector<std::string>{"."});
}

TEST_CASE("brackets and variables that nest deeply overflow no stack") {
    CHECK(problems_of("FROM a\nRUN " + std::string(1'000'000, '[') + "\n") == "no error");
    std::string nested;
    for (int i = 0; i < 200'000; ++i) nested += "${A:-";
    CHECK(expanded(nested) == "cannot: more than 100 variables");
}
