#include "base/error.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("problems are rendered with their location and hint, sorted by file and line") {
    const Problems problems = {
        {{"image-matrix.json", 11},
         "the tag \"latest\" is already given on line 5",
         "a tag can point to one image only"},
        {{"image-matrix.json", 2}, "first", ""},
        {{"image-matrix.json", 11}, "second on that line", ""},
        {{"JOB.env", 7}, "another file", ""},
        {{"image-matrix.json", 0}, "the whole file", ""},
        {{}, "no place at all", "do something"},
    };
    CHECK(render_problems(problems) ==
          "no place at all\n"
          "  hint: do something\n"
          "JOB.env:7: another file\n"
          "image-matrix.json: the whole file\n"
          "image-matrix.json:2: first\n"
          "image-matrix.json:11: the tag \"latest\" is already given on line 5\n"
          "  hint: a tag can point to one image only\n"
          "image-matrix.json:11: second on that line\n");
}

TEST_CASE("warnings and notices are marked as such") {
    const Problems problems = {{{"a", 1}, "could be better", "", Level::warning},
                               {{"a", 2}, "by the way", "", Level::notice}};
    CHECK(render_problems(problems) == "a:1: warning: could be better\na:2: note: by the way\n");
    CHECK_FALSE(has_errors(problems));
    CHECK(has_errors({problems[0], {{}, "wrong", ""}}));
    CHECK_FALSE(has_errors({}));
}

TEST_CASE("further lines of a message are indented") {
    CHECK(render_problems({{{}, "trivy ended with exit code 1\nran:  trivy image", "one\ntwo"}}) ==
          "trivy ended with exit code 1\n  ran:  trivy image\n  hint: one\n  two\n");
}
