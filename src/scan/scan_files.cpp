#include "scan/scan_files.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"

namespace {

/// Raise it when scans change in a way that their command does not show. Then no earlier result counts.
constexpr int way_of_scanning = 3;

namespace fs = std::filesystem;

ScanResult load_scan(Files& files, const fs::path& directory, Receipt receipt) {
    if (!receipt.failure.empty()) return {receipt, std::nullopt};
    const fs::path file = directory / report_name(receipt.scanner);
    std::optional<Report> report;
    receipt.failure = fault_of([&] {
        std::string text = files.read(file);
        if (sha256(text) != receipt.report) {
            throw Error{Exit::failed,
                        {file.string()},
                        "this is not the report that its receipt is about",
                        "scan the image again"};
        }
        report = parse_report(receipt.scanner, std::move(text), file.string());
    });
    return {std::move(receipt), std::move(report)};
}

}  // namespace

std::string fault_of(const std::function<void()>& step) {
    const std::optional<Error> error = failure_of(step);
    if (!error) return "";
    std::string text;
    for (const Problem& problem : error->problems) {
        const std::string place = problem.at.file.empty() ? "" : problem.at.file + ": ";
        text += (text.empty() ? "" : "; ") + place + problem.what;
    }
    return text;
}

Report parse_report(Scanner scanner, std::string text, const std::string& source) {
    return scanner == Scanner::trivy ? parse_trivy_report(std::move(text), source)
                                     : parse_grype_report(std::move(text), source);
}

std::vector<Receipt> find_archived_sboms(Files& files, const fs::path& directory, const Digest& manifest) {
    const std::optional<std::string> text = files.read_if_there(directory / receipts_name);
    if (!text) return {};
    std::vector<Receipt> receipts = parse_receipts_json(*text, (directory / receipts_name).string());
    std::erase_if(receipts, [&](const Receipt& receipt) {
        if (receipt.manifest != manifest || !receipt.sbom) return true;
        const std::optional<std::string> sbom = files.read_if_there(directory / sbom_name(receipt.scanner));
        return !sbom || sha256(*sbom) != receipt.sbom;
    });
    return receipts;
}

std::map<Scanner, std::vector<Package>> load_inventories(Files& files, const fs::path& scans, const std::string& name,
                                                         const Digest& manifest) {
    const fs::path directory = scans / name;
    std::map<Scanner, std::vector<Package>> inventories;
    for (const Receipt& kept : find_archived_sboms(files, directory, manifest)) {
        const fs::path file = directory / sbom_name(kept.scanner);
        inventories.emplace(kept.scanner, parse_inventory(files.read(file), file.string()));
    }
    return inventories;
}

std::vector<ScanResult> load_scans(Files& files, const fs::path& scans, const std::string& name) {
    const fs::path directory = scans / name;
    const std::optional<std::string> text = files.read_if_there(directory / receipts_name);
    std::vector<ScanResult> results;
    if (!text) return results;
    for (Receipt& receipt : parse_receipts_json(*text, (directory / receipts_name).string())) {
        results.push_back(load_scan(files, directory, std::move(receipt)));
    }
    return results;
}

std::string make_scan_key(const Receipt& begun, const std::string& command) {
    if (!begun.database_date) return "";
    const Digest database =
        sha256(fmt::format("{}\n{}\n{}", begun.database, render_time(*begun.database_date), begun.sample_data));
    const Digest scan = sha256(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", way_of_scanning, begun.scanner_version, command,
                                           begun.manifest.text(), begun.config.text(), begun.architecture));
    return fmt::format("{}/{}", database.hex().substr(0, 16), scan.hex());
}

std::optional<CachedScan> load_cached_scan(Files& files, const fs::path& cache, Scanner scanner,
                                           const std::string& key) {
    if (cache.empty() || key.empty()) return std::nullopt;
    const fs::path entry = cache / render_scanner(scanner) / key;
    std::optional<CachedScan> found;
    // An entry that is damaged or not there is no error: the image is scanned.
    fault_of([&] {
        const std::vector<Receipt> receipts = parse_receipts_json(files.read(entry / receipts_name), receipts_name);
        const std::string report = files.read(entry / report_name(scanner));
        const std::string sbom = files.read(entry / sbom_name(scanner));
        if (receipts.size() != 1 || receipts[0].scanner != scanner || receipts[0].reused.empty()) return;
        if (sha256(report) != receipts[0].report || sha256(sbom) != receipts[0].sbom) return;
        found = CachedScan{receipts[0], report, sbom};
    });
    return found;
}

void save_cached_scan(Files& files, const fs::path& cache, const std::string& key, const CachedScan& scan,
                      const std::string& run) {
    if (cache.empty() || key.empty()) return;
    const fs::path of_scanner = cache / render_scanner(scan.receipt.scanner);
    for (const std::string& database : files.names_in(of_scanner)) {
        if (!key.starts_with(database + "/")) files.remove(of_scanner / database);
    }
    Receipt receipt = scan.receipt;
    receipt.reused = run;
    const fs::path entry = of_scanner / key;
    files.write(entry / report_name(receipt.scanner), scan.report);
    files.write(entry / sbom_name(receipt.scanner), scan.sbom);
    files.write(entry / receipts_name, render_receipts_json({receipt}));
}
