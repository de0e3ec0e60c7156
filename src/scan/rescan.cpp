// Scanning kept SBOMs again: seconds instead of unpacking images, with the same findings (scanners-run.md §6).
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "scan/run_scans.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"
#include "scan/scan_files.h"
#include "system/parallel.h"
#include "system/private_directory.h"

namespace {

namespace fs = std::filesystem;

struct Rescanned {
    Receipt receipt;
    std::optional<std::string> report;
};

/// One image with what was kept of it, and what became of that.
struct Rescan {
    std::string name;
    fs::path directory;
    std::vector<KeptSbom> sboms;
    std::vector<std::optional<Rescanned>> results;
};

/// An SBOM holds no secrets: an image in which some were found has to be looked at itself.
bool has_secrets(Files& files, const fs::path& directory) {
    bool found = true;
    fault_of([&] {
        const std::string name = report_name(Scanner::trivy);
        const Report report = parse_report(Scanner::trivy, files.read(directory / name), name);
        found = std::ranges::find(report.findings, FindingKind::secret, &Finding::kind) != report.findings.end();
    });
    return found;
}

/// What was kept for every scanner that is to run, and is still the same; nothing if one is missing. A newer scanner
/// might see more in the image than the older one wrote down.
std::vector<KeptSbom> find_usable_sboms(Files& files, const fs::path& directory, const Digest& manifest,
                                        const ScanTools& tools) {
    std::vector<KeptSbom> usable = find_kept_sboms(files, directory, manifest);
    std::erase_if(usable, [&](const KeptSbom& kept) {
        const auto tool = tools.versions.find(kept.scanner);
        return tool == tools.versions.end() || tool->second != kept.scanner_version;
    });
    return usable.size() == tools.versions.size() ? usable : std::vector<KeptSbom>{};
}

Rescanned rescan(const World& world, const ScanSettings& settings, const ScanTools& tools, const KeptSbom& kept,
                 const fs::path& directory, const fs::path& work) {
    Rescanned rescanned{begin_receipt(tools, kept.scanner, kept.manifest, kept.config, kept.architecture),
                        std::nullopt};
    Receipt& receipt = rescanned.receipt;
    if (!receipt.failure.empty()) return rescanned;
    receipt.packages = kept.packages;
    receipt.sbom = kept.sbom;
    const Workplace place =
        prepare_workplace(world, work / render_scanner(kept.scanner), settings.databases, settings.timeout);
    world.files.write(place.directory / sbom_name(kept.scanner), world.files.read(directory / sbom_name(kept.scanner)));
    rescanned.report = run_scanner(world, make_sbom_scan(place, kept.scanner), receipt);
    return rescanned;
}

std::vector<Rescan> find_rescans(Files& files, const std::vector<KeptImage>& images, const ScanSettings& settings,
                                 const ScanTools& tools) {
    std::vector<Rescan> rescans;
    for (const KeptImage& image : images) {
        const fs::path directory = settings.scans / image.name;
        std::vector<KeptSbom> sboms;
        // What cannot be read was not kept: the image is looked at itself then.
        fault_of([&] { sboms = find_usable_sboms(files, directory, image.manifest, tools); });
        if (sboms.empty() || has_secrets(files, directory)) continue;
        const std::size_t count = sboms.size();
        rescans.push_back({image.name, directory, std::move(sboms), std::vector<std::optional<Rescanned>>(count)});
    }
    return rescans;
}

/// True if every SBOM was scanned. Only then is anything written.
bool save_results(const World& world, const Rescan& rescan) {
    std::vector<Receipt> receipts;
    for (const std::optional<Rescanned>& one : rescan.results) {
        if (!one->report) return false;
        receipts.push_back(one->receipt);
    }
    for (const std::optional<Rescanned>& one : rescan.results) {
        world.files.write(rescan.directory / report_name(one->receipt.scanner), *one->report);
        world.log << fmt::format("  {} of {}: {} of its SBOM in {:.1f} s\n", render_scanner(one->receipt.scanner),
                                 rescan.name, counted(one->receipt.packages, "package"), one->receipt.seconds);
    }
    world.files.write(rescan.directory / receipts_name, render_receipts_json(receipts));
    return true;
}

}  // namespace

std::vector<std::string> rescan_from_sboms(const World& world, const std::vector<KeptImage>& images,
                                           const ScanSettings& settings) {
    if (images.empty()) return {};
    const ScanTools tools = find_scan_tools(world, settings);
    std::vector<Rescan> rescans = find_rescans(world.files, images, settings, tools);
    const PrivateDirectory work(world.files);
    std::vector<std::function<void()>> scans;
    for (Rescan& one : rescans) {
        for (std::size_t i = 0; i < one.sboms.size(); ++i) {
            scans.emplace_back([&, i] {
                one.results[i] = rescan(world, settings, tools, one.sboms[i], one.directory, work.path() / one.name);
            });
        }
    }
    in_parallel(settings.jobs, scans);
    std::vector<std::string> names;
    for (const Rescan& one : rescans) {
        if (save_results(world, one)) names.push_back(one.name);
    }
    return names;
}
