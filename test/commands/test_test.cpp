#include <catch2/catch_test_macros.hpp>

#include "cli/settings.h"
#include "commands/commands.h"
#include "expect.h"
#include "probe/fake_engine.h"

namespace {

/// An engine with an image, and a work tree without a matrix.
struct Stage {
    FakeWorld fake;
    FilesWithDisk files;
    FakeEngine engine{fake};

    Stage() {
        fake.http.stub("GET", "http://docker/_ping", 200, "OK", {{"Api-Version", "1.45"}});
        fake.http.stub("GET", "http://docker/v1.45/version", 200, R"({"Version":"26.1.5","ApiVersion":"1.45"})");
        fake.http.stub("GET", "http://docker/v1.45/info", 200, R"({"OSType":"linux","Architecture":"x86_64"})");
        files.texts["/var/run/docker.sock"] = "";
    }

    Result run(const std::map<std::string, std::string>& options) {
        const World world{fake.processes, fake.http,        files,    fake.clock,
                          fake.timings,   fake.environment, fake.out, fake.log};
        return run_test(world, parse_settings(options));
    }
};

}  // namespace

TEST_CASE("An image in the engine is tested without a matrix, with a report file") {
    Stage stage;
    const Result result = stage.run({{"reference", "registry:5000/team/service:1.0"}});
    CHECK(result.exit == Exit::refused);
    CHECK(result.outputs.at("tested") == "false");
    CHECK(holds(result.problems, "registry:5000/team/service:1.0: "));
    CHECK(result.problems.at(0).hint.starts_with("the check is called "));
    CHECK(stage.fake.out.str().starts_with("### registry:5000/team/service:1.0: "));
    CHECK(stage.files.texts.contains("out/tests/registry_5000_team_service_1.0.json"));
}

TEST_CASE("The contract file decides what is checked; an expired known failure is reported") {
    Stage stage;
    std::string off = "off: [";
    const Result all = stage.run({{"reference", "service:1"}});
    REQUIRE(all.problems.size() > 2);
    for (const Problem& problem : all.problems) {
        const std::string id = problem.hint.substr(20, problem.hint.find(' ', 20) - 20);
        if (id != "user-nonroot") off += id + ", ";
    }
    stage.files.texts["contract.yml"] =
        off.substr(0, off.size() - 2) +
        "]\nknown:\n  - {row: user-nonroot, reason: old, owner: team, review_by: 2026-11-22}\n";
    const Result result = stage.run({{"reference", "service:1"}, {"contract", "contract.yml"}});
    CHECK(result.exit == Exit::refused);
    CHECK(holds(result.problems, "contract.yml:3: warning: the known failure of \"user-nonroot\" ended on 2026-11-22"));

    std::string& text = stage.files.texts["contract.yml"];
    text.replace(text.find("2026-11-22"), 10, "2026-11-23");
    CHECK(stage.run({{"reference", "service:1"}, {"contract", "contract.yml"}}).exit == Exit::done);
}

TEST_CASE("Without a contract nothing is tested, and a notice says so") {
    Stage stage;
    const Result result = stage.run({{"reference", "service:1"}, {"contract", "off"}});
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("tested") == "off");
    CHECK(stage.fake.http.sent.empty());
}
