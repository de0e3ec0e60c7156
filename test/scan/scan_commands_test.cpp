#include "scan/scan_commands.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "scan/samples.h"

namespace {

const Digest manifest = *Digest::parse("sha256:" + std::string(64, 'a'));

Workplace workplace(FakeWorld& fake) {
    return prepare_workplace(fake.world(), "/job/one/trivy", "/caches/databases", std::chrono::seconds(900));
}

/// The environment of a scanner: its own directories, its settings, and `more`.
Environment scanner_environment(Environment more = {}, const std::string& path = "/usr/local/bin:/usr/bin:/bin") {
    more.insert({{"PATH", path},
                 {"HOME", "/job/one/trivy/home"},
                 {"TMPDIR", "/job/one/trivy/tmp"},
                 {"NO_COLOR", "1"},
                 {"GOGC", "400"},
                 {"GOMEMLIMIT", "2GiB"},
                 {"GRYPE_DB_CACHE_DIR", "/caches/databases/grype"},
                 {"GRYPE_DB_AUTO_UPDATE", "false"},
                 {"GRYPE_DB_VALIDATE_AGE", "false"},
                 {"GRYPE_CHECK_FOR_APP_UPDATE", "false"},
                 {"GRYPE_INCLUDE_MATCHER_SUPPRESSIONS", "true"}});
    return more;
}

std::string error_of(FakeWorld& fake) {
    return thrown_by([&] { find_scanners(fake.world()); });
}

/// A world with this answer of Trivy, and a valid Grype.
struct TrivyWorld : ScannerWorld {
    explicit TrivyWorld(const Finished& trivy) { processes.stub({"trivy", "version", "--config"}, trivy); }
    explicit TrivyWorld(const std::string& version)
        : TrivyWorld(Finished{.out = "{\"Version\": \"" + version + "\"}"}) {}
};

}  // namespace

TEST_CASE("a scanner's working directory contains only its own files") {
    FakeWorld fake;
    workplace(fake);
    CHECK(fake.files.names_in("/job/one/trivy") == std::vector<std::string>{"empty.yaml", "home", "tmp"});
    CHECK(fake.files.texts.at("/job/one/trivy/empty.yaml").empty());
}

TEST_CASE("Trivy gets the expected arguments") {
    FakeWorld fake;
    const Command command = make_trivy_scan(workplace(fake), manifest);
    CHECK(render_command(command) ==
          "trivy image --scanners vuln,secret --list-all-pkgs --config empty.yaml --ignorefile empty.yaml --cache-dir "
          "/caches/databases/trivy --cache-backend memory --skip-db-update --skip-java-db-update --offline-scan "
          "--skip-version-check --disable-telemetry --timeout 900s --format json --exit-code 0 --output trivy.json "
          "--input ../view@sha256:" +
              std::string(64, 'a'));
    CHECK(command.directory == "/job/one/trivy");
    CHECK(command.timeout == std::chrono::seconds(900));
    CHECK(command.environment == scanner_environment());
}

TEST_CASE("Trivy's SBOM is converted from its report") {
    FakeWorld fake;
    CHECK(render_command(make_trivy_sbom(workplace(fake))) ==
          "trivy convert --config empty.yaml --ignorefile empty.yaml --format cyclonedx --output trivy.cdx.json "
          "trivy.json");
}

TEST_CASE("Grype gets the expected arguments") {
    FakeWorld fake;
    const Command command = make_grype_scan(workplace(fake), "linux/arm64");
    CHECK(render_command(command) ==
          "grype -q -c empty.yaml oci-dir:../view --platform linux/arm64 -o json=grype.json -o "
          "cyclonedx-json=grype.cdx.json");
    CHECK(command.environment == scanner_environment());
}

TEST_CASE("each scanner reads its own SBOM") {
    FakeWorld fake;
    CHECK(render_command(make_sbom_scan(workplace(fake), Scanner::grype)) ==
          "grype -q -c empty.yaml sbom:grype.cdx.json -o json=grype.json");
    const std::vector<std::string> argv = make_sbom_scan(workplace(fake), Scanner::trivy).argv;
    CHECK(argv[1] == "sbom");
    CHECK(argv.back() == "trivy.cdx.json");
}

TEST_CASE("no variable of a workflow or pull request reaches a scanner, nor a proxy") {
    FakeWorld fake;
    fake.environment = {{"PATH", "/bin"},
                        {"TRIVY_SEVERITY", "CRITICAL"},
                        {"GRYPE_CONFIG", "evil"},
                        {"GITHUB_TOKEN", "canary"},
                        {"HTTPS_PROXY", "http://proxy"}};
    const Workplace place = workplace(fake);
    for (const Command& command :
         {make_trivy_scan(place, manifest), make_trivy_sbom(place), make_grype_scan(place, "linux/amd64"),
          make_sbom_scan(place, Scanner::trivy), make_sbom_scan(place, Scanner::grype),
          make_version_query(place, Scanner::trivy), make_version_query(place, Scanner::grype)}) {
        for (const char* name : {"TRIVY_SEVERITY", "GRYPE_CONFIG", "GITHUB_TOKEN", "HTTPS_PROXY"})
            CHECK_FALSE(command.environment.contains(name));
    }
}

TEST_CASE("only updates have access to the network") {
    FakeWorld fake;
    fake.environment = {
        {"PATH", "/bin"}, {"HOME", "/home/user"}, {"GITHUB_TOKEN", "canary"}, {"HTTPS_PROXY", "http://proxy"}};
    const Command trivy = make_trivy_download(workplace(fake), fake.world(), "mirror.example/trivy-db:2");
    CHECK(render_command(trivy) ==
          "trivy image --download-db-only --config empty.yaml --cache-dir /caches/databases/trivy --db-repository "
          "mirror.example/trivy-db:2 --skip-version-check --disable-telemetry --no-progress");
    CHECK(trivy.environment == scanner_environment({{"HTTPS_PROXY", "http://proxy"}}, "/bin"));

    const Command grype = make_grype_update(workplace(fake), fake.world());
    CHECK(render_command(grype) == "grype -c empty.yaml db update");
    CHECK(grype.environment.at("HTTPS_PROXY") == "http://proxy");
    CHECK(grype.environment.at("HOME") == "/job/one/trivy/home");
}

TEST_CASE("both scanners are found, with their versions") {
    ScannerWorld fake;
    CHECK(find_scanners(fake.world()) ==
          std::map<Scanner, std::string>{{Scanner::trivy, "0.74.0"}, {Scanner::grype, "0.121.2"}});
    CHECK(fake.processes.lines() == "trivy version --config empty.yaml --format json\ngrype version -o json\n");
    CHECK_FALSE(fake.files.is_directory("/tmp/fake-1"));
}

TEST_CASE("a paused scanner may be missing") {
    FakeWorld fake;
    fake.processes.stub({"trivy", "version"}, R"({"Version": "0.74.0"})");
    CHECK(find_scanners(fake.world(), {Scanner::grype}).size() == 1);
}

TEST_CASE("every missing scanner is reported") {
    FakeWorld fake;
    fake.processes.stub({"trivy"}, ended(127));
    fake.processes.stub({"grype"}, ended(127));
    CHECK(error_of(fake) ==
          "trivy is not on PATH\n"
          "  hint: install it: without both scanners there is no verdict\n"
          "grype is not on PATH\n"
          "  hint: install it: without both scanners there is no verdict\n");
}

TEST_CASE("the compromised versions of Trivy are never run") {
    for (const std::string version : {"0.69.4", "0.69.5", "0.69.6"}) {
        TrivyWorld fake(version);
        CHECK(
            error_of(fake) ==
            "trivy " + version +
                " is not run: it was released by an attacker (CVE-2026-33634)\n"
                "  hint: remove it, take every credential that it could read as stolen, and install another version\n");
    }
    TrivyWorld before("0.69.3");
    TrivyWorld after("0.70.0");
    CHECK(error_of(before) == "no error");
    CHECK(error_of(after) == "no error");
}

TEST_CASE("a scanner without a version is not used") {
    TrivyWorld fake("dev");
    CHECK(error_of(fake) ==
          "trivy says that it is version \"dev\"\n"
          "  hint: install a released trivy: a verdict has to name the version it comes from\n");
    TrivyWorld failing(ended(1, "cannot start\n"));
    CHECK(error_of(failing).find("cannot start") != std::string::npos);
}
