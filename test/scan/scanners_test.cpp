#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "scan/samples.h"

namespace {

std::string error_of(FakeWorld& fake) {
    try {
        find_scanners(fake.world());
    } catch (const Error& error) {
        CHECK(error.exit == Exit::failed);
        return render_problems(error.problems);
    }
    return "no error";
}

/// A world with this Trivy, and a Grype that is right.
struct TrivyWorld : FakeWorld {
    explicit TrivyWorld(const Finished& trivy) {
        processes.answer({"trivy", "version"}, trivy);
        processes.answer({"grype", "version"}, R"({"version": "0.121.2"})");
    }
};

Finished says(const std::string& out) {
    return {.exit_code = 0, .timed_out = false, .out = out, .err = "", .truncated = false};
}

}  // namespace

TEST_CASE("both scanners are found with their versions") {
    ScannerWorld fake;
    CHECK(find_scanners(fake.world()) ==
          std::map<Scanner, std::string>{{Scanner::trivy, "0.74.0"}, {Scanner::grype, "0.121.2"}});
    CHECK(fake.processes.lines() == "trivy version --config empty.yaml --format json\ngrype version -o json\n");
    CHECK_FALSE(fake.files.is_directory("/tmp/fake-1"));
}

TEST_CASE("a paused scanner need not be here") {
    FakeWorld fake;
    fake.processes.answer({"trivy", "version"}, R"({"Version": "0.74.0"})");
    CHECK(find_scanners(fake.world(), {Scanner::grype}).size() == 1);
}

TEST_CASE("every scanner that is missing is told") {
    FakeWorld fake;
    fake.processes.answer({"trivy"}, ended(127));
    fake.processes.answer({"grype"}, ended(127));
    CHECK(error_of(fake) ==
          "trivy is not on PATH\n"
          "  hint: install it: without both scanners there is no verdict\n"
          "grype is not on PATH\n"
          "  hint: install it: without both scanners there is no verdict\n");
}

TEST_CASE("the Trivys of the attack are not run") {
    for (const std::string version : {"0.69.4", "0.69.5", "0.69.6"}) {
        TrivyWorld fake(says("{\"Version\": \"" + version + "\"}"));
        CHECK(
            error_of(fake) ==
            "trivy " + version +
                " is not run: it was released by an attacker (CVE-2026-33634)\n"
                "  hint: remove it, take every credential that it could read as stolen, and install another version\n");
    }
    TrivyWorld before(says(R"({"Version": "0.69.3"})"));
    TrivyWorld after(says(R"({"Version": "0.70.0"})"));
    CHECK(error_of(before) == "no error");
    CHECK(error_of(after) == "no error");
}

TEST_CASE("a scanner that does not know its version is not used") {
    TrivyWorld fake(says(R"({"Version": "dev"})"));
    CHECK(error_of(fake) ==
          "trivy says that it is version \"dev\"\n"
          "  hint: install a released trivy: a verdict has to name the version it comes from\n");
    TrivyWorld broken(ended(1, "cannot start\n"));
    CHECK(error_of(broken).find("cannot start") != std::string::npos);
}
