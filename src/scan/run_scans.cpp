// Both scanners on every layout, and on kept SBOMs.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <ostream>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "findings/inventory.h"
#include "findings/names.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"
#include "scan/scan_files.h"
#include "system/files.h"
#include "system/parallel.h"
#include "system/relay.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

// One run of one scanner, from its command to a receipt -------------------------------------------------------------

/// What is the same for all scans of a run.
struct ScanTools {
    std::map<Scanner, std::string> versions;
    std::map<Scanner, DatabaseState> databases;
};

/// Finds the scanners that are not paused, and their databases. Throws like find_scanners.
ScanTools find_scan_tools(const World& world, const ScanSettings& settings) {
    ScanTools tools{.versions = find_scanners(world, settings.paused)};
    for (const auto& [scanner, version] : tools.versions) {
        tools.databases[scanner] = load_database_state(world, settings.databases, scanner);
    }
    return tools;
}

/// A receipt with what is known before the scan.
Receipt begin_receipt(const ScanTools& tools, Scanner scanner, const Digest& manifest, const Digest& config,
                      const std::string& architecture) {
    const DatabaseState& state = tools.databases.at(scanner);
    return {.scanner = scanner,
            .scanner_version = tools.versions.at(scanner),
            .database = state.description,
            .database_date = state.date,
            .sample_data = state.sample,
            .manifest = manifest,
            .config = config,
            .architecture = architecture,
            .report = sha256(""),
            .failure = state.failure};
}

/// The line of a tool's standard error that says most: a panic's first, else the last one.
std::string telling_line(const std::string& err) {
    std::string last;
    for (const std::string& line : lines_of(err)) {
        if (line.starts_with("panic:")) return line;
        if (!trimmed(line).empty()) last = std::string(trimmed(line));
    }
    return last;
}

/// Why the process is not a scan; empty if it ended well.
std::string find_bad_end(const Command& command, const Finished& finished) {
    const std::string& name = command.argv.front();
    const std::string said = one_line(telling_line(finished.err));
    if (finished.timed_out) return fmt::format("{} did not end within {} s", name, command.timeout.count());
    if (finished.exit_code == 127) return "there is no " + name + " on PATH";
    if (finished.exit_code == 0) return "";
    return fmt::format("{} ended with exit code {}{}{}", name, finished.exit_code, said.empty() ? "" : ": ", said);
}

struct ScannerReport {
    std::string text;
    bool has_system = false;  ///< the scanner recognised the operating system
};

/// Runs the command, notes in the receipt how that went, and returns the report. Nothing, and why in Receipt::failure,
/// for a bad end, no or an empty report (an interrupted Grype ends with 0), and one that does not parse.
std::optional<ScannerReport> run_scanner(const World& world, const Command& command, Receipt& receipt) {
    const std::chrono::milliseconds begin = world.clock.steady();
    const Finished finished = world.processes.run(command);
    receipt.seconds = static_cast<double>((world.clock.steady() - begin).count()) / 1000;
    receipt.command = render_command(command);
    receipt.exit_code = finished.exit_code;
    ScannerReport done;
    receipt.failure = fault_of([&] {
        if (const std::string end = find_bad_end(command, finished); !end.empty()) throw Error{Exit::failed, end, ""};
        const std::string name = report_name(receipt.scanner);
        done.text = world.files.read_if_there(command.directory / name).value_or("");
        if (trimmed(done.text).empty()) {
            throw Error{Exit::failed,
                        command.argv.front() + " ended with exit code 0 but left no report: it was interrupted", ""};
        }
        const Report report = parse_report(receipt.scanner, done.text, name);
        done.has_system = !report.os_family.empty();
        if (report.database_date) receipt.database_date = report.database_date;
        receipt.size.unpacked = report.unpacked;
        receipt.report = sha256(done.text);
    });
    return receipt.failure.empty() ? std::optional(std::move(done)) : std::nullopt;
}

// Every layout --------------------------------------------------------------------------------------------------------

/// A layout on its way to the scanners.
struct Prepared {
    const Layout& layout;
    fs::path directory;             ///< holds view/, and a directory for each scanner
    std::atomic<std::size_t> left;  ///< scans of it that are not done yet
    std::string damage;             ///< of its blobs; set before any scan
    std::once_flag viewed;
    std::string fault;  ///< why there is no view; set with `viewed`

    Prepared(const Layout& to_scan, fs::path below, std::size_t scans)
        : layout(to_scan), directory(std::move(below)), left(scans) {}
};

/// A layer, unpacked once for all images that hold it: the scanners, which are written in Go, would spend a third of
/// their time on it. They tell by a blob's first bytes whether it is packed.
struct UnpackedLayer {
    std::once_flag unpacked;
    std::optional<Digest> diff_id;      ///< of what was unpacked; nothing for a layer left to the scanners
    std::atomic<std::size_t> users{0};  ///< images that still need it
};

struct UnpackedLayers {
    fs::path directory;
    std::map<Digest, UnpackedLayer> by_blob{};  ///< complete before any scan
};

/// Unpacks what was not unpacked yet, and makes the view. A layer must be what the image's configuration says.
void make_view(Files& files, const Prepared& prepared, UnpackedLayers& layers) {
    const Layout& layout = prepared.layout;
    const std::vector<Digest> diff_ids = load_diff_ids(files, layout);
    for (std::size_t i = 0; i < diff_ids.size(); ++i) {
        const Descriptor& blob = layout.layers[i];
        const fs::path path = blob_path(layout.directory, blob.digest);
        const fs::path to = layers.directory / blob.digest.hex();
        UnpackedLayer& layer = layers.by_blob.at(blob.digest);
        std::call_once(layer.unpacked, [&] {
            if (is_tar(blob)) {
                layer.diff_id = files.unpack(path, to);
            } else {
                files.link_or_copy(path, to);
            }
        });
        if (layer.diff_id.value_or(diff_ids[i]) != diff_ids[i]) {
            throw Error{
                Exit::failed, {path.string()}, "this layer is not the one that the image's configuration names", ""};
        }
    }
    write_single_image_view(files, layout, layers.directory, prepared.directory / "view");
}

/// After an image's last scan. Its files would fill the disk of a runner that scans many images.
void remove_view(Files& files, const Prepared& prepared, UnpackedLayers& layers) {
    files.remove(prepared.directory);
    for (const Descriptor& blob : prepared.layout.layers) {
        if (--layers.by_blob.at(blob.digest).users == 0) files.remove(layers.directory / blob.digest.hex());
    }
}

/// Takes the SBOM that the scanner left, or makes it. An inventory that is not there makes the scan a failed one:
/// it would not be known whether the scanner saw the image's packages. `has_system`: it has to list some of the
/// operating system, too. Those of languages alone would make a scan look complete although the package database was
/// not read.
std::optional<std::string> take_sbom(const World& world, const Workplace& place, bool has_system, Receipt& receipt) {
    std::string text;
    const std::string fault = fault_of([&] {
        if (receipt.scanner == Scanner::trivy) {
            const Command command = make_trivy_sbom(place);
            const Finished finished = world.processes.run(command);
            if (finished.exit_code != 0) throw Error{Exit::failed, render_failure(command, finished), ""};
        }
        const std::string name = sbom_name(receipt.scanner);
        text = world.files.read_if_there(place.directory / name).value_or("");
        const std::vector<Package> packages = parse_inventory(text, name);
        const bool lists_system =
            std::ranges::any_of(packages, [](const Package& package) { return is_system_package(package.type); });
        if (has_system && !lists_system)
            throw Error{Exit::failed, name + " lists no package of the operating system", ""};
        receipt.packages = packages.size();
        receipt.sbom = sha256(text);
    });
    if (fault.empty()) return text;
    receipt.failure = "no inventory of the packages: " + fault;
    return std::nullopt;
}

Receipt scan(const World& world, const ScanSettings& settings, const ScanTools& tools, Prepared& prepared,
             UnpackedLayers& layers, Scanner scanner) {
    const Layout& layout = prepared.layout;
    Receipt receipt = begin_receipt(tools, scanner, layout.manifest, layout.config, architecture_of(layout.platform));
    for (const Descriptor& blob : layout.layers) receipt.size.compressed += blob.size;
    const auto refuse = [&](const std::string& fault) {
        receipt.failure = "the layout was not scanned: " + fault;
        return receipt;
    };
    if (!prepared.damage.empty()) return refuse(prepared.damage);
    if (!receipt.failure.empty()) return receipt;

    const Workplace place =
        prepare_workplace(world, prepared.directory / render_scanner(scanner), settings.databases, settings.timeout);
    const Command command =
        scanner == Scanner::trivy ? make_trivy_scan(place, layout.manifest) : make_grype_scan(place, layout.platform);
    const std::string key = make_scan_key(receipt, render_command(command));
    std::optional<CachedScan> result = load_cached_scan(world.files, settings.cache, scanner, key);
    if (!result) {
        std::call_once(prepared.viewed, [&] {
            const TimedTask task(world, "scan", layout.name + ", its layers");
            prepared.fault = fault_of([&] { make_view(world.files, prepared, layers); });
        });
        if (!prepared.fault.empty()) return refuse(prepared.fault);
        const std::optional<ScannerReport> report = run_scanner(world, command, receipt);
        const std::optional<std::string> sbom =
            report ? take_sbom(world, place, report->has_system, receipt) : std::nullopt;
        if (!sbom) return receipt;
        result = CachedScan{receipt, report->text, *sbom};
        // The scan counts whether or not it can be kept for later.
        fault_of([&] { save_cached_scan(world.files, settings.cache, key, *result, settings.run); });
    }
    const fs::path results = settings.scans / layout.name;
    world.files.write(results / report_name(scanner), result->report);
    world.files.write(results / sbom_name(scanner), result->sbom);
    return result->receipt;
}

std::string describe(const std::string& name, const Receipt& receipt) {
    const std::string scanner = render_scanner(receipt.scanner);
    if (!receipt.failure.empty()) return fmt::format("  {} of {}: FAILED: {}\n", scanner, name, receipt.failure);
    const std::string how = receipt.reused.empty()
                                ? fmt::format("{} in {:.1f} s", receipt.of_sbom ? " of its SBOM" : "", receipt.seconds)
                                : ", scanned with the same database by " + receipt.reused;
    return fmt::format("  {} of {}: {}{}\n", scanner, name, counted(receipt.packages, "package"), how);
}

// Kept SBOMs again: seconds instead of unpacking images, with the same findings --------------------------------------

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
std::vector<Receipt> find_usable_sboms(Files& files, const fs::path& directory, const Digest& manifest,
                                       const ScanTools& tools) {
    std::vector<Receipt> usable = find_archived_sboms(files, directory, manifest);
    std::erase_if(usable, [&](const Receipt& kept) {
        const auto tool = tools.versions.find(kept.scanner);
        return tool == tools.versions.end() || tool->second != kept.scanner_version;
    });
    return usable.size() == tools.versions.size() ? usable : std::vector<Receipt>{};
}

/// What the scans of an image's SBOMs found.
struct Rescan {
    std::vector<Receipt> receipts;
    std::vector<std::string> reports;  ///< of each receipt
};

/// Nothing if an SBOM cannot be used, or a scan fails.
std::optional<Rescan> rescan(const World& world, const Layout& image, const ScanSettings& settings,
                             const ScanTools& tools, const fs::path& work) {
    const fs::path directory = settings.scans / image.name;
    std::vector<Receipt> usable;
    fault_of([&] { usable = find_usable_sboms(world.files, directory, image.manifest, tools); });
    if (usable.empty() || has_secrets(world.files, directory)) return std::nullopt;
    Rescan done;
    for (const Receipt& kept : usable) {
        Receipt receipt = begin_receipt(tools, kept.scanner, kept.manifest, kept.config, kept.architecture);
        if (!receipt.failure.empty()) return std::nullopt;
        receipt.packages = kept.packages;
        receipt.sbom = kept.sbom;
        receipt.of_sbom = true;
        const Workplace place =
            prepare_workplace(world, work / render_scanner(kept.scanner), settings.databases, settings.timeout);
        const std::string sbom = sbom_name(kept.scanner);
        world.files.write(place.directory / sbom, world.files.read(directory / sbom));
        const std::optional<ScannerReport> report = run_scanner(world, make_sbom_scan(place, kept.scanner), receipt);
        if (!report) return std::nullopt;
        done.receipts.push_back(receipt);
        done.reports.push_back(report->text);
    }
    return done;
}

}  // namespace

std::vector<Receipt> run_scans(const World& world, const std::vector<Layout>& layouts, const ScanSettings& settings) {
    const ScanTools tools = find_scan_tools(world, settings);
    // On the disk that holds the layouts: views on them cost nothing, and images are not unpacked in memory.
    const PrivateDirectory work(world.files, fs::absolute(settings.scans) += ".scanning");
    world.files.remove(work.path());  // of an interrupted run
    UnpackedLayers layers{.directory = work.path() / "layers"};
    std::deque<Prepared> prepared;  // which cannot be moved
    for (const Layout& layout : layouts) {
        world.files.remove(settings.scans / layout.name);
        prepared.emplace_back(layout, work.path() / layout.name, tools.versions.size());
        for (const Descriptor& blob : layout.layers) ++layers.by_blob[blob.digest].users;
    }
    in_parallel(settings.jobs, prepared.size(), [&](std::size_t i) {
        prepared[i].damage = fault_of([&] {
            const Problems damaged = check_blobs(world.files, layouts[i]);
            if (!damaged.empty()) throw Error{Exit::failed, damaged};
        });
    });

    std::mutex mutex;  // guards the log and the receipts
    std::vector<std::vector<Receipt>> receipts(layouts.size());
    std::vector<std::function<void()>> scans;
    const auto add_scan = [&](std::size_t i, Scanner scanner) {
        scans.emplace_back([&, i, scanner] {
            const TimedTask task(world, "scan", layouts[i].name + ", " + render_scanner(scanner));
            const Receipt receipt = scan(world, settings, tools, prepared[i], layers, scanner);
            // The scan counts whether or not its files can go now.
            if (--prepared[i].left == 0) fault_of([&] { remove_view(world.files, prepared[i], layers); });
            const std::lock_guard lock(mutex);
            world.log << describe(layouts[i].name, receipt) << std::flush;
            receipts[i].push_back(receipt);
        });
    };
    // With enough images, no scan waits for a view: an image's second scan begins after the first one has made it.
    for (std::size_t first = 0; first < layouts.size(); first += settings.jobs) {
        const std::size_t end = std::min(first + settings.jobs, layouts.size());
        for (const auto& [scanner, version] : tools.versions) {
            for (std::size_t i = first; i < end; ++i) add_scan(i, scanner);
        }
    }
    in_parallel(settings.jobs, scans);

    std::vector<Receipt> all;
    for (std::size_t i = 0; i < layouts.size(); ++i) {
        std::ranges::sort(receipts[i], {}, &Receipt::scanner);
        world.files.write(settings.scans / layouts[i].name / receipts_name, render_receipts_json(receipts[i]));
        all.insert(all.end(), receipts[i].begin(), receipts[i].end());
    }
    return all;
}

std::vector<std::string> rescan_from_sboms(const World& world, const std::vector<Layout>& images,
                                           const ScanSettings& settings) {
    if (images.empty()) return {};
    const ScanTools tools = find_scan_tools(world, settings);
    const PrivateDirectory work(world.files);
    std::vector<std::optional<Rescan>> rescans(images.size());
    in_parallel(settings.jobs, images.size(), [&](std::size_t i) {
        rescans[i] = rescan(world, images[i], settings, tools, work.path() / images[i].name);
    });
    std::vector<std::string> names;
    for (std::size_t i = 0; i < images.size(); ++i) {
        if (!rescans[i]) continue;
        const auto& [receipts, reports] = *rescans[i];
        const std::string& name = names.emplace_back(images[i].name);
        for (std::size_t one = 0; one < receipts.size(); ++one) {
            world.files.write(settings.scans / name / report_name(receipts[one].scanner), reports[one]);
            world.log << describe(name, receipts[one]);
        }
        world.files.write(settings.scans / name / receipts_name, render_receipts_json(receipts));
    }
    return names;
}
