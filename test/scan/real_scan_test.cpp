// The real scanners, on a stand-in base of the set-up, with its sample databases.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "real_world.h"
#include "scan/scan.h"

namespace {

namespace fs = std::filesystem;

/// A world with tools, databases and a layout; the test is skipped where one of them is missing.
struct ScanGround : RealWorld {
    fs::path databases;
    std::optional<Layout> layout;

    ScanGround() {
        try {
            find_scanners(world());
        } catch (const Error& error) {
            SKIP("the scanners are not here:\n" << render_problems(error.problems));
        }
        for (const std::string& name : files.names_in(cache_folder() / "databases")) {
            if (name.starts_with("sample-"))
                copy_folder(cache_folder() / "databases" / name, databases = tree.path / "databases");
        }
        if (databases.empty()) SKIP("no sample databases below " << cache_folder().string());
        const std::optional<std::string> bases = files.read_if_there(cache_folder() / "stand-ins" / "bases.json");
        if (!bases) SKIP("no stand-in bases below " << cache_folder().string());
        const rapidjson::Document document = parse_tool_json(*bases, "bases.json");
        copy_folder(text_at(member(document, "gcr.io/distroless/cc-debian12:nonroot"), "layout"), tree.path / "layout");
        layout = load_layout(files, tree.path / "layout", "stand-in", "linux/amd64");
    }

    ScanSettings settings() const {
        ScanSettings settings;
        settings.databases = databases;
        settings.scans = tree.path / "out" / "scans";
        return settings;
    }

    std::vector<ScanResult> scan() {
        run_scans(world(), {*layout}, settings());
        return load_scans(files, settings().scans, layout->name);
    }

  private:
    static void copy_folder(const fs::path& from, const fs::path& to) {
        fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    }
};

/// What has to be the same, however an image was scanned.
std::vector<std::string> essence_of(const Report& report) {
    std::vector<std::string> lines;
    for (const Finding& finding : report.findings) {
        std::string line = finding.id + " " + finding.package + " " + finding.version + " " +
                           render_severity(finding.severity) + " " + finding.path;
        for (const std::string& version : finding.fixed_in) line += " fixed in " + version;
        lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

void write_text(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("both scanners see the image that they were given, its system and its packages", "[whole]") {
    ScanGround ground;
    const std::vector<ScanResult> results = ground.scan();
    INFO(ground.log.str());
    REQUIRE(results.size() == 2);
    for (const ScanResult& result : results) {
        INFO(result.receipt.failure);
        REQUIRE(result.report.has_value());
        CHECK(result.report->config == ground.layout->config);
        CHECK(result.report->os_family == "debian");
        CHECK(result.report->architecture == "amd64");
        CHECK(result.receipt.packages >= 8);
        CHECK(result.receipt.sample_data);
        CHECK(result.receipt.database_date.has_value());
        CHECK(result.report->hidden_by.empty());
    }
    CHECK(results[1].report->manifest == ground.layout->manifest);
    CHECK(ground.files.names_in(ground.tree.path / "out") == std::vector<std::string>{"scans"});
}

TEST_CASE("files that a pull request plants change nothing", "[whole]") {
    ScanGround ground;
    const std::vector<ScanResult> clean = ground.scan();
    const fs::path here = fs::current_path();
    fs::current_path(ground.tree.path);
    for (const fs::path& place : {ground.tree.path, ground.tree.path / "out"}) {
        write_text(place / "trivy.yaml", "severity: [CRITICAL]\nscan:\n  skip-dirs: ['**']\n");
        write_text(place / ".trivyignore", "CVE-2023-45853\n");
        write_text(place / ".grype.yaml", "only-fixed: true\nexclude: ['**']\n");
    }
    ground.environment["HOME"] = ground.tree.path.string();
    ground.environment["TRIVY_SEVERITY"] = "CRITICAL";
    ground.environment["GRYPE_ONLY_FIXED"] = "true";
    const std::vector<ScanResult> planted = ground.scan();
    fs::current_path(here);
    REQUIRE(planted.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        INFO(planted[i].receipt.failure);
        REQUIRE(clean[i].report.has_value());
        REQUIRE(planted[i].report.has_value());
        CHECK(essence_of(*planted[i].report) == essence_of(*clean[i].report));
        CHECK(planted[i].receipt.packages == clean[i].receipt.packages);
    }
}

TEST_CASE("kept SBOMs give the findings of a full scan", "[whole]") {
    ScanGround ground;
    const std::vector<ScanResult> full = ground.scan();
    fs::remove_all(ground.tree.path / "layout");
    REQUIRE(
        rescan_from_sboms(ground.world(), {{ground.layout->name, ground.layout->manifest}}, ground.settings()).size() ==
        1);
    const std::vector<ScanResult> again = load_scans(ground.files, ground.settings().scans, ground.layout->name);
    REQUIRE(again.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        INFO(again[i].receipt.failure);
        REQUIRE(again[i].report.has_value());
        CHECK(again[i].receipt.sbom.has_value());
        CHECK_FALSE(full[i].report->findings.empty());
        CHECK(essence_of(*again[i].report) == essence_of(*full[i].report));
    }
}

TEST_CASE("damaged databases and scans that take too long are failures with a reason", "[whole]") {
    ScanGround ground;
    fs::resize_file(ground.databases / "trivy" / "db" / "trivy.db", 20000);
    fs::resize_file(ground.databases / "grype" / "6" / "vulnerability.db", 20000);
    for (const ScanResult& result : ground.scan()) {
        INFO(result.receipt.failure);
        CHECK_FALSE(result.receipt.failure.empty());
        CHECK_FALSE(result.report.has_value());
    }
    ScanGround slow;
    ScanSettings settings = slow.settings();
    settings.timeout = std::chrono::seconds(1);
    const std::vector<Receipt> receipts = run_scans(slow.world(), {*slow.layout}, settings);
    CHECK(receipts[1].failure == "grype did not end within 1 s");
}

TEST_CASE("a layer that was swapped on disk reaches no scanner", "[whole]") {
    ScanGround ground;
    write_text(blob_path(ground.layout->folder, ground.layout->layers.front().digest), "another layer");
    for (const ScanResult& result : ground.scan()) {
        CHECK(result.receipt.failure.starts_with("the layout was not scanned: "));
        CHECK(result.receipt.command.empty());
    }
}
