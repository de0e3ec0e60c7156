#include "scan/scan_cache.h"

#include <fmt/format.h>

#include "base/json.h"
#include "scan/scan_commands.h"
#include "scan/scan_files.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* sbom_digest_name = "sbom.sha256";

std::string database_key(const Receipt& receipt) {
    return sha256(fmt::format("{}\n{}\n{}", receipt.database, render_time(*receipt.database_date), receipt.sample_data))
        .text()
        .substr(7, 16);
}

}  // namespace

std::string make_scan_key(const Receipt& begun, const std::string& command) {
    if (!begun.database_date) return "";
    const Digest scan = sha256(fmt::format("{}\n{}\n{}\n{}\n{}", begun.scanner_version, command, begun.manifest.text(),
                                           begun.config.text(), begun.architecture));
    return database_key(begun) + "/" + std::string(scan.hex());
}

std::optional<CachedScan> load_cached_scan(Files& files, const fs::path& cache, Scanner scanner,
                                           const std::string& key) {
    if (cache.empty() || key.empty()) return std::nullopt;
    const fs::path entry = cache / render_scanner(scanner) / key;
    std::optional<CachedScan> found;
    // A damaged entry is no error: the image is scanned.
    fault_of([&] {
        const std::optional<std::string> receipts = files.read_if_there(entry / receipts_name);
        const std::optional<std::string> report = files.read_if_there(entry / report_name(scanner));
        const std::optional<std::string> sbom = files.read_if_there(entry / sbom_name(scanner));
        const std::optional<std::string> sbom_digest = files.read_if_there(entry / sbom_digest_name);
        if (!receipts || !report || !sbom || !sbom_digest) return;
        const std::vector<Receipt> parsed = parse_receipts_json(*receipts, (entry / receipts_name).string());
        if (parsed.size() != 1 || parsed[0].scanner != scanner || parsed[0].reused.empty()) return;
        if (sha256(*report) != parsed[0].report || sha256(*sbom).text() != *sbom_digest) return;
        found = CachedScan{parsed[0], *report, *sbom};
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
    files.write(entry / sbom_digest_name, sha256(scan.sbom).text());
    files.write(entry / receipts_name, render_receipts_json({receipt}));
}
