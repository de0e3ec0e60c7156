#include <catch2/catch_test_macros.hpp>

#include "plan/plan.h"
#include "plan/texts.h"

TEST_CASE("a runner is a label, a list of labels or a group") {
    CHECK(parse_runner(" ubuntu-24.04-arm ") == Runner{.labels = {"ubuntu-24.04-arm"}});
    CHECK(parse_runner(R"(["self-hosted", "arm64"])") == Runner{.labels = {"self-hosted", "arm64"}});
    CHECK(parse_runner(R"({"group": "large"})") == Runner{.group = "large"});
    CHECK(parse_runner(R"({"group": "large", "labels": "arm64"})") == Runner{.group = "large", .labels = {"arm64"}});
    CHECK(parse_runner(R"({"labels": ["a", "b"], "group": "large"})") ==
          Runner{.group = "large", .labels = {"a", "b"}});
}

TEST_CASE("labels with blanks, empty labels and other JSON are invalid runners") {
    for (const char* text :
         {"", "self-hosted linux x64", "[]", "[1]", R"([""])", R"(["a b"])", R"({"labels": ["a"]})", R"({"group": ""})",
          R"({"group": "a", "size": "b"})", R"({"group": ["a"]})", "[\"a\"", "{}"}) {
        CAPTURE(text);
        CHECK(!parse_runner(text));
    }
}

TEST_CASE("entries are separated by commas or lines, except within JSON") {
    CHECK(split_runners(
              "linux/amd64=[\"self-hosted\",\"x64\"], linux/arm64={\"group\":\"g\",\n\"labels\":[\"a\",\"b\"]}") ==
          std::vector<std::string>{"linux/amd64=[\"self-hosted\",\"x64\"]",
                                   "linux/arm64={\"group\":\"g\",\n\"labels\":[\"a\",\"b\"]}"});
    CHECK(split_runners("linux/amd64=a\nlinux/arm64=b\n") ==
          std::vector<std::string>{"linux/amd64=a", "linux/arm64=b"});
    CHECK(split_runners(" , ").empty());
}

TEST_CASE("a list and a group have the form that runs-on takes") {
    Plan plan = plan_of(documented_matrix);
    plan.images.resize(1);
    plan.platforms = {"linux/amd64", "linux/arm64"};
    CHECK(render_github_matrix(plan, {{"linux/amd64", R"(["self-hosted", "x64"])"},
                                      {"linux/arm64", R"({"group": "large", "labels": ["arm64"]})"}}) ==
          R"({"include":[)"
          R"({"python":"3.13.3","platform":"linux/amd64","runs-on":["self-hosted","x64"]},)"
          R"({"python":"3.13.3","platform":"linux/arm64","runs-on":{"group":"large","labels":["arm64"]}}]})");
}
