#include "publication/versions.h"

#include <catch2/catch_test_macros.hpp>

namespace {

const VersionTag ours{{1, 1, 0}, {3, 12, 6}};

const Digest same = sha256("the same");

Plan plan_of(const std::string& version, const std::vector<std::string>& pythons) {
    Plan plan;
    plan.job = {"JOB.env", version, "python", 2, 1};
    for (const std::string& python : pythons)
        plan.images.push_back({.name = python + "-production", .python_version = python, .repository = "defra/python"});
    return plan;
}

PublicationRecord released(const std::vector<std::string>& pythons) {
    PublicationRecord record{.destination = "docker.io", .complete = true, .images = {}};
    for (const std::string& python : pythons)
        record.images.push_back({python + "-production", "defra/python", "tag", sha256("index"), same});
    return record;
}

Problems check(const Plan& plan, const PublicationRecord& record, const Digest& now = same) {
    std::map<std::string, Digest> inputs;
    for (const Image& image : plan.images) inputs.emplace(image.name, now);
    return check_version(plan, inputs, record, "1.4.2");
}

}  // namespace

TEST_CASE("A version tag is exactly a DEFRA_VERSION and a version of Python") {
    const auto parsed = parse_version_tag("1.10.0-python3.13.3");
    REQUIRE(parsed.has_value());
    CHECK(parsed->version == Version{1, 10, 0});
    CHECK(parsed->python == Version{3, 13, 3});
    for (const char* other : {"latest", "latest-3.13", "1.0.0", "1.0-python3.13.3", "1.0.0-python3.13", "-python",
                              "1.0.0-python3.13.3-amd64"})
        CHECK_FALSE(parse_version_tag(other));
}

TEST_CASE("A newer version under a moving tag is the newest for its minor version of Python") {
    const std::vector<std::string> tags = {"1.0.0-python3.12.6", "1.1.0-python3.12.6", "1.2.0-python3.12.6",
                                           "1.2.0-python3.12.7", "1.2.0-python3.13.3", "latest",
                                           "1.10.0-python3.13.3"};
    CHECK(find_newer_version_tag(tags, ours, "latest-3.12") == "1.2.0-python3.12.7");
    CHECK(find_newer_version_tag(tags, ours, "latest-3.12", Version{1, 1, 9}) == std::nullopt);
    CHECK(find_newer_version_tag({"1.1.0-python3.12.6", "1.1.0-python3.13.3"}, ours, "latest-3.12") == std::nullopt);
}

TEST_CASE("A moving tag without a version of Python may have moved to another one") {
    const std::vector<std::string> tags = {"1.2.0-python3.12.6", "1.2.0-python3.13.3", "1.3.0-python3.13.3",
                                           "1.3.0-python3.14.0"};
    CHECK(find_newer_version_tag(tags, ours, "latest") == "1.3.0-python3.14.0");
    CHECK(find_newer_version_tag(tags, ours, "latest", Version{1, 2, 0}) == "1.2.0-python3.12.6");
}

TEST_CASE("A published, unchanged image needs no new version") {
    CHECK(check(plan_of("1.4.2", {"3.13.3"}), released({"3.13.3"})).empty());
    CHECK(check(plan_of("1.5.0", {"3.13.4"}), released({"3.13.3"}), sha256("other")).empty());
}

TEST_CASE("Changed inputs under a version that is published are reported on its line, with the version to take") {
    const Problems problems = check(plan_of("1.4.2", {"3.13.3"}), released({"3.13.3"}), sha256("other"));
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().at == Place{"JOB.env", 2});
    CHECK(problems.front().level == Level::warning);
    CHECK(problems.front().what ==
          "1.4.2 is published, and what goes into 3.13.3-production is not what it was: master would refuse to publish "
          "it");
    CHECK(problems.front().hint ==
          "raise DEFRA_VERSION to 1.5.0, a minor version: no change for those who build on the images");
}

TEST_CASE("Another patch version of Python is a new image and a minor version") {
    CHECK(check(plan_of("1.4.2", {"3.13.4"}), released({"3.13.3"}))
              .front()
              .hint.starts_with("raise DEFRA_VERSION to 1.5.0"));
}

TEST_CASE("A removed Python minor version is a major version") {
    CHECK(check(plan_of("1.4.2", {"3.13.3"}), released({"3.13.3", "3.12.6"}), sha256("other")).front().hint ==
          "raise DEFRA_VERSION to 2.0.0, a major version, because Python 3.12 goes");
    CHECK(check(plan_of("1.5.0", {"3.13.3"}), released({"3.13.3", "3.12.6"})).front().what ==
          "Python 3.12 goes, and DEFRA_VERSION 1.5.0 does not say so");
    CHECK(check(plan_of("2.0.0", {"3.13.3"}), released({"3.13.3", "3.12.6"})).empty());
}

TEST_CASE("A version lower than what is published is reported") {
    CHECK(check(plan_of("1.4.1", {"3.13.3"}), released({"3.13.3"})).front().what ==
          "DEFRA_VERSION 1.4.1 is lower than 1.4.2, which is published");
}
