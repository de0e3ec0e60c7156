#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "plan/texts.h"

namespace {

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

// Computed with printf and sha256sum, not by this program: published images carry such digests, so the form must stay.
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

TEST_CASE("whatever goes into an image changes its inputs") {
    const Digest inputs = production_inputs(documented_matrix);
    std::vector<InputFile> files = some_files();
    files[0].content = sha256("FROM y\n");
    CHECK(production_inputs(documented_matrix, files) != inputs);
    files = some_files();
    files[2].executable = false;
    CHECK(production_inputs(documented_matrix, files) != inputs);
    files = some_files();
    files[1].path = "certificates/cb.crt";
    CHECK(production_inputs(documented_matrix, files) != inputs);
    files = some_files();
    files.pop_back();
    CHECK(production_inputs(documented_matrix, files) != inputs);
    CHECK(production_inputs(with(documented_matrix, "    \"distrolessVersion\": \"cc-debian12\",\n", "")) != inputs);
    CHECK(production_inputs(with(with(documented_matrix, "bookworm", "trixie"), "debian12", "debian13")) != inputs);
}

TEST_CASE("targets, Python versions and DEFRA_VERSIONs have inputs of their own") {
    Plan plan = plan_of(documented_matrix);
    std::vector<Digest> all;
    for (const Image& image : plan.images) all.push_back(compute_inputs(plan, image, some_files()));
    plan.job.defra_version = "1.0.1";
    for (const Image& image : plan.images) all.push_back(compute_inputs(plan, image, some_files()));
    std::sort(all.begin(), all.end());
    CHECK(std::unique(all.begin(), all.end()) == all.end());
}

TEST_CASE("what goes into no byte of an image leaves its inputs alone") {
    const Digest inputs = production_inputs(documented_matrix);
    CHECK(production_inputs(with(documented_matrix, "\"latest\"", "\"newest\"")) == inputs);
    CHECK(production_inputs(with(documented_matrix, "3.12.6", "3.12.7")) == inputs);
    const Plan with_distroless = plan_of(documented_matrix);
    const Plan without = plan_of(with(documented_matrix, "    \"distrolessVersion\": \"cc-debian12\",\n", ""));
    CHECK(compute_inputs(without, without.images.at(0), {}) ==
          compute_inputs(with_distroless, with_distroless.images.at(0), {}));
}

TEST_CASE("a path with a line feed cannot pass for two files") {
    const Digest content = sha256("");
    const std::vector<InputFile> one = {
        {.path = "a\nfile " + content.text() + " - b", .executable = false, .content = content}};
    const std::vector<InputFile> two = {{.path = "a", .executable = false, .content = content},
                                        {.path = "b", .executable = false, .content = content}};
    CHECK(production_inputs(documented_matrix, one) != production_inputs(documented_matrix, two));
}
