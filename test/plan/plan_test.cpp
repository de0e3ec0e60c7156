#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

#include "base/reference.h"
#include "base/text.h"
#include "plan/texts.h"

namespace {

std::vector<std::string> names_of(const Plan& plan) {
    std::vector<std::string> names;
    for (const Image& image : plan.images) names.push_back(image.name);
    return names;
}

std::string refusal(const std::string& name_space, const std::vector<std::string>& platforms,
                    const std::vector<std::string>& only) {
    return messages_of([&] {
        plan_images(parse_matrix(documented_matrix, "image-matrix.json"), documented_job_parsed(), name_space,
                    platforms, only);
    });
}

std::vector<InputFile> some_files() {
    return {{.path = "Dockerfile", .executable = false, .content = sha256("FROM x\n")},
            {.path = "certificates/ca.crt", .executable = false, .content = sha256("a certificate")},
            {.path = "image/settle", .executable = true, .content = sha256("#!/bin/sh\n")}};
}

Digest production_inputs(const std::string& matrix, const std::vector<InputFile>& files = some_files()) {
    const Plan plan = plan_of(matrix, {"linux/amd64"}, {"3.13.3-production"});
    return compute_inputs(plan, plan.images.at(0), files);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("every row gives a development and a production image with the documented names") {
    const Plan plan = plan_of(documented_matrix);
    CHECK(names_of(plan) == std::vector<std::string>{"3.13.3-development", "3.13.3-production", "3.12.6-development",
                                                     "3.12.6-production"});
    CHECK(plan.images[0].repository == "defradigital/python-development");
    CHECK(plan.images[1].repository == "defradigital/python");
    CHECK(plan.images[1].version_tag == "1.0.0-python3.13.3");
    CHECK(plan.images[1].moving_tags == std::vector<std::string>{"latest-3.13", "latest"});
    CHECK(plan.images[3].moving_tags == std::vector<std::string>{"latest-3.12"});
    CHECK(plan.images[3].target == Target::production);
    CHECK(plan.row_of(plan.images[3]).python_version == "3.12.6");
    CHECK(layout_name(plan.images[1], "linux/arm/v7") == "3.13.3-production-linux-arm-v7");
}

TEST_CASE("images are selected by name, Python version or target") {
    using Names = std::vector<std::string>;
    const auto selected = [](const Names& only) { return names_of(plan_of(documented_matrix, {"linux/amd64"}, only)); };
    CHECK(selected({"3.13.*"}) == Names{"3.13.3-development", "3.13.3-production"});
    CHECK(selected({"3.12.6"}) == Names{"3.12.6-development", "3.12.6-production"});
    CHECK(selected({"production"}) == Names{"3.13.3-production", "3.12.6-production"});
    CHECK(selected({"3.12.6-production", "3.13.3-production"}) == Names{"3.13.3-production", "3.12.6-production"});
}

TEST_CASE("a pattern that selects nothing is rejected, even beside one that does") {
    CHECK(refusal("defradigital", {"linux/amd64"}, {"production", "3.14.*"}) ==
          "no image is called \"3.14.*\"\n"
          "  hint: there are 3.13.3-development, 3.13.3-production, 3.12.6-development, 3.12.6-production\n");
}

TEST_CASE("platforms must be platforms of Linux, each once") {
    CHECK(refusal("defradigital", {}, {}) == "no platform is given\n  hint: write for example linux/amd64\n");
    CHECK(refusal("defradigital", {"linux/arm64", "linux/arm64"}, {}) ==
          "\"linux/arm64\" is given twice among the platforms\n  hint: remove one of the two\n");
    const std::string platform =
        GENERATE("", "linux", "linux/", "/amd64", "windows/amd64", "linux/AMD64", "linux/amd64/v2/x", "linux//amd64",
                 " linux/amd64", "linux/..", "linux/amd64\n");
    CHECK(refusal("defradigital", {platform}, {}) ==
          shown(platform) +
              " is not a platform of these images\n"
              "  hint: write for example linux/amd64, linux/arm64 or linux/arm/v7\n");
}

TEST_CASE("a namespace is lower-case and contains no registry") {
    const std::string name_space = GENERATE("", "Defra", "docker.io/defradigital", "localhost/defradigital",
                                            "defra digital", "defradigital/", "../etc", "a:5000/b", "-defra", "$(id)");
    CHECK(
        refusal(name_space, {"linux/amd64"}, {}) ==
        shown(name_space) +
            " is not a namespace\n"
            "  hint: write lower-case letters and digits, as in defradigital; the registry is an option of its own\n");
}

TEST_CASE("a namespace may have several parts") {
    CHECK(refusal("defra/images", {"linux/amd64"}, {}) == "nothing is wrong\n");
}

TEST_CASE("a repository longer than 255 characters is rejected on the line of IMAGE_NAME") {
    const std::string name_space(240, 'a');
    CHECK(refusal(name_space, {"linux/amd64"}, {}).starts_with("JOB.env:2: \"aaaa"));
}

TEST_CASE("valid tags are those of the distribution-spec") {
    for (const char* tag : {"latest", "_x", "A.b-C_9", "0"}) CHECK(is_tag(tag));
    for (const char* tag : {"", ".x", "-x", "a b", "a/b", "a:b", "a@b", "é", "a\n"}) CHECK_FALSE(is_tag(tag));
    CHECK(is_tag(std::string(128, 'a')));
    CHECK_FALSE(is_tag(std::string(129, 'a')));
}

TEST_CASE("valid repositories are those of the distribution-spec") {
    for (const char* name : {"python", "a/b/c", "a.b", "a_b", "a__b", "a---b", "0/x.y"}) CHECK(is_repository(name));
    for (const char* name :
         {"", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a._b", "-a", "a-", "a b", "é", "a:b"}) {
        INFO(name);
        CHECK_FALSE(is_repository(name));
    }
}

TEST_CASE("control characters in foreign text are escaped") {
    CHECK(shown("3.13.3") == "\"3.13.3\"");
    CHECK(shown("a\n::error::b\x1b[31m") == "\"a\\x0a::error::b\\x1b[31m\"");
    CHECK(shown("\xc3\xa9") == "\"\\xc3\\xa9\"");
    CHECK(shown(std::string(61, 'a')) == "\"" + std::string(60, 'a') + "…\"");
}

TEST_CASE("the GitHub matrix has one job for each Python and platform, in one line") {
    const Plan plan = plan_of(documented_matrix, {"linux/amd64", "linux/arm64"}, {"production"});
    CHECK(render_github_matrix(plan, {{"linux/arm64", "ubuntu-24.04-arm"}}) ==
          R"({"include":[)"
          R"({"python":"3.13.3","platform":"linux/amd64","runs-on":"ubuntu-24.04"},)"
          R"({"python":"3.13.3","platform":"linux/arm64","runs-on":"ubuntu-24.04-arm"},)"
          R"({"python":"3.12.6","platform":"linux/amd64","runs-on":"ubuntu-24.04"},)"
          R"({"python":"3.12.6","platform":"linux/arm64","runs-on":"ubuntu-24.04-arm"}]})");
    CHECK(count_jobs(plan) == 4);
}

TEST_CASE("without jobs there is no GitHub matrix, and the count is 0") {
    const Plan plan = plan_of("[]");
    CHECK(count_jobs(plan) == 0);
    CHECK(render_github_matrix(plan, {}).empty());
}

// Computed with printf and sha256sum, not by this program: published images have such digests, so the format must not
// change.
TEST_CASE("the inputs digest is the SHA-256 of the documented text") {
    CHECK(production_inputs(documented_matrix).text() ==
          "sha256:979f43cc1aa52a470cfa32308c1b22613820081503d4762b270059ccd7f54f11");
    const Plan plan = plan_of(documented_matrix);
    CHECK(compute_inputs(plan, plan.images.at(0), {}).text() ==
          "sha256:ed76c2c945171a7bc389ca49ce09d3c18cbcd4de05e6ed279c0731e5f9095f73");
}

TEST_CASE("the order of the files does not matter") {
    const Digest inputs = production_inputs(documented_matrix);
    std::vector<InputFile> files = some_files();
    const auto by_path = [](const InputFile& a, const InputFile& b) { return a.path < b.path; };
    std::sort(files.begin(), files.end(), by_path);
    do {
        CHECK(production_inputs(documented_matrix, files) == inputs);
    } while (std::next_permutation(files.begin(), files.end(), by_path));
}

TEST_CASE("every input of an image changes the inputs digest") {
    const Digest inputs = production_inputs(documented_matrix);
    const std::vector<std::function<void(std::vector<InputFile>&)>> changes = {
        [](auto& files) { files[0].content = sha256("FROM y\n"); }, [](auto& files) { files[2].executable = false; },
        [](auto& files) { files[1].path = "certificates/cb.crt"; }, [](auto& files) { files.pop_back(); }};
    for (const auto& change : changes) {
        std::vector<InputFile> files = some_files();
        change(files);
        CHECK(production_inputs(documented_matrix, files) != inputs);
    }
    CHECK(production_inputs(with(documented_matrix, "    \"distrolessVersion\": \"cc-debian12\",\n", "")) != inputs);
    CHECK(production_inputs(with(with(documented_matrix, "bookworm", "trixie"), "debian12", "debian13")) != inputs);
}

TEST_CASE("targets, Python versions and DEFRA_VERSIONs have different inputs digests") {
    Plan plan = plan_of(documented_matrix);
    std::vector<Digest> all;
    for (const Image& image : plan.images) all.push_back(compute_inputs(plan, image, some_files()));
    plan.job.defra_version = "1.0.1";
    for (const Image& image : plan.images) all.push_back(compute_inputs(plan, image, some_files()));
    std::sort(all.begin(), all.end());
    CHECK(std::unique(all.begin(), all.end()) == all.end());
}

TEST_CASE("other changes do not affect the inputs digest") {
    const Digest inputs = production_inputs(documented_matrix);
    CHECK(production_inputs(with(documented_matrix, "\"latest\"", "\"newest\"")) == inputs);
    CHECK(production_inputs(with(documented_matrix, "3.12.6", "3.12.7")) == inputs);
    const Plan with_distroless = plan_of(documented_matrix);
    const Plan without = plan_of(with(documented_matrix, "    \"distrolessVersion\": \"cc-debian12\",\n", ""));
    CHECK(compute_inputs(without, without.images.at(0), {}) ==
          compute_inputs(with_distroless, with_distroless.images.at(0), {}));
}

TEST_CASE("a path with a line feed cannot imitate two files") {
    const Digest content = sha256("");
    const std::vector<InputFile> one = {
        {.path = "a\nfile " + content.text() + " - b", .executable = false, .content = content}};
    const std::vector<InputFile> two = {{.path = "a", .executable = false, .content = content},
                                        {.path = "b", .executable = false, .content = content}};
    CHECK(production_inputs(documented_matrix, one) != production_inputs(documented_matrix, two));
}

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
