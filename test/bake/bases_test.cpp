#include <catch2/catch_test_macros.hpp>

#include "bake/bake.h"
#include "bake/random_dockerfile.h"
#include "bake/samples.h"
#include "base/error.h"
#include "expect.h"
#include "fakes/fake_files.h"

namespace {

Variables arguments_of(std::size_t image) {
    const Plan plan = sample_plan();
    return make_build_arguments(plan, plan.images.at(image), Time{});
}

/// "reference platform line" for each base, then the final one; or the problems.
std::string bases_of(const std::string& dockerfile, const std::string& target, const Variables& arguments = {},
                     const std::string& platform = "linux/amd64") {
    std::string all;
    const auto list = [&] {
        const TargetBases bases = find_bases(parse_dockerfile(dockerfile, "Dockerfile"), target, arguments, platform);
        for (const BaseUse& use : bases.all)
            all += use.reference + " " + use.platform + " " + std::to_string(use.line) + "\n";
        all += "on " + bases.final_base;
    };
    const std::string error = thrown_by(list, Exit::bad_input);
    return error == "no error" ? all : error;
}

const std::string sample(sample_dockerfile);

/// Writes an image for each platform and their index to the layout. Returns the digest of the index.
Digest add_index(FakeFiles& files, const std::string& layout, const std::vector<std::string>& architectures) {
    const auto put = [&](const std::string& text) {
        files.texts[blob_path(layout, sha256(text))] = text;
        return sha256(text);
    };
    const std::string layer = R"({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 1, "digest": ")" +
                              sha256("layer").text() + "\"}";
    std::vector<Descriptor> children;
    for (const std::string& architecture : architectures) {
        const Digest config =
            put(R"({"os": "linux", "architecture": ")" + architecture + R"(", "created": "2026-11-18T00:00:00Z"})");
        const Digest manifest = put(
            R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config":
            {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 1, "digest": ")" +
            config.text() + R"("}, "layers": [)" + layer + "," + layer + "]}");
        children.push_back({oci_manifest_type, manifest, 1, "linux/" + architecture, {}});
    }
    return put(render_index(children, {}));
}

}  // namespace

TEST_CASE("only the bases of a target are listed, and the end of its FROM chain") {
    CHECK(bases_of(sample, "development", arguments_of(0)) ==
          "ghcr.io/astral-sh/uv:0.13.9 linux/amd64 4\npython:3.13.3-slim-bookworm linux/amd64 6\n"
          "on python:3.13.3-slim-bookworm");
    CHECK(bases_of(sample, "production", arguments_of(1)) ==
          "gcr.io/distroless/cc-debian12:nonroot linux/amd64 5\npython:3.13.3-slim-bookworm linux/amd64 6\n"
          "on gcr.io/distroless/cc-debian12:nonroot");
    CHECK(bases_of(sample, "production", arguments_of(3)) ==
          "python:3.12.6-slim-bookworm linux/amd64 6\non python:3.12.6-slim-bookworm");
}

TEST_CASE("the bases of a plan are those of all its images and platforms, each once") {
    Plan plan = sample_plan();
    plan.platforms = {"linux/amd64", "linux/arm64"};
    CHECK(list_bases(parse_dockerfile(sample, "Dockerfile"), plan).size() == 8);
}

TEST_CASE("an image named in COPY is a base; scratch is not") {
    CHECK(bases_of("FROM scratch AS production\nCOPY --from=busybox:1.36 /a /a\n", "production") ==
          "busybox:1.36 linux/amd64 2\non ");
}

TEST_CASE("different spellings of Docker Hub are one base") {
    CHECK(bases_of("FROM docker.io/library/python:3.13 AS a\nCOPY --from=library/python:3.13 /f /f\n"
                   "COPY --from=\"python:3.13\" /f /g\n",
                   "a") == "python:3.13 linux/amd64 1\non python:3.13");
}

TEST_CASE("platform variables are set before the first FROM, and a FROM may name another platform") {
    const std::string text =
        "FROM --platform=$BUILDPLATFORM b AS builder\nFROM --platform=linux/arm/v7 c AS other\n"
        "FROM b-${TARGETARCH}:${TARGETOS} AS a\nCOPY --from=builder /f /f\nCOPY --from=other /f /g\n";
    CHECK(bases_of(text, "a", {}, "linux/arm64") ==
          "b  1\nb-arm64:linux linux/arm64 3\nc linux/arm/v7 2\non b-arm64:linux");
}

TEST_CASE("only ARGs before the first FROM apply to FROM; the message names a later one") {
    CHECK(bases_of("ARG V=1\nFROM a\nARG V=2\nFROM b:${V} AS t\n", "t") == "b:1 linux/amd64 4\non b:1");
    CHECK(bases_of("FROM python:${V} AS t\nARG V=1\n", "t", {{"V", "3"}}) ==
          "Dockerfile:1: \"python:\" is not an image reference\n"
          "  hint: move ARG V from line 2 above the first FROM: FROM sees no other ARG\n");
    CHECK(bases_of("FROM a:${TARGETSTAGE} AS t\n", "t") == "a:t linux/amd64 1\non a:t");
    CHECK(bases_of("FROM a:${X%\\*} AS t\n", "t").find("is not an image reference") == std::string::npos);
    CHECK(bases_of("FROM $BUILDARCH: AS t\n", "t") ==
          "Dockerfile:1: \":\" is not an image reference\n"
          "  hint: BUILDARCH is known to the builder only: use TARGET…\n");
}

TEST_CASE("a stage can only be used after its FROM, and by number only in COPY") {
    CHECK(bases_of("FROM a AS t\nCOPY --from=later /f /f\nCOPY --from=1 /f /g\nFROM b AS later\n", "t") ==
          "Dockerfile:2: stage \"later\" begins on line 4\n"
          "  hint: only stages above this one can be used here\n"
          "Dockerfile:3: there is no stage 1 above this one\n"
          "  hint: they count from 0\n");
    CHECK(bases_of("FROM a\nFROM 0 AS t\nCOPY --from=0 /f /f\n", "t") == "0 linux/amd64 2\na linux/amd64 1\non 0");
}

TEST_CASE("ten thousand stages on top of each other overflow no stack") {
    std::string text = "FROM a AS s0\n";
    for (int i = 1; i < 10'000; ++i) text += "FROM s" + std::to_string(i - 1) + " AS s" + std::to_string(i) + "\n";
    CHECK(bases_of(text, "s9999") == "a linux/amd64 1\non a");
}

TEST_CASE("an image named in ONBUILD is a base of the stages on top only") {
    const std::string text = "FROM a AS one\nONBUILD COPY --from=b /f /f\nFROM one AS two\nFROM two AS three\n";
    CHECK(bases_of(text, "one") == "a linux/amd64 1\non a");
    CHECK(bases_of(text, "two") == "a linux/amd64 1\nb linux/amd64 2\non a");
    CHECK(bases_of("FROM a AS one\nONBUILD COPY --from=t /f /f\nFROM b AS t\nFROM one AS u\n", "u") ==
          "a linux/amd64 1\nb linux/amd64 3\non a");
}

TEST_CASE("a stage may not have the name of an image") {
    CHECK(bases_of("FROM python AS python\nFROM python AS t\n", "t") ==
          "Dockerfile:1: the image \"python\" and the stage on line 1 have the same name\n"
          "  hint: rename the stage: BuildKit would take the pinned image for it\n");
}

TEST_CASE("the frontend that # syntax= names is pinned like a base") {
    CHECK(bases_of("# syntax=docker/dockerfile:1\nFROM a AS t\n", "t") ==
          "a linux/amd64 2\ndocker/dockerfile:1  1\non a");
}

TEST_CASE("an invalid expansion is reported once, on its line") {
    CHECK(bases_of("ARG A=${B^^}\nFROM a AS t\n", "t") ==
          "Dockerfile:1: \"${B^^}\" cannot be expanded: the operator ^\n"
          "  hint: use ${NAME}, ${NAME:-default} or ${NAME%%pattern}\n");
}

TEST_CASE("missing targets are all reported at once") {
    CHECK(bases_of("FROM a AS development\n", "production") ==
          "Dockerfile: there is no stage \"production\"\n"
          "  hint: begin it with: FROM … AS production\n");
    const auto list = [] { list_bases(parse_dockerfile("FROM a\n", "Dockerfile"), sample_plan()); };
    const std::string hint = "\n  hint: begin it with: FROM … AS ";
    CHECK(thrown_by(list, Exit::bad_input) == "Dockerfile: there is no stage \"development\"" + hint + "development\n" +
                                                  "Dockerfile: there is no stage \"production\"" + hint +
                                                  "production\n");
}

TEST_CASE("for random Dockerfiles exactly their bases are listed") {
    const Plan plan = sample_plan();
    for (unsigned seed = 0; seed < 400; ++seed) {
        const RandomDockerfile random(seed);
        INFO(seed << "\n" << random.text);
        for (const Image& image : plan.images) {
            std::set<std::string> expected = random.images_of(render_target(image.target));
            if (expected.erase(python_of_row) != 0) expected.insert("python:" + plan.row_of(image).base_version());
            std::set<std::string> listed;
            for (const BaseUse& use :
                 find_bases(parse_dockerfile(random.text, "Dockerfile"), render_target(image.target),
                            make_build_arguments(plan, image, Time{}), "linux/amd64")
                     .all)
                listed.insert(use.reference);
            REQUIRE(listed == expected);
        }
    }
}

TEST_CASE("a row without distroless is built on slim, without a distroless argument") {
    const Variables expected = {{"BASE_VERSION", "3.12.6-slim-bookworm"},
                                {"DEFRA_VERSION", "1.0.0"},
                                {"PRODUCTION_KIND", "slim"},
                                {"PYTHON_VERSION", "3.12.6"},
                                {"SOURCE_DATE_EPOCH", "0"}};
    CHECK(arguments_of(3) == expected);
    CHECK(arguments_of(1).at("PRODUCTION_KIND") == "distroless");
    CHECK(arguments_of(1).at("DISTROLESS_VERSION") == "cc-debian12");
}

TEST_CASE("bases.json has what later steps need, and can be read again") {
    Base base = sample_base("python:3.13.3-slim-bookworm", 'a');
    base.created = parse_time("2026-11-18T00:00:00Z");
    base.digest_now = sample_digest('b');
    base.layers = {{"linux/amd64", 4}, {"linux/arm/v7", 5}};
    base.stand_in = true;
    base.expected_failures = {"size", "find-library"};
    base.images.emplace("3.13.3-development-linux-amd64", sample_digest('d'));
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
    CHECK(read[0].expected_failures == base.expected_failures);
    CHECK(read[0].images == base.images);
    CHECK_FALSE(read[1].stand_in);
    CHECK_FALSE(read[1].created.has_value());
    CHECK_FALSE(read[1].digest_now.has_value());
}

TEST_CASE("an invalid bases.json is rejected by name") {
    CHECK_THROWS_AS(parse_bases_json("{}", "out/bases.json"), Error);
    CHECK_THROWS_AS(parse_bases_json(R"([{"reference": "a"}])", "out/bases.json"), Error);
    CHECK_THROWS_AS(parse_bases_json(R"([{"digest": "sha256:1"}])", "out/bases.json"), Error);
}

TEST_CASE("stand-ins are loaded with their dates, layers and expected failures") {
    FakeFiles files;
    const Digest digest = add_index(files, "/stand-ins/python", {"amd64", "arm64"});
    files.texts["bases.json"] = R"({"python:3.12.3-slim-bookworm": {"layout": "/stand-ins/python", "digest": ")" +
                                digest.text() + R"(", "excuses": ["size"]}})";
    const std::vector<Base> bases = load_stand_ins(files, "bases.json");
    REQUIRE(bases.size() == 1);
    CHECK(bases[0].reference == "python:3.12.3-slim-bookworm");
    CHECK(bases[0].digest == digest);
    CHECK(bases[0].stand_in);
    CHECK(bases[0].layout == "/stand-ins/python");
    CHECK(bases[0].expected_failures == std::vector<std::string>{"size"});
    CHECK(bases[0].created == parse_time("2026-11-18T00:00:00Z"));
    CHECK(bases[0].layers == std::map<std::string, std::size_t>{{"linux/amd64", 2}, {"linux/arm64", 2}});
}

TEST_CASE("every invalid stand-in is reported at its line") {
    FakeFiles files;
    files.make_directory("/layout");
    files.texts["bases.json"] =
        "{\n\"a:1\": {\"layout\": \"/layout\", \"digest\": \"sha256:1\"},\n\"b/c:2\": {\"layout\": \"/nowhere\", "
        "\"digest\": \"" +
        sha256("").text() + "\"}}";
    CHECK(thrown_by([&] { load_stand_ins(files, "bases.json"); }, Exit::bad_input) ==
          "bases.json:2: the stand-in for a:1 has no digest, or no absolute path of a directory as its layout\n"
          "  hint: run the set-up again: it writes this file\n"
          "bases.json:3: the stand-in for b/c:2 has no digest, or no absolute path of a directory as its layout\n"
          "  hint: run the set-up again: it writes this file\n");
}
