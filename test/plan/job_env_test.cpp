#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "plan/texts.h"

namespace {

/// The messages about this text, warnings first.
std::string messages_for(const std::string& text) {
    Problems warnings;
    const std::string problems = messages_of([&] { parse_job_env(text, "JOB.env", warnings); });
    return render_problems(warnings) + problems;
}

}  // namespace

TEST_CASE("JOB.env is parsed with the lines of its keys") {
    Problems warnings;
    const Job job =
        parse_job_env("# What is released\n\nIMAGE_NAME=python\n  # blanks before a comment\nDEFRA_VERSION=1.0.0\n",
                      "JOB.env", warnings);
    CHECK(job.file == "JOB.env");
    CHECK(job.defra_version == "1.0.0");
    CHECK(job.image_name == "python");
    CHECK(job.defra_version_line == 5);
    CHECK(job.image_name_line == 3);
    CHECK(warnings.empty());
}

TEST_CASE("the last line needs no line feed") {
    CHECK(messages_for("DEFRA_VERSION=1.0.0\nIMAGE_NAME=python") == "nothing is wrong\n");
}

TEST_CASE("CRLF is read as LF, with a warning that other tools do not") {
    Problems warnings;
    const Job job = parse_job_env("DEFRA_VERSION=1.0.0\r\nIMAGE_NAME=python\r\n", "JOB.env", warnings);
    CHECK(job.defra_version == "1.0.0");
    CHECK(job.image_name == "python");
    CHECK(render_problems(warnings) ==
          "JOB.env: warning: the lines end in CR LF\n"
          "  hint: save it with LF: a shell would take the CR for a part of each value\n");
}

TEST_CASE("an unknown key is a warning") {
    CHECK(messages_for(documented_job + "NPM_VERSION=11.6.2\n") ==
          "JOB.env:3: warning: NPM_VERSION has no effect\n"
          "  hint: the keys of JOB.env are DEFRA_VERSION and IMAGE_NAME\n"
          "nothing is wrong\n");
}

TEST_CASE("values that other tools interpret differently are rejected") {
    struct Refused {
        std::vector<std::string> lines;
        std::string message;  ///< after "JOB.env:3: "
    };
    const std::string no_key =
        " is not a key\n  hint: a key has capital letters, digits and underscores, and begins with a letter: no blank, "
        "and no export as in a shell\n";
    const std::string no_character =
        "\" in it\n  hint: a value has letters, digits and . _ - + : / @ , = % only: nothing is unquoted or expanded, "
        "and a comment stands on a line of its own\n";
    const std::vector<Refused> all = {
        {{"X=\"1\""}, "the value of X has \"\"" + no_character},
        {{"X='1'"}, "the value of X has \"'" + no_character},
        {{"export X=1"}, "\"export X\"" + no_key},
        {{"X =1"}, "\"X \"" + no_key},
        {{" X=1"}, "\" X\"" + no_key},
        {{"X= 1", "X=1 ", "X=1 # one"}, "the value of X has \" " + no_character},
        {{"X=$(id)", "X=${Y}"}, "the value of X has \"$" + no_character},
        {{"X=`id`"}, "the value of X has \"`" + no_character},
        {{"X=a\\"}, "the value of X has \"\\" + no_character},
        {{"X=a;id"}, "the value of X has \";" + no_character},
        {{"X=a\rY=b"}, "the value of X has \"\\x0d" + no_character},
        {{"X=caf\xc3\xa9"}, "the value of X has \"\\xc3" + no_character},
        {{"X="}, "X has no value\n  hint: write X=VALUE, or remove the line\n"},
        {{"=1"}, "\"\"" + no_key},
        {{"x=1"}, "\"x\"" + no_key},
        {{"1X=1"}, "\"1X\"" + no_key},
        {{"::set-output name=x::y"}, "\"::set-output name\"" + no_key},
        {{"X"}, "\"X\" is neither KEY=VALUE nor a comment\n  hint: begin a comment with #\n"},
        {{"X<<EOF"}, "\"X<<EOF\" is neither KEY=VALUE nor a comment\n  hint: begin a comment with #\n"},
        {{"IMAGE_NAME=node"}, "IMAGE_NAME is already given on line 2\n  hint: keep one of the two\n"},
    };
    for (const Refused& refused : all) {
        for (const std::string& line : refused.lines) {
            INFO(line);
            CHECK(messages_for(documented_job + line + "\n") == "JOB.env:3: " + refused.message);
        }
    }
}

TEST_CASE("names that change the behaviour of programs are rejected") {
    const std::string name =
        GENERATE("PATH", "LD_PRELOAD", "BASH_ENV", "ENV", "IFS", "HOME", "DOCKER_HOST", "GITHUB_TOKEN", "GITHUB_ENV",
                 "INPUT_TO", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "GIT_DIR", "SSL_CERT_FILE", "PYTHONPATH",
                 "NODE_OPTIONS", "TRIVY_SKIP_DIRS", "GRYPE_ONLY_FIXED", "RUNNER_TEMP", "ACTIONS_RUNTIME_TOKEN");
    CHECK(messages_for(documented_job + name + "=x\n") ==
          "JOB.env:3: \"" + name +
              "\" must not be set here\n"
              "  hint: it would change what programs do: JOB.env holds DEFRA_VERSION and IMAGE_NAME, nothing for an "
              "environment\n");
}

TEST_CASE("DEFRA_VERSION is three numbers") {
    const std::string version =
        GENERATE("1.0", "v1.0.0", "2.0.0-rc1", "1.0.0.0", "01.0.0", "1.0.0+build", "latest", "-1.0.0");
    CHECK(messages_for("DEFRA_VERSION=" + version + "\nIMAGE_NAME=python\n") ==
          "JOB.env:1: \"" + version +
              "\" is not a version\n"
              "  hint: write three numbers, as in DEFRA_VERSION=1.0.0; there are no pre-releases, because moving tags "
              "follow every release\n");
}

TEST_CASE("IMAGE_NAME is one path component of a repository") {
    const std::string name =
        GENERATE("Python", "defradigital/python", "python:latest", "-python", "python@sha256", "../python");
    CHECK(messages_for("DEFRA_VERSION=1.0.0\nIMAGE_NAME=" + name + "\n") ==
          "JOB.env:2: \"" + name +
              "\" is not the name of an image\n"
              "  hint: write lower-case letters and digits, as in IMAGE_NAME=python; the namespace is an option of its "
              "own\n");
}

TEST_CASE("missing keys are reported, also beside other errors, unless their line has an error") {
    CHECK(messages_for("") ==
          "JOB.env: DEFRA_VERSION is missing\n  hint: add a line DEFRA_VERSION=1.0.0\n"
          "JOB.env: IMAGE_NAME is missing\n  hint: add a line IMAGE_NAME=python\n");
    CHECK(messages_for("IMAGE_NAME=Python\n").find("DEFRA_VERSION is missing") != std::string::npos);
    CHECK(messages_for("export IMAGE_NAME=python\nDEFRA_VERSION=1.0.0\n").find("missing") == std::string::npos);
    CHECK(messages_for("# IMAGE_NAME=python\nDEFRA_VERSION=1.0.0\n").find("IMAGE_NAME is missing") !=
          std::string::npos);
}

TEST_CASE("all errors and warnings are reported at once, sorted by line") {
    CHECK(messages_for("PATH=/x\nOTHER=1\nDEFRA_VERSION=\"1\"\nIMAGE_NAME=python\nIMAGE_NAME=python\n") ==
          "JOB.env:1: \"PATH\" must not be set here\n"
          "  hint: it would change what programs do: JOB.env holds DEFRA_VERSION and IMAGE_NAME, nothing for an "
          "environment\n"
          "JOB.env:2: warning: OTHER has no effect\n"
          "  hint: the keys of JOB.env are DEFRA_VERSION and IMAGE_NAME\n"
          "JOB.env:3: the value of DEFRA_VERSION has \"\"\" in it\n"
          "  hint: a value has letters, digits and . _ - + : / @ , = % only: nothing is unquoted or expanded, and a "
          "comment stands on a line of its own\n"
          "JOB.env:5: IMAGE_NAME is already given on line 4\n"
          "  hint: keep one of the two\n");
}

TEST_CASE("text that is not plain UTF-8 is rejected before it is parsed") {
    CHECK(messages_for("\xEF\xBB\xBF" + documented_job) ==
          "JOB.env:1: the file begins with a byte order mark\n  hint: save it as UTF-8 without BOM\n");
    CHECK(messages_for("\xFF\xFE" + documented_job) == "JOB.env:1: the file is UTF-16\n  hint: save it as UTF-8\n");
    CHECK(messages_for(documented_job + std::string("A=\0b\n", 5)) ==
          "JOB.env:3: a NUL character\n  hint: remove it\n");
    CHECK(messages_for("#" + std::string(1 << 20, 'x')) ==
          "JOB.env: the file is larger than 64 KiB\n  hint: it holds DEFRA_VERSION and IMAGE_NAME, nothing else\n");
}
