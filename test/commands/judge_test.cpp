#include <catch2/catch_test_macros.hpp>

#include "base/json.h"
#include "commands/built_images.h"
#include "commands/commands.h"

TEST_CASE("Images that nobody scanned are unknown: exit 3, no SARIF, and the report says why") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    const Result result = run_judge(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::failed);
    CHECK(result.outputs.at("verdict") == "unknown");
    CHECK(result.outputs.at("sarif").empty());
    CHECK(fake.files.names_in("out/sarif").empty());
    CHECK(fake.files.texts.contains("out/verdict.json"));
    CHECK(fake.files.texts.contains("out/summary.md"));
}

TEST_CASE("A SARIF file of an earlier run does not survive an unknown verdict") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    fake.files.texts["out/sarif/3.13.3-production-linux-amd64.sarif"] = "{}";
    run_judge(fake.world(), parse_settings({}));
    CHECK(fake.files.names_in("out/sarif").empty());
}

TEST_CASE("Images that are not built are all named, with the command that builds them") {
    FakeWorld fake;
    fill_work_tree(fake);
    try {
        run_judge(fake.world(), parse_settings({{"only", "3.13.3-*"}}));
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.exit == Exit::bad_input);
        REQUIRE(error.problems.size() == 2);
        CHECK(error.problems.front().hint == "python-image-action build makes it");
    }
}

TEST_CASE("A receipt of receipts that was damaged is no clean scan") {
    FakeWorld fake;
    fill_work_tree(fake);
    put_all_layouts(fake);
    fake.files.texts["out/scans/3.13.3-production-linux-amd64/receipt.json"] = "[]";
    const Settings settings = parse_settings({{"only", "3.13.3-production"}});
    Exit exit = Exit::failed;
    try {
        exit = run_judge(fake.world(), settings).exit;
    } catch (const Error& error) {
        exit = error.exit;
    }
    CHECK(exit == Exit::failed);
}
