#include <catch2/catch_test_macros.hpp>

#include "scan/samples.h"

namespace {

constexpr const char* stale =
    R"({"Version": 2, "NextUpdate": "2026-11-22T06:00:00Z", "UpdatedAt": "2026-11-21T06:00:00Z"})";
constexpr const char* fresh =
    R"({"Version": 2, "NextUpdate": "2026-11-24T06:00:00Z", "UpdatedAt": "2026-11-23T11:00:00Z"})";

/// Downloads a database to the cache directory in Trivy's arguments.
FakeProcesses::Effect download(FakeWorld& fake) {
    return [&fake](const Command& command) {
        const std::filesystem::path cache = command.argv.at(6);
        fake.files.write(cache / "db" / "metadata.json", fresh);
        fake.files.write(cache / "db" / "trivy.db", "new");
        return Finished{};
    };
}

std::size_t count_runs(const FakeWorld& fake, const std::string& line) {
    std::size_t count = 0;
    for (const Command& command : fake.processes.ran)
        count += render_command(command).find(line) != std::string::npos ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("a database is identified by its schema, source, digest and date") {
    ScannerWorld fake;
    const DatabaseState trivy = load_database_state(fake.world(), "/db", Scanner::trivy);
    CHECK(trivy.description == "schema 2 from mirror.example/trivy-db:2");
    CHECK(trivy.date == parse_time("2026-11-23T06:00:00Z"));
    CHECK(trivy.failure.empty());
    CHECK_FALSE(trivy.sample);
    const DatabaseState grype = load_database_state(fake.world(), "/db", Scanner::grype);
    CHECK(grype.description == "schema v6.1.10 from https://grype.example/db.tar.zst");
    fake.files.texts["/db/grype/6/import.json"] = R"({"digest": "xxh64:65b9f1edddce93dc"})";
    CHECK(load_database_state(fake.world(), "/db", Scanner::grype).description ==
          "schema v6.1.10 from https://grype.example/db.tar.zst, xxh64:65b9f1edddce93dc");
    CHECK(grype.date == parse_time("2026-11-23T06:00:00Z"));
    CHECK(grype.failure.empty());
    CHECK(fake.processes.ran.back().environment.at("GRYPE_DB_CACHE_DIR") == "/db/grype");
}

TEST_CASE("sample data is marked as such") {
    ScannerWorld fake;
    fake.files.texts["/db/sample.json"] = "{}";
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        const DatabaseState state = load_database_state(fake.world(), "/db", scanner);
        CHECK(state.sample);
        CHECK(state.description.starts_with("sample data, schema "));
    }
}

TEST_CASE("a missing or damaged database, or one without a date, is reported with the reason") {
    ScannerWorld fake;
    const auto failure = [&](Scanner scanner) { return load_database_state(fake.world(), "/db", scanner).failure; };
    fake.files.texts["/db/trivy/db/metadata.json"] = R"({"Version": 2})";
    CHECK(failure(Scanner::trivy) == "Trivy's database in /db/trivy does not say when it was made");
    fake.files.texts["/db/trivy/db/metadata.json"] = "{";
    CHECK(failure(Scanner::trivy).find("/db/trivy/db/metadata.json") != std::string::npos);
    fake.files.remove("/db/trivy");
    CHECK(failure(Scanner::trivy) == "there is no Trivy database in /db/trivy");

    fake.processes.stubs.clear();
    fake.processes.stub({"grype"},
                        Finished{.exit_code = 1, .out = R"({"valid": false, "error": "database does not exist"})"});
    CHECK(failure(Scanner::grype) == "Grype's database in /db/grype cannot be used: database does not exist");
    fake.processes.stubs.clear();
    fake.processes.stub({"grype"}, ended(1, "malformed\n"));
    CHECK(failure(Scanner::grype).find("malformed") != std::string::npos);
}

TEST_CASE("no request is sent before the next update that Trivy's database announces") {
    ScannerWorld fake;
    fake.processes.stub({"grype", "-c", "empty.yaml", "db", "update"}, "");
    CHECK(update_databases(fake.world(), "/db").empty());
    CHECK(count_runs(fake, "--download-db-only") == 0);
    CHECK(count_runs(fake, "db update") == 1);
}

TEST_CASE("a stale database is replaced by a complete new one") {
    ScannerWorld fake;
    fake.files.texts["/db/trivy/db/metadata.json"] = stale;
    fake.files.texts["/db/trivy/db/trivy.db"] = "old";
    fake.processes.stub({"grype", "-c", "empty.yaml", "db", "update"}, "");
    fake.processes.stub_with({"trivy", "image", "--download-db-only"}, download(fake));
    CHECK(update_databases(fake.world(), "/db").empty());
    CHECK(fake.files.texts.at("/db/trivy/db/trivy.db") == "new");
    CHECK(fake.files.texts.at("/db/trivy/source") == "mirror.gcr.io/aquasec/trivy-db:2\n");
    CHECK(fake.files.names_in("/db") == std::vector<std::string>{"trivy"});
}

TEST_CASE("mirrors are tried in order until one responds") {
    ScannerWorld fake;
    fake.files.remove("/db/trivy");
    fake.processes.stub({"grype", "-c", "empty.yaml", "db", "update"}, "");
    fake.processes.stub({"trivy", "image", "--download-db-only"}, ended(1, "429 Too Many Requests\n"));
    fake.processes.stub_with({"trivy", "image", "--download-db-only"}, download(fake));
    CHECK(update_databases(fake.world(), "/db").empty());
    CHECK(fake.files.texts.at("/db/trivy/source") == "ghcr.io/aquasecurity/trivy-db:2\n");
    CHECK(count_runs(fake, "--db-repository mirror.gcr.io/aquasec/trivy-db:2") == 1);
}

TEST_CASE("a failed download leaves the old database and is reported") {
    ScannerWorld fake;
    fake.files.texts["/db/trivy/db/metadata.json"] = stale;
    fake.files.texts["/db/trivy/db/trivy.db"] = "old";
    fake.processes.stub({"grype", "-c", "empty.yaml", "db", "update"},
                        ended(1, "ERROR failed to update: checksums did not match\n"));
    fake.processes.stub_with({"trivy", "image", "--download-db-only"}, [&](const Command& command) {
        download(fake)(command);
        fake.files.write(std::filesystem::path(command.argv.at(6)) / "db" / "trivy.db", "half");
        return ended(1, "FATAL connection reset by peer\n");
    });
    const Problems problems = update_databases(fake.world(), "/db");
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].level == Level::warning);
    CHECK(problems[0].what.starts_with(
        "trivy's vulnerability database could not be renewed; the one of 2026-11-21T06:00:00Z is used\n"));
    CHECK(problems[0].what.find("connection reset by peer") != std::string::npos);
    CHECK(problems[1].what.starts_with(
        "grype's vulnerability database could not be renewed; the one of 2026-11-23T06:00:00Z is used\n"));
    CHECK(problems[1].what.find("checksums did not match") != std::string::npos);
    CHECK(fake.files.texts.at("/db/trivy/db/trivy.db") == "old");
    CHECK(fake.files.names_in("/db") == std::vector<std::string>{"trivy"});
}

TEST_CASE("a download that succeeds without a database is a failure") {
    ScannerWorld fake;
    fake.files.remove("/db/trivy");
    fake.processes.stub({"grype", "-c", "empty.yaml", "db", "update"}, "");
    fake.processes.stub({"trivy", "image", "--download-db-only"}, "");
    const Problems problems = update_databases(fake.world(), "/db");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].what.starts_with(
        "trivy's vulnerability database could not be renewed; there is none, so nothing can be judged by trivy\n"));
}

TEST_CASE("sample data is not updated") {
    ScannerWorld fake;
    fake.files.texts["/db/sample.json"] = "{}";
    fake.files.texts["/db/trivy/db/metadata.json"] = stale;
    CHECK(update_databases(fake.world(), "/db").empty());
    CHECK(fake.processes.ran.empty());
}
