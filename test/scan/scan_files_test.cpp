#include "scan/scan_files.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "scan/samples.h"

namespace {

const std::string name = "3.13.3-production-linux-amd64";
const std::filesystem::path directory = "/out/scans/" + name;

std::vector<ScanResult> load(ScannerWorld& fake) {
    return load_scans(fake.files, "/out/scans", name);
}

}  // namespace

TEST_CASE("finished scans are loaded") {
    ScannerWorld fake;
    fake.scan();
    const std::vector<ScanResult> results = load(fake);
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
    fake.scan();
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
    fake.scan("");
    fake.files.texts[directory / "trivy.json"] = trivy_report;
    const std::vector<ScanResult> results = load(fake);
    REQUIRE(results.size() == 2);
    CHECK(results[0].receipt.failure == "trivy ended with exit code 0 but left no report: it was interrupted");
    CHECK_FALSE(results[0].report.has_value());
}

TEST_CASE("the record of an image is loaded if it is unchanged and has the same digest") {
    ScannerWorld fake;
    fake.scan();
    const Digest manifest = load(fake).front().receipt.manifest;
    const auto inventories = [&](const Digest& of) { return load_inventories(fake.files, "/out/scans", name, of); };
    REQUIRE(inventories(manifest).size() == 2);
    CHECK(inventories(manifest).at(Scanner::grype) ==
          std::vector<Package>{{"deb", "libc6", "2.36"}, {"", "python", "3.13.3"}});
    CHECK(inventories(sha256("another image")).empty());
    fake.files.texts[directory / "trivy.cdx.json"] += " ";
    CHECK(inventories(manifest).size() == 1);
    CHECK(inventories(manifest).contains(Scanner::grype));
    fake.files.remove(directory);
    CHECK(inventories(manifest).empty());
}

namespace {

ScanSettings cached_settings(const std::string& run) {
    ScanSettings settings = scan_settings();
    settings.cache = "/cache/scans";
    settings.run = run;
    return settings;
}

std::size_t count_scans(const FakeProcesses& processes) {
    return static_cast<std::size_t>(std::count_if(processes.ran.begin(), processes.ran.end(), [](const Command& c) {
        return (c.argv[0] == "trivy" && c.argv[1] == "image") || (c.argv[0] == "grype" && c.argv[1] == "-q");
    }));
}

/// Two runs on the same machine, the second in an empty checkout. `between` runs between them.
std::vector<Receipt> scan_twice(ScannerWorld& fake, const std::function<void(ScannerWorld&)>& between) {
    const Layout layout = put_layout(fake.files, "3.13.3-production");
    fake.scan(trivy_report, grype_report, cached_settings("run 1"));
    fake.files.remove("/out/scans");
    fake.processes.ran.clear();
    between(fake);
    return run_scans(fake.world(), {layout}, cached_settings("run 2"));
}

}  // namespace

TEST_CASE("an image is not scanned again with the same database; its receipts name the earlier run") {
    ScannerWorld fake;
    const std::vector<Receipt> receipts = scan_twice(fake, [](ScannerWorld&) {});
    CHECK(count_scans(fake.processes) == 0);
    REQUIRE(receipts.size() == 2);
    for (const Receipt& receipt : receipts) {
        CHECK(receipt.failure.empty());
        CHECK(receipt.reused == "run 1");
        CHECK(receipt.packages == 2);
    }
    CHECK(receipts[0].report == sha256(trivy_report));
    CHECK(fake.files.texts.at(directory / "trivy.json") == trivy_report);
    CHECK(fake.files.texts.at(directory / "grype.cdx.json") == sbom);
    CHECK(load(fake).at(1).report.has_value());
    CHECK(fake.log.str().find("scanned with the same database by run 1") != std::string::npos);
}

TEST_CASE("another database, scanner or image is scanned, and the results of the former database are removed") {
    const std::string newer = "2026-11-24T06:00:00Z";
    ScannerWorld fake;
    scan_twice(fake, [&](ScannerWorld& f) {
        f.files.texts["/db/trivy/db/metadata.json"] = R"({"Version": 2, "UpdatedAt": ")" + newer + "\"}";
    });
    CHECK(count_scans(fake.processes) == 1);
    CHECK(fake.files.names_in("/cache/scans/trivy").size() == 1);

    ScannerWorld upgraded;
    scan_twice(upgraded, [](ScannerWorld& f) { f.processes.stub({"trivy", "version"}, R"({"Version": "0.74.1"})"); });
    CHECK(count_scans(upgraded.processes) == 1);

    ScannerWorld other;
    scan_twice(other, [](ScannerWorld& f) {
        run_scans(f.world(), {put_layout(f.files, "3.12.6-production")}, cached_settings("run 2"));
    });
    CHECK(count_scans(other.processes) == 2);
}

TEST_CASE("a damaged cache entry is ignored") {
    for (const std::string damaged : {"trivy.json", "trivy.cdx.json", "receipt.json"}) {
        ScannerWorld fake;
        const std::vector<Receipt> receipts = scan_twice(fake, [&](ScannerWorld& f) {
            for (auto& [path, text] : f.files.texts) {
                if (path.string().starts_with("/cache/scans/trivy/") && path.filename() == damaged) text = "{}";
            }
        });
        INFO(damaged);
        CHECK(count_scans(fake.processes) == 1);
        CHECK(receipts[0].reused.empty());
        CHECK(receipts[0].report == sha256(trivy_report));
    }
}

TEST_CASE("a failed scan is never cached") {
    ScannerWorld fake;
    CHECK_FALSE(fake.scan(trivy_report, "", cached_settings("run 1"))[1].failure.empty());
    fake.processes.ran.clear();
    CHECK_FALSE(fake.scan(trivy_report, "", cached_settings("run 2"))[1].failure.empty());
    CHECK(count_scans(fake.processes) == 1);
}

TEST_CASE("a changed blob is detected although the image was scanned before") {
    ScannerWorld fake;
    const std::vector<Receipt> receipts = scan_twice(fake, [](ScannerWorld& f) {
        for (auto& [path, text] : f.files.texts) {
            if (text == gzip("the layer of 3.13.3-production")) text = "another layer";
        }
    });
    for (const Receipt& receipt : receipts) CHECK(receipt.failure.starts_with("the layout was not scanned: "));
}

TEST_CASE("a scan has a key only if it is known how old its database was") {
    Receipt receipt{.manifest = sha256("manifest"), .config = sha256("config"), .report = sha256("")};
    CHECK(make_scan_key(receipt, "grype").empty());
    receipt.database_date = parse_time("2026-11-23T06:00:00Z");
    const std::string key = make_scan_key(receipt, "grype");
    CHECK_FALSE(key.empty());
    CHECK(make_scan_key(receipt, "trivy") != key);
}
