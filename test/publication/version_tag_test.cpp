#include "publication/version_tag.h"

#include <catch2/catch_test_macros.hpp>

namespace {

const VersionTag ours{{1, 1, 0}, {3, 12, 6}};

}  // namespace

TEST_CASE("A version tag is a DEFRA_VERSION and a version of Python, and nothing else") {
    const auto parsed = parse_version_tag("1.10.0-python3.13.3");
    REQUIRE(parsed.has_value());
    CHECK(parsed->version == Version{1, 10, 0});
    CHECK(parsed->python == Version{3, 13, 3});
    for (const char* other : {"latest", "latest-3.13", "1.0.0", "1.0-python3.13.3", "1.0.0-python3.13", "-python",
                              "1.0.0-python3.13.3-amd64"})
        CHECK_FALSE(parse_version_tag(other));
}

TEST_CASE("What a newer version published under a moving tag is the newest one for its minor version of Python") {
    const std::vector<std::string> tags = {"1.0.0-python3.12.6", "1.1.0-python3.12.6", "1.2.0-python3.12.6",
                                           "1.2.0-python3.12.7", "1.2.0-python3.13.3", "latest",
                                           "1.10.0-python3.13.3"};
    CHECK(find_newer_version_tag(tags, ours, "latest-3.12") == "1.2.0-python3.12.7");
    CHECK(find_newer_version_tag(tags, ours, "latest-3.12", Version{1, 1, 9}) == std::nullopt);
    CHECK(find_newer_version_tag({"1.1.0-python3.12.6", "1.1.0-python3.13.3"}, ours, "latest-3.12") == std::nullopt);
}

TEST_CASE("A moving tag without a version of Python may have gone to another one") {
    const std::vector<std::string> tags = {"1.2.0-python3.12.6", "1.2.0-python3.13.3", "1.3.0-python3.13.3",
                                           "1.3.0-python3.14.0"};
    CHECK(find_newer_version_tag(tags, ours, "latest") == "1.3.0-python3.14.0");
    CHECK(find_newer_version_tag(tags, ours, "latest", Version{1, 2, 0}) == "1.2.0-python3.12.6");
}
