#include <catch2/catch_test_macros.hpp>

#include "scan/samples.h"

TEST_CASE("a database is known by its schema, its source and its date") {
    ScannerWorld fake;
    const DatabaseState trivy = load_database_state(fake.world(), "/db", Scanner::trivy);
    CHECK(trivy.description == "schema 2 from mirror.example/trivy-db:2");
    CHECK(trivy.date == parse_time("2026-11-23T06:00:00Z"));
    CHECK(trivy.failure.empty());
    CHECK_FALSE(trivy.sample);
    const DatabaseState grype = load_database_state(fake.world(), "/db", Scanner::grype);
    CHECK(grype.description == "schema v6.1.10 from https://grype.example/db.tar.zst");
    CHECK(grype.date == parse_time("2026-11-23T06:00:00Z"));
    CHECK(grype.failure.empty());
    CHECK(fake.processes.ran.back().environment.at("GRYPE_DB_CACHE_DIR") == "/db/grype");
}

TEST_CASE("sample data says so") {
    ScannerWorld fake;
    fake.files.texts["/db/sample.json"] = "{}";
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        const DatabaseState state = load_database_state(fake.world(), "/db", scanner);
        CHECK(state.sample);
        CHECK(state.description.starts_with("sample data, schema "));
    }
}

TEST_CASE("a database that is missing, damaged or without a date cannot be used, and why is said") {
    ScannerWorld fake;
    const auto failure = [&](Scanner scanner) { return load_database_state(fake.world(), "/db", scanner).failure; };
    fake.files.texts["/db/trivy/db/metadata.json"] = R"({"Version": 2})";
    CHECK(failure(Scanner::trivy) == "Trivy's database in /db/trivy does not say when it was made");
    fake.files.texts["/db/trivy/db/metadata.json"] = "{";
    CHECK(failure(Scanner::trivy).find("/db/trivy/db/metadata.json") != std::string::npos);
    fake.files.remove("/db/trivy");
    CHECK(failure(Scanner::trivy) == "there is no Trivy database in /db/trivy");

    fake.processes.answers.clear();
    fake.processes.answer({"grype"}, Finished{.exit_code = 1,
                                              .timed_out = false,
                                              .out = R"({"valid": false, "error": "database does not exist"})",
                                              .err = "",
                                              .truncated = false});
    CHECK(failure(Scanner::grype) == "Grype's database in /db/grype cannot be used: database does not exist");
    fake.processes.answers.clear();
    fake.processes.answer({"grype"}, ended(1, "malformed\n"));
    CHECK(failure(Scanner::grype).find("malformed") != std::string::npos);
}
