#include <catch2/catch_test_macros.hpp>

#include "commands/github_world.h"

TEST_CASE("An image without a scan is not published, and the first line says that nothing visible changed") {
    BuiltWorld fake;
    const Result result = run_publish(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::failed);
    CHECK(result.problems.front().what == "Nothing visible changed.");
    CHECK(result.problems.size() == 5);
    CHECK(result.outputs.at("published") == "false");
    CHECK(fake.files.names_in("out/registry").empty());
}

TEST_CASE("Images that were published without a test of their contract are named") {
    GitHubWorld fake;
    CHECK(holds(fake.publish().problems, "published without a test of the contract: 3.13.3-"));
    GitHubWorld tested;
    tested.put_contracts(RowResult::passed);
    CHECK_FALSE(holds(tested.publish().problems, "without a test"));
    GitHubWorld other;
    other.put_contracts(RowResult::passed, "of-another-image-");
    CHECK(holds(other.publish().problems, "without a test"));
}

TEST_CASE("An image is not published as another version than it was built as") {
    GitHubWorld fake;
    const auto build = [&](const std::string& repository) {
        for (const std::string& name : built_images) {
            put_layout(
                fake, name + "-linux-amd64", name,
                R"(,"uk.gov.defra.python.version":"1.0.0","uk.gov.defra.python.repository":")" + repository + '"');
        }
    };
    build("defradigital/python");
    CHECK_FALSE(holds(fake.publish().problems, "was built as"));
    fake.set_version("1.0.1");
    const Result result = fake.publish();
    CHECK(result.exit == Exit::refused);
    CHECK(holds(result.problems, "3.12.6-production-linux-amd64 was built as 1.0.0, and is to be published as 1.0.1"));
    CHECK_FALSE(holds(result.problems, "development-linux-amd64 was built as"));  // these labels are not about it
    build("another/parent");
    CHECK_FALSE(holds(fake.publish().problems, "was built as"));
}

TEST_CASE("A pull request publishes nothing and gives the reason") {
    GitHubWorld fake;
    fake.start_pull_request();
    const Result result = run_publish(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("published") == "false");
    CHECK(result.outputs.at("reason") == "an event of the kind \"pull_request\" never publishes");
    CHECK(result.summary.starts_with("**Publication:** "));
    CHECK(holds(result.summary, "never publishes"));
}

TEST_CASE("publish: required fails if nothing may be published") {
    GitHubWorld fake;
    fake.environment["GITHUB_REF"] = "refs/heads/topic";
    const Error error = error_of([&] { run_publish(fake.world(), parse_settings({{"publish", "required"}})); });
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what ==
          "Nothing visible changed. This run must publish, but the branch topic does not publish");
}

TEST_CASE("A dry run prints every reason and writes nothing at the destination") {
    BuiltWorld fake;
    run_publish(fake.world(), parse_settings({{"dry-run", "true"}, {"to", "oci:elsewhere"}}));
    CHECK(holds(fake.out.str(), "nothing may be published to oci:elsewhere"));
    CHECK_FALSE(fake.files.is_directory("elsewhere"));
}
