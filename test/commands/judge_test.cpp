#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "base/json.h"
#include "cli/options.h"
#include "commands/github_world.h"
#include "places.h"

namespace {

/// out/bases.json with both bases of the work tree's Dockerfile for Python 3.13.3. `now` is the digest to which the
/// reference of the development image's base resolves today.
std::string bases_json(const Digest& now) {
    return R"([{"reference": "python:3.13.3-slim-bookworm", "digest": ")" + sha256("built on").text() +
           R"(", "created": "2026-11-01T00:00:00Z", "digestNow": ")" + now.text() +
           R"(", "layers": {"linux/amd64": 1}}, {"reference": "gcr.io/distroless/cc-debian12:nonroot", "digest": ")" +
           sha256("distroless").text() + R"(", "digestNow": ")" + sha256("distroless").text() + R"("}])";
}

/// The files named in the SARIF of the one image in the work tree.
std::set<std::string> files_in_sarif(FakeWorld& fake) {
    const std::vector<std::string> names = fake.files.names_in("out/sarif");
    REQUIRE(names.size() == 1);
    const rapidjson::Document log = parse_tool_json(fake.files.texts.at("out/sarif/" + names[0]), names[0]);
    std::set<std::string> files;
    for (const Json& result : items_at(items_at(log, "runs")[0], "results")) {
        const Json& location = member(items_at(result, "locations")[0], "physicalLocation");
        files.insert(text_at(member(location, "artifactLocation"), "uri"));
    }
    return files;
}

/// A laptop with only two reports of one image.
struct TwoReports : FakeWorld {
    TwoReports() {
        for (const char* name : {"trivy.json", "grype.json"}) {
            std::ifstream file(fixtures_dir() + "/verdict/" + name, std::ios::binary);
            files.texts[name] = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        }
    }
    Result judge(std::map<std::string, std::string> given) {
        given.insert({"max-database-age", "100000"});
        return run_judge(world(), parse_settings(given));
    }
    std::string verdict() {
        const std::vector<std::string> names = files.names_in("out/verdicts");
        REQUIRE(names.size() == 1);
        return files.texts.at("out/verdicts/" + names[0]);
    }
};

const std::map<std::string, std::string> both = {{"trivy", "trivy.json"}, {"grype", "grype.json"}};

}  // namespace

TEST_CASE("Images without a scan are unknown: exit 3, no SARIF, and the report gives the reason") {
    BuiltWorld fake;
    const Result result = run_judge(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::failed);
    CHECK(result.outputs.at("verdict") == "unknown");
    CHECK(result.outputs.at("sarif").empty());
    CHECK(fake.files.names_in("out/sarif").empty());
    CHECK(fake.files.texts.contains("out/verdict.json"));
    CHECK(fake.files.texts.contains("out/summary.md"));
}

TEST_CASE("The reports of an earlier run are removed before anything else") {
    WorkTreeWorld fake;
    for (const char* made : {"sarif/a.sarif", "verdicts/a.json", "verdict.json", "summary.md", "report.html"})
        fake.files.texts[std::filesystem::path("out") / made] = "of yesterday";
    const auto cannot = [&](const std::string& command, const std::map<std::string, std::string>& given) {
        try {
            find_command(command)->run(fake.world(), parse_settings(given));
        } catch (const Error&) {
            return fake.files.names_in("out").empty();
        }
        return false;
    };
    const auto before = fake.files.texts;
    CHECK(cannot("judge", {}));  // nothing is built
    fake.files.texts = before;
    CHECK(cannot("scan", {}));
    fake.files.texts = before;
    CHECK(cannot("run", {{"image-matrix", "none.json"}}));
}

TEST_CASE("Scanning another image leaves the reports of this checkout unchanged, also if it fails") {
    const std::vector<std::string> made = {"sarif/a.sarif", "verdicts/a.json", "verdict.json",
                                           "summary.md",    "report.html",     "findings.csv"};
    TwoReports fake;
    for (const std::string& name : made) fake.files.texts[std::filesystem::path("out") / name] = "of this checkout";
    const auto are_there = [&] {
        return std::all_of(made.begin(), made.end(), [&](const std::string& name) {
            return fake.files.texts.at(std::filesystem::path("out") / name) == "of this checkout";
        });
    };
    CHECK_THROWS(fake.judge({{"trivy", "none.json"}}));
    CHECK_THROWS(find_command("scan")->run(fake.world(), parse_settings({{"layout", "none"}})));
    CHECK_THROWS(find_command("scan")->run(fake.world(), parse_settings({{"reference", "not a reference"}})));
    CHECK(are_there());
    CHECK(fake.judge(both).exit == Exit::refused);
    CHECK(are_there());
    CHECK(holds(fake.files.texts.at("out/other/report.html"), "CVE-2026-0001"));
    CHECK(holds(fake.files.texts.at("out/other/findings.csv"), "CVE-2026-0001"));
    CHECK(holds(fake.out.str(), "look at out/other/report.html"));
    CHECK_THROWS(fake.judge({{"trivy", "none.json"}}));
    CHECK_FALSE(fake.files.texts.contains("out/other/report.html"));  // it could be mistaken for that of the last run
    CHECK(are_there());
}

TEST_CASE("All missing images are named, with the command that builds them") {
    WorkTreeWorld fake;
    const Error error = error_of([&] { run_judge(fake.world(), parse_settings({{"only", "3.13.3-*"}})); });
    CHECK(error.exit == Exit::bad_input);
    REQUIRE(error.problems.size() == 2);
    CHECK(error.problems.front().hint == "python-image-action build makes it");
}

TEST_CASE("A damaged list of receipts is not a clean scan") {
    BuiltWorld fake;
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

TEST_CASE("A waiver until the base is rebuilt ends for images on that base, with the advice to rebuild") {
    GitHubWorld fake;
    fake.finding = "CVE-2026-1111";
    fake.files.texts["vulnerability-policy.yml"] =
        "exceptions: [{id: CVE-2026-1111, reason: r, owner: me, added: 2026-11-20, until: base-rebuilt}]\n";
    const Settings settings = fake.settings({{"only", "3.13.3-*"}});
    fake.files.texts["out/bases.json"] = bases_json(sha256("built on"));
    CHECK(run_scan(fake.world(), settings).outputs.at("verdict") == "clean");

    fake.files.texts["out/bases.json"] = bases_json(sha256("rebuilt"));
    const Result result = run_judge(fake.world(), settings);
    CHECK(result.outputs.at("verdict") == "vulnerable");
    const std::string development = fake.files.texts.at("out/verdicts/3.13.3-development-linux-amd64.json");
    CHECK(holds(development, R"("outcome": "vulnerable")"));
    CHECK(holds(fake.files.texts.at("out/verdicts/3.13.3-production-linux-amd64.json"), R"("outcome": "clean")"));
    const std::string& summary = fake.files.texts.at("out/summary.md");
    CHECK(holds(summary, "build again: python:3.13.3-slim-bookworm was rebuilt since"));
    CHECK(holds(summary, "the base was rebuilt, so the exception for CVE-2026-1111 no longer applies to 1 finding"));
}

TEST_CASE("An image given as two reports is called by its own name, and the reports by their paths") {
    TwoReports fake;
    std::string& trivy = fake.files.texts["trivy.json"];
    const std::string before = trivy;
    const auto named = [&](const std::string& tags) {
        trivy = before;
        trivy.insert(trivy.find("\"Metadata\"") + trivy.substr(trivy.find("\"Metadata\"")).find('{') + 1, tags);
        fake.judge(both);
        const rapidjson::Document verdict = parse_tool_json(fake.files.texts.at("out/verdict.json"), "verdict.json");
        const Json& image = items_at(verdict, "images")[0];
        return text_at(image, "name") + " " + text_at(image, "image") + " " + text_at(image, "category");
    };
    CHECK(named(R"("RepoTags": ["example-service:latest"], )") ==
          "example-service-latest example-service:latest images/example-service/");
    CHECK(named(R"("RepoTags": ["registry.example:5000/a/b:1.0"], )") ==
          "registry.example-5000-a-b-1.0 registry.example:5000/a/b:1.0 images/registry.example-5000-a-b/");
    CHECK(holds(fake.out.str(), "registry.example:5000/a/b:1.0"));
    CHECK(holds(fake.out.str(), "look at out/report.html"));
}

TEST_CASE("Two reports of one image are judged without a matrix; the digest is from Grype's report") {
    TwoReports fake;
    const Result result = fake.judge(both);
    CHECK(result.exit == Exit::refused);
    CHECK(result.outputs.at("verdict") == "vulnerable");
    CHECK(holds(fake.verdict(), sha256("manifest").text()));
    CHECK(fake.files.names_in("out/sarif").size() == 1);
    CHECK(fake.judge({{"trivy", "trivy.json"}, {"grype", "grype.json"}, {"digest", sha256("manifest").text()}}).exit ==
          Exit::refused);
}

TEST_CASE("Reports of two images, or of an image other than --digest, give an unknown verdict") {
    TwoReports fake;
    std::string& trivy = fake.files.texts["trivy.json"];
    const std::string before = trivy;
    trivy.replace(trivy.find(sha256("config").hex()), 64, sha256("another").hex());
    CHECK(fake.judge(both).outputs.at("verdict") == "unknown");
    trivy = before;
    CHECK(fake.judge({{"trivy", "trivy.json"}, {"grype", "grype.json"}, {"digest", sha256("x").text()}}).exit ==
          Exit::failed);
    CHECK(fake.files.names_in("out/sarif").empty());
}

TEST_CASE("With one report the verdict is unknown, and its findings are still shown") {
    for (const std::string scanner : {"trivy", "grype"}) {
        TwoReports fake;
        const Result result = fake.judge({{scanner, scanner + ".json"}});
        CHECK(result.exit == Exit::failed);
        CHECK(result.outputs.at("verdict") == "unknown");
        CHECK(result.outputs.at("findings") != "0");
        CHECK(holds(fake.verdict(),
                    "no report of " + std::string(scanner == "trivy" ? "grype" : "trivy") + " was given"));
        CHECK(holds(fake.files.texts.at("out/report.html"), "CVE-2026-0001"));
        CHECK(fake.files.names_in("out/sarif").empty());
    }
}

TEST_CASE("An invalid report counts as a missing scan; without any report the command fails") {
    for (const std::string text : {"", "{}", "[]", "{\"matches\": []}"}) {
        TwoReports fake;
        fake.files.texts["grype.json"] = text;
        const Result result =
            fake.judge({{"trivy", "trivy.json"}, {"grype", "grype.json"}, {"digest", sha256("manifest").text()}});
        CHECK(result.exit == Exit::failed);
        CHECK(holds(fake.files.texts.at("out/report.html"), "CVE-2026-0001"));
        fake.files.texts["trivy.json"] = text;
        const Error error = error_of([&] { fake.judge(both); });
        CHECK(error.exit == Exit::failed);
        CHECK(error.problems.size() == 2);
    }
    TwoReports fake;
    const Error error = error_of([&] { fake.judge({{"trivy", "none.json"}, {"grype", "grype.json"}}); });
    CHECK(error.exit == Exit::bad_input);
}

TEST_CASE("The verdict names the policy file that was read, or says that there is none") {
    const auto policy_of = [](TwoReports& fake) {
        fake.judge(both);
        return text_at(parse_tool_json(fake.files.texts.at("out/verdict.json"), "verdict.json"), "policy");
    };
    TwoReports fake;
    CHECK(policy_of(fake) == "no policy file");
    fake.files.texts["vulnerability-policy.yml"] = "";
    CHECK(policy_of(fake).starts_with("vulnerability-policy.yml at sha256:"));
}

TEST_CASE("Only the policy accepts risks: a scanner's ignore file is an error on its first line") {
    for (const std::string name : {".trivyignore", ".trivyignore.yaml", ".trivyignore.yml", ".grype.yaml", ".grype.yml",
                                   ".grype.json", ".grype/config.yaml"}) {
        TwoReports fake;
        fake.files.texts[name] = "{ignore: [{vulnerability: CVE-2026-0001}]}\n";
        if (name.starts_with(".trivyignore.")) fake.files.texts[name] = "vulnerabilities: [{id: CVE-2026-0001}]\n";
        if (name == ".trivyignore") fake.files.texts[name] = "CVE-2026-0001\n";
        const Error error = error_of([&] { fake.judge(both); });
        CHECK(error.exit == Exit::bad_input);
        CHECK(holds(error.problems, name + ":1: is no longer applied: risks are accepted in vulnerability-policy.yml"));
    }
}

TEST_CASE("An alert keeps its file when a fix appears, the base is rebuilt or the risk is accepted") {
    for (const bool of_debian : {true, false}) {
        GitHubWorld fake;
        fake.finding = "CVE-2026-1111";
        fake.of_debian = of_debian;
        const Settings settings = fake.settings({{"only", "3.13.3-development"}});
        const std::set<std::string> expected = {of_debian ? "image-matrix.json" : "Dockerfile"};
        fake.files.texts["out/bases.json"] = bases_json(sha256("built on"));
        fake.fixed = false;
        run_scan(fake.world(), settings);
        CHECK(files_in_sarif(fake) == expected);

        fake.fixed = true;
        run_scan(fake.world(), settings);
        CHECK(files_in_sarif(fake) == expected);
        if (of_debian)
            CHECK(holds(fake.files.texts.at("out/summary.md"), "Add libssl3 to image/security-upgrades.txt"));

        fake.files.texts["out/bases.json"] = bases_json(sha256("rebuilt"));
        run_judge(fake.world(), settings);
        CHECK(files_in_sarif(fake) == expected);

        fake.files.texts["vulnerability-policy.yml"] = "exceptions: [{id: CVE-2026-1111, reason: r, owner: me}]\n";
        CHECK(run_judge(fake.world(), settings).outputs.at("verdict") == "clean");
        CHECK(files_in_sarif(fake) == expected);
    }
}

TEST_CASE("Findings of an external image are annotated without a location; SARIF still names a file") {
    TwoReports fake;
    fake.files.texts["Dockerfile"] = "FROM scratch\n";
    for (const Problem& problem : fake.judge(both).problems) CHECK(problem.at.file.empty());
    CHECK(files_in_sarif(fake) == std::set<std::string>{"Dockerfile"});
}

TEST_CASE("SARIF names files relative to the repository, also if the work tree is a subdirectory") {
    GitHubWorld fake;
    fake.finding = "CVE-2026-1111";
    fake.environment["GITHUB_REF"] = "refs/heads/topic";
    fake.environment["GITHUB_WORKSPACE"] = "/github/workspace";
    const Settings settings =
        fake.settings({{"only", "3.13.3-development"}, {"directory", "/github/workspace/images/python"}});
    run_scan(fake.world(), settings);
    run_judge(fake.world(), settings);
    CHECK(files_in_sarif(fake) == std::set<std::string>{"images/python/image-matrix.json"});
    REQUIRE(fake.hub.analyses.size() == 1);
    CHECK(holds(fake.hub.analyses.front().text, "\"images/python/image-matrix.json\""));
}
