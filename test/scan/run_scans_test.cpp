#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/encoding.h"
#include "scan/samples.h"

namespace {

namespace fs = std::filesystem;

const std::string name = "3.13.3-production-linux-amd64";

/// The receipts of one image whose Trivy scan has this result; Grype's scan succeeds.
std::vector<Receipt> scan_with_trivy(ScannerWorld& fake, const FakeProcesses::Effect& trivy) {
    fake.processes.stub_with({"trivy", "image", "--scanners", "vuln,secret"}, trivy);
    return fake.scan();
}

std::string failure_of_trivy(const FakeProcesses::Effect& trivy) {
    ScannerWorld fake;
    const std::vector<Receipt> receipts = scan_with_trivy(fake, trivy);
    REQUIRE(receipts.size() == 2);
    CHECK(receipts[1].failure.empty());
    CHECK_FALSE(fake.files.texts.contains("/out/scans/" + name + "/trivy.json"));
    CHECK(fake.files.texts.contains("/out/scans/" + name + "/grype.json"));
    CHECK(fake.files.texts.contains("/out/scans/" + name + "/receipt.json"));
    return receipts[0].failure;
}

}  // namespace

TEST_CASE("a scan writes reports, SBOMs and receipts only") {
    ScannerWorld fake;
    const Layout layout = put_layout(fake.files, "3.13.3-production");
    const std::vector<Receipt> receipts = fake.scan();
    REQUIRE(receipts.size() == 2);
    CHECK(receipts[0].scanner == Scanner::trivy);
    CHECK(receipts[1].scanner == Scanner::grype);
    for (const Receipt& receipt : receipts) {
        CHECK(receipt.failure.empty());
        CHECK(receipt.manifest == layout.manifest);
        CHECK(receipt.config == layout.config);
        CHECK(receipt.architecture == "amd64");
        CHECK(receipt.packages == 2);
        CHECK(receipt.size.compressed == gzip("the layer of 3.13.3-production").size());
        CHECK(receipt.database_date == parse_time("2026-11-23T06:00:00Z"));
        CHECK(receipt.sbom == sha256(sbom));
        CHECK_FALSE(receipt.of_sbom);
    }
    CHECK(receipts[0].report == sha256(trivy_report));
    CHECK(receipts[0].size.unpacked == 3072);
    CHECK(receipts[0].scanner_version == "0.74.0");
    CHECK(receipts[1].command ==
          "grype -q -c empty.yaml oci-dir:../view --platform linux/amd64 -o json=grype.json -o "
          "cyclonedx-json=grype.cdx.json");
    CHECK(fake.files.names_in("/out/scans/" + name) ==
          std::vector<std::string>{"grype.cdx.json", "grype.json", "receipt.json", "trivy.cdx.json", "trivy.json"});
    CHECK(fake.files.names_in("/out") == std::vector<std::string>{"images", "scans"});
}

TEST_CASE("the scanners get a view of one image only") {
    ScannerWorld fake;
    const Layout layout = put_layout(fake.files, "3.13.3-production");
    fake.processes.stub_with({"trivy", "image", "--scanners", "vuln,secret"}, [&](const Command& command) {
        CHECK(command.directory == "/out/scans.scanning/" + name + "/trivy");
        CHECK(fake.files.read(command.directory / "../view/index.json").find(layout.manifest.text()) !=
              std::string::npos);
        CHECK(command.argv.back() == "../view@" + layout.manifest.text());
        fake.files.write(command.directory / "trivy.json", trivy_report);
        return Finished{};
    });
    fake.scan();
}

TEST_CASE("the scanners get layers unpacked, each once") {
    ScannerWorld fake;
    const std::vector<Layout> layouts = {put_layout(fake.files, "3.13.3-production", "shared"),
                                         put_layout(fake.files, "3.12.6-production", "shared"),
                                         put_layout(fake.files, "3.13.3-development", "of one", "tar+zstd")};
    fake.scanners_write(trivy_report, grype_report);
    std::vector<std::string> read;
    std::size_t unpacked_at_a_time = 0;
    fake.processes.stub_with({"grype", "-q", "-c"}, [&](const Command& command) {
        const fs::path view = command.directory / "../view";
        const Layout layout = load_layout(fake.files, view, "image", "linux/amd64");
        read.push_back(fake.files.read(blob_path(view, layout.layers.front().digest)));
        unpacked_at_a_time = std::max(unpacked_at_a_time, fake.files.names_in("/out/scans.scanning/layers").size());
        fake.files.write(command.directory / "grype.json", grype_report);
        fake.files.write(command.directory / "grype.cdx.json", sbom);
        return Finished{};
    });
    ScanSettings settings = scan_settings();
    settings.jobs = 1;
    for (const Receipt& receipt : run_scans(fake.world(), layouts, settings)) CHECK(receipt.failure.empty());
    CHECK(read == std::vector<std::string>{"shared", "shared", gzip("of one")});  // zstd is left to the scanner
    const fs::path unpacked = fs::path("/out/scans.scanning/layers") / layouts[0].layers.front().digest.hex();
    CHECK(std::ranges::count(fake.files.written, unpacked) == 1);
    CHECK(unpacked_at_a_time == 1);  // what no image needs any more is gone
}

TEST_CASE("what an image's scans needed is gone before the next images are scanned, its views too") {
    ScannerWorld fake;
    std::vector<Layout> layouts;
    for (const char* image : {"3.13.3-production", "3.12.6-production", "3.11.9-production"})
        layouts.push_back(put_layout(fake.files, image, "", "tar"));
    fake.scanners_write(trivy_report, grype_report);
    std::vector<std::string> there;
    fake.processes.stub_with({"grype", "-q", "-c"}, [&](const Command& command) {
        there = fake.files.names_in("/out/scans.scanning");
        fake.files.write(command.directory / "grype.json", grype_report);
        fake.files.write(command.directory / "grype.cdx.json", sbom);
        return Finished{};
    });
    ScanSettings settings = scan_settings();
    settings.jobs = 1;
    CHECK(run_scans(fake.world(), layouts, settings).size() == 6);
    CHECK(there == std::vector<std::string>{"3.11.9-production-linux-amd64", "layers"});
    settings.jobs = 2;
    for (const Receipt& receipt : run_scans(fake.world(), layouts, settings)) CHECK(receipt.failure.empty());
}

TEST_CASE("a layer that is cut off fails the scans of every image that has it") {
    ScannerWorld fake;
    const std::string packed = gzip(std::string(1000, 'x'));
    std::vector<Layout> layouts;
    for (const char* image : {"3.13.3-production", "3.12.6-production"}) {
        Layout& layout = layouts.emplace_back(put_layout(fake.files, image, packed.substr(0, 20), "tar"));
        layout.layers.front().media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    }
    fake.scanners_write(trivy_report, grype_report);
    ScanSettings settings = scan_settings();
    settings.jobs = 4;
    for (const Receipt& receipt : run_scans(fake.world(), layouts, settings))
        CHECK(receipt.failure.starts_with("the layout was not scanned: "));
}

TEST_CASE("a layer that is packed twice is not scanned: the scanners would unpack it twice, and an engine once") {
    ScannerWorld fake;
    const Layout layout = put_layout(fake.files, "3.13.3-production", gzip("a harmless layer"));
    fake.scanners_write(trivy_report, grype_report);
    for (const Receipt& receipt : run_scans(fake.world(), {layout}, scan_settings()))
        CHECK(receipt.failure.ends_with(": this file is packed twice"));
}

TEST_CASE("a layer that is not the one in the configuration is not scanned") {
    ScannerWorld fake;
    const Layout good = put_layout(fake.files, "3.12.6-production", "shared");
    Layout bad = put_layout(fake.files, "3.13.3-production", "another");
    bad.layers = good.layers;
    fake.files.texts[blob_path(bad.directory, good.layers.front().digest)] = gzip("shared");
    fake.scanners_write(trivy_report, grype_report);
    const std::vector<Receipt> receipts = run_scans(fake.world(), {good, bad}, scan_settings());
    REQUIRE(receipts.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        INFO(receipts[i].failure);
        CHECK(receipts[i].failure.empty() == (i < 2));
    }
    CHECK(receipts[2].failure ==
          "the layout was not scanned: " + blob_path(bad.directory, good.layers.front().digest).string() +
              ": this layer is not the one that the image's configuration names");
}

TEST_CASE("results of earlier scans are removed, also if the new scan fails") {
    ScannerWorld fake;
    fake.files.texts["/out/scans/" + name + "/trivy.json"] = trivy_report;
    fake.files.texts["/out/scans/" + name + "/old"] = "old";
    fake.files.texts["/out/scans/other/trivy.json"] = "kept";
    scan_with_trivy(fake, [](const Command&) { return ended(1); });
    CHECK(fake.files.names_in("/out/scans/" + name) ==
          std::vector<std::string>{"grype.cdx.json", "grype.json", "receipt.json"});
    CHECK(fake.files.texts.contains("/out/scans/other/trivy.json"));
}

TEST_CASE("a scan that did not run is a receipt with the reason, not an error") {
    CHECK(failure_of_trivy([](const Command&) { return ended(1, "INFO x\nFATAL unable to open the database\n"); }) ==
          "trivy ended with exit code 1: FATAL unable to open the database");
    CHECK(failure_of_trivy([](const Command&) {
              return ended(2, "panic: runtime error: index out of range\n\ngoroutine 1\nmain.go:12\n");
          }) == "trivy ended with exit code 2: panic: runtime error: index out of range");
    CHECK(failure_of_trivy([](const Command&) { return ended(1, "FATAL\t\x1b[31mno\x1b[0m such file\r"); }) ==
          "trivy ended with exit code 1: FATAL\tno such file");
    CHECK(failure_of_trivy([](const Command&) { return ended(137); }) == "trivy ended with exit code 137");
    CHECK(failure_of_trivy([](const Command&) { return Finished{.exit_code = 143, .timed_out = true}; }) ==
          "trivy did not end within 900 s");
    CHECK(failure_of_trivy([](const Command&) { return Finished{}; }) ==
          "trivy ended with exit code 0 but left no report: it was interrupted");
}

TEST_CASE("an interrupted Grype, which exits with 0 and an empty report, is a failure") {
    ScannerWorld fake;
    const std::vector<Receipt> receipts = fake.scan(trivy_report, "");
    CHECK(receipts[0].failure.empty());
    CHECK(receipts[1].failure == "grype ended with exit code 0 but left no report: it was interrupted");
    CHECK(receipts[1].exit_code == 0);
}

TEST_CASE("invalid output is a failure") {
    ScannerWorld fake;
    for (const Receipt& receipt : fake.scan("{}", "[]")) {
        INFO(receipt.failure);
        CHECK_FALSE(receipt.failure.empty());
    }
    CHECK_FALSE(fake.files.texts.contains("/out/scans/" + name + "/trivy.json"));
}

TEST_CASE("a scan without an inventory of the packages is a failure") {
    ScannerWorld fake;
    fake.processes.stub({"trivy", "convert", "--config"}, ended(1, "cannot\n"));
    fake.processes.stub_with({"grype", "-q", "-c"},
                             fake.leave({{"grype.json", grype_report}, {"grype.cdx.json", "{}"}}));
    const std::vector<Receipt> receipts = fake.scan();
    CHECK(receipts[0].failure.starts_with("no inventory of the packages: trivy ended with exit code 1"));
    CHECK(receipts[1].failure == "no inventory of the packages: grype.cdx.json: this is no CycloneDX SBOM");
}

TEST_CASE("a scan of a system without one of its packages in the inventory is a failure") {
    ScannerWorld fake;
    const std::string languages = R"({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "requests", "version": "2.31.0", "purl": "pkg:pypi/requests@2.31.0"}]})";
    fake.processes.stub_with({"grype", "-q", "-c"},
                             fake.leave({{"grype.json", grype_report}, {"grype.cdx.json", languages}}));
    const std::vector<Receipt> receipts = fake.scan();
    CHECK(receipts[0].failure.empty());
    CHECK(receipts[1].failure ==
          "no inventory of the packages: grype.cdx.json lists no package of the operating system");
}

TEST_CASE("a layout with a changed blob is not scanned") {
    ScannerWorld fake;
    const Layout layout = put_layout(fake.files, "3.13.3-production");
    fake.files.texts[blob_path(layout.directory, layout.layers.front().digest)] = "another layer";
    fake.scanners_write(trivy_report, grype_report);
    for (const Receipt& receipt : run_scans(fake.world(), {layout}, scan_settings())) {
        CHECK(receipt.failure.starts_with("the layout was not scanned: "));
        CHECK(receipt.command.empty());
    }
    for (const Command& command : fake.processes.ran) CHECK(command.argv[1] != "image");
}

TEST_CASE("a scan without a database is a failure") {
    ScannerWorld fake;
    fake.files.remove("/db/trivy");
    const std::vector<Receipt> receipts = fake.scan();
    CHECK(receipts[0].failure == "there is no Trivy database in /db/trivy");
    CHECK(receipts[1].failure.empty());
}

TEST_CASE("every receipt says that sample data was used") {
    ScannerWorld fake;
    fake.files.texts["/db/sample.json"] = "{}";
    for (const Receipt& receipt : fake.scan()) CHECK(receipt.sample_data);
}

TEST_CASE("a paused scanner does not run and has no receipt") {
    ScannerWorld fake;
    ScanSettings settings = scan_settings();
    settings.paused = {Scanner::grype};
    const std::vector<Receipt> receipts = fake.scan(trivy_report, grype_report, settings);
    REQUIRE(receipts.size() == 1);
    CHECK(receipts[0].scanner == Scanner::trivy);
    CHECK(fake.processes.lines().find("grype") == std::string::npos);
}

TEST_CASE("all images are scanned, and the receipts are in order, however many scans run in parallel") {
    ScannerWorld fake;
    std::vector<Layout> layouts;
    for (const char* image : {"3.13.3-development", "3.13.3-production", "3.12.6-development", "3.12.6-production"})
        layouts.push_back(put_layout(fake.files, image));
    fake.scanners_write(trivy_report, grype_report);
    ScanSettings settings = scan_settings();
    settings.jobs = 4;
    const std::vector<Receipt> receipts = run_scans(fake.world(), layouts, settings);
    REQUIRE(receipts.size() == 8);
    for (std::size_t i = 0; i < receipts.size(); ++i) {
        CHECK(receipts[i].manifest == layouts[i / 2].manifest);
        CHECK(receipts[i].scanner == (i % 2 == 0 ? Scanner::trivy : Scanner::grype));
    }
    CHECK(fake.log.str().find("  trivy of 3.12.6-production-linux-amd64: 2 packages in 0.0 s\n") != std::string::npos);
}

TEST_CASE("a cancellation is not a failed scan") {
    ScannerWorld fake;
    const auto cancelled = [](const Command&) -> Finished { throw Error{Exit::cancelled, "cancelled", ""}; };
    CHECK_THROWS_AS(scan_with_trivy(fake, cancelled), Error);
    CHECK_FALSE(fake.files.texts.contains("/out/scans/" + name + "/receipt.json"));
    CHECK_FALSE(fake.files.is_directory("/out/scans.scanning"));
}

namespace {

const std::filesystem::path directory = "/out/scans/" + name;
const std::string second_grype_report = grype_report + " ";

std::string report_of_sbom() {
    std::string report = trivy_report;
    return report.replace(report.find("container_image"), 15, "cyclonedx");
}

/// An image that was scanned once, and scanners with stubs to scan its SBOMs.
struct ScannedWorld : ScannerWorld {
    Layout layout = put_layout(files, "3.13.3-production");

    explicit ScannedWorld(const std::string& first_trivy_report = trivy_report) {
        scan(first_trivy_report);
        processes.stub_with({"trivy", "sbom"}, leave({{"trivy.json", report_of_sbom()}}));
        processes.stub_with({"grype", "-q", "-c", "empty.yaml", "sbom:grype.cdx.json"},
                            leave({{"grype.json", second_grype_report}}));
        processes.ran.clear();
    }

    bool rescan() { return !rescan_from_sboms(world(), {layout}, scan_settings()).empty(); }

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
        CHECK(result.receipt.of_sbom);
        CHECK(result.receipt.packages == 2);
        CHECK(result.report.has_value());
    }
    CHECK(fake.rescan());
}

TEST_CASE("without a usable SBOM for each scanner nothing is changed") {
    const auto refused = [](ScannedWorld& fake) {
        const auto before = fake.results();
        return !fake.rescan() && before == fake.results();
    };
    const std::vector<std::pair<const char*, std::function<void(ScannedWorld&)>>> faults = {
        {"there are no SBOMs", [](ScannedWorld& fake) { fake.files.remove(directory); }},
        {"one SBOM is missing", [](ScannedWorld& fake) { fake.files.remove(directory / "grype.cdx.json"); }},
        {"the SBOMs belong to another image", [](ScannedWorld& fake) { fake.layout.manifest = sha256("another"); }},
        {"the record is unreadable", [](ScannedWorld& fake) { fake.files.texts[directory / "receipt.json"] = "{"; }},
        {"one was changed", [](ScannedWorld& fake) { fake.files.texts[directory / "grype.cdx.json"] += " "; }},
        {"a scanner is newer than its SBOM",
         [](ScannedWorld& fake) {
             fake.processes.stub({"grype", "version", "-o"}, R"({"version": "0.122.0"})");
         }},
        {"the scan of an SBOM fails",
         [](ScannedWorld& fake) {
             fake.processes.stub({"trivy", "sbom", "--scanners"}, ended(1, "FATAL\n"));
         }},
    };
    for (const auto& [what, put] : faults) {
        INFO(what);
        ScannedWorld fake;
        put(fake);
        CHECK(refused(fake));
    }
    std::string report = trivy_report;
    report.insert(report.size() - 1, R"(, "Results": [{"Target": "/key.pem", "Class": "secret",
        "Secrets": [{"RuleID": "private-key", "Category": "AsymmetricPrivateKey", "Severity": "HIGH", "Title": "Private key", "StartLine": 1, "EndLine": 1, "Match": "****"}]}])");
    ScannedWorld with_secret(report);  // which no SBOM shows
    CHECK(refused(with_secret));
}
