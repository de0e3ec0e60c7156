#include "cli/settings.h"

#include <catch2/catch_test_macros.hpp>

namespace {

Problems errors_of(const std::map<std::string, std::string>& given) {
    try {
        parse_settings(given);
    } catch (const Error& error) {
        CHECK(error.exit == Exit::bad_input);
        return error.problems;
    }
    return {};
}

}  // namespace

TEST_CASE("Without options the documented defaults hold") {
    const Settings settings = parse_settings({});
    CHECK(settings.image_matrix == "image-matrix.json");
    CHECK(settings.out == "out");
    CHECK(settings.platforms == std::vector<std::string>{"linux/amd64"});
    CHECK(settings.runners == std::map<std::string, std::string>{{"linux/arm64", "ubuntu-24.04-arm"}});
    CHECK(settings.name_space == "defradigital");
    CHECK(settings.max_database_age == std::chrono::hours(48));
    CHECK_FALSE(settings.severity);
    CHECK(settings.sarif_severity == Severity::medium);
    CHECK_FALSE(settings.dry_run);
    CHECK(settings.jobs >= 1);
}

TEST_CASE("Every invalid value is reported at once, with the values that the option takes") {
    const Problems problems = errors_of({{"severity", "mediun"},
                                         {"jobs", "0"},
                                         {"dry-run", "yes"},
                                         {"today", "23.11.2026"},
                                         {"to", "ftp://x"},
                                         {"runners", "linux/arm64, linux/amd64=self-hosted linux x64"}});
    CHECK(problems.size() == 7);
    for (const char* place : {"ftp://x", "docker.io/defradigital", "python", "oci:"})
        CHECK(errors_of({{"to", place}}).size() == 1);
    for (const char* place : {"docker.io", "localhost:5000", "oci:a/b"})
        CHECK(parse_settings({{"to", place}}).to == place);
    CHECK(errors_of({{"severity", "mediun"}}).front().what == "--severity does not take \"mediun\"");
    CHECK(errors_of({{"severity", "unknown"}}).size() == 1);
    CHECK(errors_of({{"digest", "sha256:12"}}).size() == 1);
    CHECK(errors_of({{"platforms", ","}}).size() == 1);
}

TEST_CASE("Booleans are those of YAML 1.2: true and false in three spellings") {
    CHECK(parse_settings({{"dry-run", "TRUE"}}).dry_run);
    CHECK_FALSE(parse_settings({{"dry-run", "False"}}).dry_run);
    for (const char* word : {"yes", "1", "on", "tRue"}) CHECK(errors_of({{"dry-run", word}}).size() == 1);
}

TEST_CASE("Lists and pairs are parsed") {
    const Settings settings =
        parse_settings({{"only", "3.13.*, *-production"},
                        {"runners", "linux/amd64=[\"self-hosted\",\"x64\"]\nlinux/arm64=ubuntu-24.04-arm"},
                        {"cache-to", "type=local,dest=a;type=inline"}});
    CHECK(settings.only == std::vector<std::string>{"3.13.*", "*-production"});
    CHECK(settings.runners.at("linux/amd64") == R"(["self-hosted","x64"])");
    CHECK(settings.runners.at("linux/arm64") == "ubuntu-24.04-arm");
    CHECK(settings.cache_to == std::vector<std::string>{"type=local,dest=a", "type=inline"});
}

TEST_CASE("Every list takes its separator or one entry per line") {
    const auto read = [](const std::string& name) {
        const std::map<std::string, std::string> values = {{"mirrors", "a=b\nc=d,e=f\n"},
                                                           {"runners", "a=b\nc=d,e=f\n"},
                                                           {"cache-from", "type=gha,scope=a\ntype=inline;type=local"}};
        const auto value = values.find(name);
        return parse_settings(
            {{name, value == values.end() ? "linux/amd64\r\n linux/arm64,\n\nlinux/s390x" : value->second}});
    };
    const std::vector<std::string> three = {"linux/amd64", "linux/arm64", "linux/s390x"};
    CHECK(read("platforms").platforms == three);
    CHECK(read("only").only == three);
    CHECK(read("publish-branches").publish_branches == three);
    CHECK(read("reference").references == three);
    CHECK(read("vulnerability").vulnerabilities == three);
    CHECK(read("notify").notify == three);
    CHECK(read("mirrors").mirrors.size() == 3);
    CHECK(read("runners").runners.size() == 3);
    CHECK(read("cache-from").cache_from == std::vector<std::string>{"type=gha,scope=a", "type=inline", "type=local"});
}
