#include <catch2/catch_test_macros.hpp>

#include "commands/built_images.h"
#include "commands/commands.h"

namespace {

void put_event(FakeWorld& fake, const std::string& name, const std::string& ref) {
    fake.environment = {{"GITHUB_ACTIONS", "true"},
                        {"GITHUB_EVENT_NAME", name},
                        {"GITHUB_REF", ref},
                        {"GITHUB_REPOSITORY", "defra/images"},
                        {"GITHUB_EVENT_PATH", "/event"},
                        {"GITHUB_SERVER_URL", "https://github.com"},
                        {"GITHUB_SHA", std::string(40, 'a')}};
    fake.files.texts["/event"] = R"({"repository":{"full_name":"defra/images","default_branch":"main","fork":false}})";
}

}  // namespace

TEST_CASE("An image without a scan is not published, and the first line says that nothing visible changed") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    const Result result = run_publish(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::failed);
    CHECK(result.problems.front().what == "Nothing visible changed.");
    CHECK(result.problems.size() == 5);
    CHECK(result.outputs.at("published") == "false");
    CHECK(fake.files.names_in("out/registry").empty());
}

TEST_CASE("A pull request publishes nothing and gives the reason") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    put_event(fake, "pull_request", "refs/pull/1/merge");
    const Result result = run_publish(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("published") == "false");
    CHECK(result.outputs.at("reason") == "an event of the kind \"pull_request\" never publishes");
    CHECK(result.summary.starts_with("**Publication:** "));
    CHECK(result.summary.find("never publishes") != std::string::npos);
}

TEST_CASE("publish: required fails if nothing may be published") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    put_event(fake, "push", "refs/heads/topic");
    try {
        run_publish(fake.world(), parse_settings({{"publish", "required"}}));
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.exit == Exit::failed);
        CHECK(error.problems.front().what ==
              "Nothing visible changed. This run must publish, but the branch topic does not publish");
    }
}

TEST_CASE("A dry run prints every reason and writes nothing at the destination") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    run_publish(fake.world(), parse_settings({{"dry-run", "true"}, {"to", "oci:elsewhere"}}));
    CHECK(fake.out.str().find("nothing may be published to oci:elsewhere") != std::string::npos);
    CHECK_FALSE(fake.files.is_directory("elsewhere"));
}
