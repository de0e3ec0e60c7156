#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "scan/samples.h"
#include "scan/scan_files.h"

namespace {

const std::string name = "3.13.3-production-linux-amd64";
const std::filesystem::path directory = "/out/scans/" + name;

ScannerWorld& scanned(ScannerWorld& fake) {
    fake.scanners_write(trivy_report, grype_report);
    run_scans(fake.world(), {put_layout(fake.files, "3.13.3-production")}, scan_settings());
    return fake;
}

std::vector<ScanResult> load(ScannerWorld& fake) {
    return load_scans(fake.files, "/out/scans", name);
}

}  // namespace

TEST_CASE("finished scans are loaded") {
    ScannerWorld fake;
    const std::vector<ScanResult> results = load(scanned(fake));
    REQUIRE(results.size() == 2);
    for (const ScanResult& result : results) {
        CHECK(result.receipt.failure.empty());
        REQUIRE(result.report.has_value());
        CHECK(result.report->os_family == "debian");
    }
}

TEST_CASE("a directory without receipts has no scans, whatever other files it has") {
    ScannerWorld fake;
    fake.files.texts[directory / "trivy.json"] = trivy_report;
    CHECK(load(fake).empty());
}

TEST_CASE("a report changed after its scan is rejected") {
    ScannerWorld fake;
    scanned(fake);
    fake.files.texts[directory / "trivy.json"] += " ";
    fake.files.remove(directory / "grype.json");
    const std::vector<ScanResult> results = load(fake);
    REQUIRE(results.size() == 2);
    CHECK(results[0].receipt.failure ==
          (directory / "trivy.json").string() + ": this is not the report that its receipt is about");
    CHECK_FALSE(results[0].report.has_value());
    CHECK(results[1].receipt.failure == (directory / "grype.json").string() + ": there is no such file");
    CHECK_FALSE(results[1].report.has_value());
}

TEST_CASE("a failed scan is loaded as failed") {
    ScannerWorld fake;
    fake.scanners_write("", grype_report);
    run_scans(fake.world(), {put_layout(fake.files, "3.13.3-production")}, scan_settings());
    fake.files.texts[directory / "trivy.json"] = trivy_report;
    const std::vector<ScanResult> results = load(fake);
    REQUIRE(results.size() == 2);
    CHECK(results[0].receipt.failure == "trivy ended with exit code 0 but left no report: it was interrupted");
    CHECK_FALSE(results[0].report.has_value());
}

TEST_CASE("the record of an image is loaded if it is unchanged and has the same digest") {
    ScannerWorld fake;
    scanned(fake);
    const Digest manifest = load(fake).front().receipt.manifest;
    const auto inventories = [&](const Digest& of) { return load_inventories(fake.files, "/out/scans", {name, of}); };
    REQUIRE(inventories(manifest).size() == 2);
    CHECK(inventories(manifest).at(Scanner::grype) ==
          std::vector<Package>{{"", "libc6", "2.36"}, {"", "python", "3.13.3"}});
    CHECK(inventories(sha256("another image")).empty());
    fake.files.texts[directory / "trivy.cdx.json"] += " ";
    CHECK(inventories(manifest).size() == 1);
    CHECK(inventories(manifest).contains(Scanner::grype));
    fake.files.remove(directory);
    CHECK(inventories(manifest).empty());
}
