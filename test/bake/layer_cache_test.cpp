#include "bake/layer_cache.h"

#include <catch2/catch_test_macros.hpp>

namespace {

using Entries = std::vector<std::string>;

const Environment offered = {{"ACTIONS_RUNTIME_TOKEN", "token"}, {"ACTIONS_RESULTS_URL", "https://results.example/"}};

Environment with_mode(const std::string& mode) {
    Environment environment = offered;
    environment["ACTIONS_CACHE_MODE"] = mode;
    return environment;
}

}  // namespace

TEST_CASE("a cache that cannot be written does not fail the build") {
    const LayerCache cache = choose_layer_cache({"type=gha"}, {"type=gha,mode=max", "type=local,dest=/c"}, offered);
    CHECK(cache.from == Entries{"type=gha"});
    CHECK(cache.to == Entries{"type=gha,mode=max,ignore-error=true", "type=local,dest=/c,ignore-error=true"});
    CHECK(cache.notices.empty());
}

TEST_CASE("a build fails with its cache only on request; an inline cache cannot fail") {
    const LayerCache cache = choose_layer_cache({}, {"type=registry,ref=a/b,ignore-error=false", "type=inline"}, {});
    CHECK(cache.to == Entries{"type=registry,ref=a/b,ignore-error=false", "type=inline"});
}

TEST_CASE("the cache mode of a job is respected and reported") {
    struct Row {
        std::string mode;
        std::size_t reads;
        std::size_t writes;
        std::string notice;
    };
    for (const Row& row :
         {Row{"", 1, 1, ""}, Row{"write", 1, 1, ""},
          Row{"read", 1, 0, "the layer cache is not written: the cache mode of this job is \"read\""},
          Row{"write-only", 0, 1, "the layer cache is not read: the cache mode of this job is \"write-only\""},
          Row{"none", 0, 0, "the layer cache is not used: the cache mode of this job is \"none\""}}) {
        CAPTURE(row.mode);
        const LayerCache cache = choose_layer_cache({"type=gha"}, {"mode=max,type=gha"}, with_mode(row.mode));
        CHECK(cache.from.size() == row.reads);
        CHECK(cache.to.size() == row.writes);
        REQUIRE(cache.notices.size() == (row.notice.empty() ? 0 : 1));
        if (row.notice.empty()) continue;
        CHECK(cache.notices[0].what == row.notice);
        CHECK(cache.notices[0].level == Level::notice);
    }
}

TEST_CASE("a job without the cache service gets a notice, and other caches stay") {
    for (const Environment& environment : {Environment{}, Environment{{"ACTIONS_RUNTIME_TOKEN", "token"}},
                                           Environment{{"ACTIONS_CACHE_URL", "https://x"}}}) {
        const LayerCache cache = choose_layer_cache({"type=gha", "type=local,src=/c"}, {"type=gha"}, environment);
        CHECK(cache.from == Entries{"type=local,src=/c"});
        CHECK(cache.to.empty());
        REQUIRE(cache.notices.size() == 1);
        CHECK(cache.notices[0].what == "no layer cache: this job is not offered GitHub's cache service");
    }
    CHECK(choose_layer_cache({}, {}, {}).notices.empty());
}

TEST_CASE("every target has its own scope") {
    CHECK(render_cache("type=gha,mode=max", "python-3.13.3-production-linux-amd64") ==
          "type=gha,mode=max,scope=python-3.13.3-production-linux-amd64");
    CHECK(render_cache("type=gha,scope=ours,mode=max", "a") == "type=gha,mode=max,scope=ours-a");
    CHECK(render_cache("type=local,dest=/c", "a") == "type=local,dest=/c");
}

TEST_CASE("cache failures are found in bake's output, each once") {
    const Problems failures = find_cache_failures(
        "#7 [3-13-3-production internal] importing cache manifest from gha:4711\n"
        "#7 ERROR: unexpected status code 400\n"
        "#12 [3-13-3-production] exporting to GitHub Actions Cache\n"
        "#12 preparing build cache for export\n"
        "#12 ERROR: failed to reserve cache: cache write denied: token has no writable scopes\n"
        "#14 [3-13-3-development] exporting to GitHub Actions Cache\n"
        "#14 ERROR: failed to reserve cache: cache write denied: token has no writable scopes\n"
        "#15 exporting to oci image format\n"
        "#15 DONE 0.3s\n");
    REQUIRE(failures.size() == 2);
    CHECK(failures[0].what == "the layer cache could not be read: unexpected status code 400");
    CHECK(failures[1].what ==
          "the layer cache could not be written: failed to reserve cache: cache write denied: token has no writable "
          "scopes");
    CHECK(failures[1].hint == "this event's token may not write the cache; the build itself is not affected");
    CHECK(failures[1].level == Level::warning);
}

TEST_CASE("a service that rejects everything is reported, as printed by BuildKit 0.13") {
    const Problems failures = find_cache_failures(
        "#3 importing cache manifest from gha:8914694936092681762\n"
        "#3 ERROR: unknown error 400 Bad Request: {\"code\":\"invalid\"}\n"
        "#5 [1/1] COPY a /a\n#5 DONE 0.1s\n"
        "#6 exporting to oci image format\n#6 exporting layers 0.1s done\n#6 DONE 0.3s\n"
        "#7 exporting to GitHub Actions Cache\n"
        "#7 preparing build cache for export 0.1s done\n"
        "#7 ERROR: unknown error 400 Bad Request: {\"code\":\"invalid\"}\n"
        "------\n > importing cache manifest from gha:8914694936092681762:\n------\n"
        "------\n > exporting to GitHub Actions Cache:\n------\n");
    REQUIRE(failures.size() == 2);
    CHECK(failures[0].what ==
          "the layer cache could not be read: unknown error 400 Bad Request: {\"code\":\"invalid\"}");
    CHECK(failures[1].what ==
          "the layer cache could not be written: unknown error 400 Bad Request: {\"code\":\"invalid\"}");
}

TEST_CASE("other steps and their output are not cache failures") {
    CHECK(find_cache_failures("#3 [1/2] FROM docker.io/library/python\n#3 DONE 1.0s\n#4 exporting cache to registry\n"
                              "#4 DONE 0.1s\nERROR: failed\n#5 ERROR: process did not complete successfully\n")
              .empty());
}
