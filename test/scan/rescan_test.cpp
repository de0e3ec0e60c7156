#include <catch2/catch_test_macros.hpp>

#include "scan/samples.h"

namespace {

const std::string name = "3.13.3-production-linux-amd64";
const std::filesystem::path directory = "/out/scans/" + name;
const std::string second_grype_report = grype_report + " ";

std::string report_of_sbom() {
    std::string report = trivy_report;
    return report.replace(report.find("container_image"), 15, "cyclonedx");
}

/// An image that was scanned once, and scanners with stubs to scan its SBOMs.
struct ScannedWorld : ScannerWorld {
    Digest manifest = sha256("");

    explicit ScannedWorld(const std::string& first_trivy_report = trivy_report) {
        scanners_write(first_trivy_report, grype_report);
        const Layout layout = put_layout(files, "3.13.3-production");
        manifest = layout.manifest;
        run_scans(world(), {layout}, scan_settings());
        processes.stub_with({"trivy", "sbom"}, leave({{"trivy.json", report_of_sbom()}}));
        processes.stub_with({"grype", "-q", "-c", "empty.yaml", "sbom:grype.cdx.json"},
                            leave({{"grype.json", second_grype_report}}));
        processes.ran.clear();
    }

    bool rescan() { return !rescan_from_sboms(world(), {{name, manifest}}, scan_settings()).empty(); }

    std::map<std::filesystem::path, std::string> results() const {
        std::map<std::filesystem::path, std::string> texts;
        for (const auto& [path, text] : files.texts) {
            if (path.string().starts_with(directory.string())) texts[path] = text;
        }
        return texts;
    }
};

}  // namespace

TEST_CASE("stored SBOMs are scanned without the image") {
    ScannedWorld fake;
    fake.files.remove("/out/images");
    CHECK(fake.rescan());
    CHECK(fake.files.texts.at(directory / "grype.json") == second_grype_report);
    const std::vector<ScanResult> results = load_scans(fake.files, "/out/scans", name);
    REQUIRE(results.size() == 2);
    for (const ScanResult& result : results) {
        CHECK(result.receipt.failure.empty());
        CHECK(result.receipt.sbom == sha256(sbom));
        CHECK(result.receipt.packages == 2);
        CHECK(result.report.has_value());
    }
    CHECK(fake.rescan());
}

TEST_CASE("without a usable SBOM for each scanner nothing is changed") {
    const auto refused = [](ScannedWorld& fake) {
        const auto before = fake.results();
        CHECK_FALSE(fake.rescan());
        return before == fake.results();
    };
    SECTION("there are no SBOMs") {
        ScannedWorld fake;
        fake.files.remove(directory);
        CHECK(refused(fake));
    }
    SECTION("one SBOM is missing") {
        ScannedWorld fake;
        fake.files.remove(directory / "grype.cdx.json");
        CHECK(refused(fake));
    }
    SECTION("the SBOMs belong to another image") {
        ScannedWorld fake;
        fake.manifest = sha256("another");
        CHECK(refused(fake));
    }
    SECTION("the record of the SBOMs is unreadable") {
        ScannedWorld fake;
        fake.files.texts[directory / "sboms.json"] = "{";
        CHECK(refused(fake));
    }
    SECTION("one SBOM was changed") {
        ScannedWorld fake;
        fake.files.texts[directory / "grype.cdx.json"] += " ";
        CHECK(refused(fake));
    }
    SECTION("a scanner is newer than its SBOM") {
        ScannedWorld fake;
        fake.processes.stub({"grype", "version", "-o"}, R"({"version": "0.122.0"})");
        CHECK(refused(fake));
    }
    SECTION("the scan of an SBOM fails") {
        ScannedWorld fake;
        fake.processes.stub({"trivy", "sbom", "--scanners"}, ended(1, "FATAL\n"));
        CHECK(refused(fake));
    }
    SECTION("the image contains a secret, which no SBOM shows") {
        std::string report = trivy_report;
        report.insert(report.size() - 1, R"(, "Results": [{"Target": "/key.pem", "Class": "secret",
            "Secrets": [{"RuleID": "private-key", "Category": "AsymmetricPrivateKey", "Severity": "HIGH", "Title": "Private key", "StartLine": 1, "EndLine": 1, "Match": "****"}]}])");
        ScannedWorld fake(report);
        CHECK(refused(fake));
    }
}
