#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "build/build.h"
#include "build/samples.h"

namespace {

using References = std::vector<std::string>;

std::map<std::string, std::string> arguments_of(std::size_t image) {
    const Plan plan = sample_plan();
    return make_build_arguments(plan, plan.images.at(image), Time{});
}

}  // namespace

TEST_CASE("only the bases that a target reaches are listed") {
    CHECK(list_bases(sample_dockerfile, "Dockerfile", "development", arguments_of(0)) ==
          References{"ghcr.io/astral-sh/uv:0.13.9", "python:3.13.3-slim-bookworm"});
    CHECK(list_bases(sample_dockerfile, "Dockerfile", "production", arguments_of(1)) ==
          References{"gcr.io/distroless/cc-debian12:nonroot", "python:3.13.3-slim-bookworm"});
    CHECK(list_bases(sample_dockerfile, "Dockerfile", "production", arguments_of(3)) ==
          References{"python:3.12.6-slim-bookworm"});
}

TEST_CASE("a plan's bases are those of all its images, each once") {
    CHECK(list_bases(sample_dockerfile, "Dockerfile", sample_plan()) ==
          References{"gcr.io/distroless/cc-debian12:nonroot", "ghcr.io/astral-sh/uv:0.13.9",
                     "python:3.12.6-slim-bookworm", "python:3.13.3-slim-bookworm"});
}

TEST_CASE("an image that COPY names by itself is a base, scratch is none") {
    CHECK(list_bases("FROM scratch AS production\nCOPY --from=busybox:1.36 /a /a\n", "Dockerfile", "production", {}) ==
          References{"busybox:1.36"});
}

TEST_CASE("the final base is the end of the target's chain") {
    CHECK(find_final_base(sample_dockerfile, "Dockerfile", "production", arguments_of(1)) ==
          "gcr.io/distroless/cc-debian12:nonroot");
    CHECK(find_final_base(sample_dockerfile, "Dockerfile", "production", arguments_of(3)) ==
          "python:3.12.6-slim-bookworm");
    CHECK(find_final_base(sample_dockerfile, "Dockerfile", "development", arguments_of(0)) ==
          "python:3.13.3-slim-bookworm");
    CHECK(find_final_base("FROM scratch AS production\n", "Dockerfile", "production", {}).empty());
}

TEST_CASE("a target that the Dockerfile does not have is an error") {
    try {
        list_bases("FROM a AS development\n", "Dockerfile", "production", {});
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(render_problems(error.problems) ==
              "Dockerfile: there is no stage \"production\"\n"
              "  hint: begin it with: FROM … AS production\n");
    }
}

TEST_CASE("a row without distroless is built on slim, and passes no distroless version") {
    const std::map<std::string, std::string> expected = {{"BASE_VERSION", "3.12.6-slim-bookworm"},
                                                         {"DEFRA_VERSION", "1.0.0"},
                                                         {"PRODUCTION_KIND", "slim"},
                                                         {"PYTHON_VERSION", "3.12.6"},
                                                         {"SOURCE_DATE_EPOCH", "0"}};
    CHECK(arguments_of(3) == expected);
    CHECK(arguments_of(1).at("PRODUCTION_KIND") == "distroless");
    CHECK(arguments_of(1).at("DISTROLESS_VERSION") == "cc-debian12");
}

TEST_CASE("bases.json holds what later steps need, and can be read again") {
    Base base = sample_base("python:3.13.3-slim-bookworm", 'a');
    base.created = parse_time("2026-11-18T00:00:00Z");
    base.digest_now = sample_digest('b');
    base.layers = {{"linux/amd64", 4}, {"linux/arm/v7", 5}};
    base.stand_in = true;
    base.excuses = {"size", "find-library"};
    base.layout = "/not/written";
    const std::string text = render_bases_json({base, sample_base("scratchy:1", 'c')});
    CHECK(text.find("/not/written") == std::string::npos);

    const std::vector<Base> read = parse_bases_json(text, "out/bases.json");
    REQUIRE(read.size() == 2);
    CHECK(read[0].reference == base.reference);
    CHECK(read[0].digest == base.digest);
    CHECK(read[0].created == base.created);
    CHECK(read[0].digest_now == base.digest_now);
    CHECK(read[0].layers == base.layers);
    CHECK(read[0].stand_in);
    CHECK(read[0].excuses == base.excuses);
    CHECK_FALSE(read[1].stand_in);
    CHECK_FALSE(read[1].created.has_value());
    CHECK_FALSE(read[1].digest_now.has_value());
}

TEST_CASE("a bases.json that is none is refused by name") {
    CHECK_THROWS_AS(parse_bases_json("{}", "out/bases.json"), Error);
    CHECK_THROWS_AS(parse_bases_json(R"([{"reference": "a"}])", "out/bases.json"), Error);
    CHECK_THROWS_AS(parse_bases_json(R"([{"digest": "sha256:1"}])", "out/bases.json"), Error);
}
