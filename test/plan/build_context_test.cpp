#include "plan/build_context.h"

#include <catch2/catch_test_macros.hpp>

namespace {

bool holds(const std::string& copied, const std::string& ignored, const std::string& path) {
    return BuildContext(parse_dockerfile("FROM a\nCOPY " + copied + " /to\n", "Dockerfile"), ignored).holds(path);
}

bool is_let_in(const std::string& ignored, const std::string& path) {
    return holds(".", ignored, path);
}

}  // namespace

// Observed with docker build's matcher (moby/patternmatcher) where the documentation is silent.
TEST_CASE(".dockerignore follows Docker's rules") {
    CHECK(is_let_in("", "a/b"));
    CHECK_FALSE(is_let_in("a", "a/b"));
    CHECK_FALSE(is_let_in("/a/", "a/b"));
    CHECK_FALSE(is_let_in("  ./a/../a \r\n", "a"));
    CHECK(is_let_in("# a\n", "a"));
    CHECK(is_let_in("b", "a/b"));
    CHECK_FALSE(is_let_in("**/b", "a/b"));
    CHECK_FALSE(is_let_in("**/b", "b/c"));
    CHECK_FALSE(is_let_in("*", "a/b"));
    CHECK_FALSE(is_let_in("*/b", "a/b"));
    CHECK(is_let_in("*/b", "a/c/b"));
    CHECK_FALSE(is_let_in("a/**", "a/b/c"));
    CHECK_FALSE(is_let_in("a?[b-d][^x]", "axcy"));
    CHECK(is_let_in("a?[b-d][^x]", "axcx"));
    CHECK(is_let_in("[!x]", "a"));  // ! is one of the characters
    CHECK_FALSE(is_let_in("[!x]", "!"));
    CHECK_FALSE(is_let_in("**.md", "a/b.md"));
    CHECK(is_let_in("a/**", "a"));
    CHECK_FALSE(is_let_in("a/**/b", "a/b"));
    CHECK_FALSE(is_let_in("\\*", "*"));
    CHECK(is_let_in("\\*", "a"));
    CHECK(is_let_in("*\n!image\n", "image/deep/x"));
    CHECK_FALSE(is_let_in("*\n!image\nimage/deep\n", "image/deep/x"));
    CHECK(is_let_in("*\n! a\n", "a"));
    CHECK_FALSE(is_let_in("!a\n*\n", "a"));
    CHECK(is_let_in(".\n./\n/\n", "a"));
    CHECK_FALSE(is_let_in("*\n!.\n", "a"));
    CHECK(is_let_in("../a\na/../../a\n", "a"));
    CHECK_FALSE(is_let_in("/../a", "a"));
}

TEST_CASE("a build reads the named paths and everything below them") {
    CHECK(holds("image", "", "image/x"));
    CHECK(holds("/image/", "", "image/x"));
    CHECK(holds("../image", "", "image/x"));
    CHECK(holds("*.txt", "", "a.txt"));
    CHECK_FALSE(holds("*.txt", "", "b/a.txt"));
    CHECK_FALSE(holds("image", "", "images/x"));
    CHECK_FALSE(holds("image", "image/x", "image/x"));
}

TEST_CASE("only directories that may contain inputs are read") {
    const BuildContext context(parse_dockerfile("FROM a\nCOPY a/b c/*/d /to/\n", "Dockerfile"), "a/b/no\n");
    CHECK(context.may_hold_below("a"));
    CHECK(context.may_hold_below("a/b/x"));
    CHECK(context.may_hold_below("c"));
    CHECK(context.may_hold_below("c/x"));
    CHECK_FALSE(context.may_hold_below("a/x"));
    CHECK_FALSE(context.may_hold_below("a/b/no"));
    CHECK_FALSE(context.may_hold_below("node_modules"));
}
