#include "scan/one_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "scan/scan_files.h"

namespace {

/// The line of a tool's standard error that says most: a panic's first, else the last one.
std::string telling_line(const std::string& err) {
    std::string last;
    for (const std::string& line : lines_of(err)) {
        if (line.starts_with("panic:")) return line;
        if (!trimmed(line).empty()) last = std::string(trimmed(line));
    }
    return last;
}

/// Why the process is no scan; empty if it ended well.
std::string find_bad_end(const Command& command, const Finished& finished) {
    const std::string name = command.argv.front();
    const std::string said = telling_line(finished.err);
    if (finished.timed_out) return fmt::format("{} did not end within {} s", name, command.timeout.count());
    if (finished.exit_code == 127) return "there is no " + name + " on PATH";
    if (finished.exit_code == 0) return "";
    return fmt::format("{} ended with exit code {}{}{}", name, finished.exit_code, said.empty() ? "" : ": ", said);
}

}  // namespace

ScanTools find_scan_tools(const World& world, const ScanSettings& settings) {
    ScanTools tools{.versions = find_scanners(world, settings.paused), .databases = {}};
    for (const auto& [scanner, version] : tools.versions) {
        tools.databases[scanner] = load_database_state(world, settings.databases, scanner);
    }
    return tools;
}

Receipt begin_receipt(const ScanTools& tools, Scanner scanner, const Digest& manifest, const Digest& config,
                      const std::string& architecture) {
    const DatabaseState& state = tools.databases.at(scanner);
    return Receipt{.scanner = scanner,
                   .scanner_version = tools.versions.at(scanner),
                   .database = state.description,
                   .database_date = state.date,
                   .sample_data = state.sample,
                   .exit_code = 0,
                   .seconds = 0,
                   .command = "",
                   .manifest = manifest,
                   .config = config,
                   .architecture = architecture,
                   .report = sha256(""),
                   .packages = 0,
                   .failure = state.failure,
                   .sbom = std::nullopt,
                   .reused = "",
                   .bare = false};
}

std::optional<std::string> run_scanner(const World& world, const Command& command, Receipt& receipt) {
    const std::chrono::milliseconds begin = world.clock.steady();
    const Finished finished = world.processes.run(command);
    receipt.seconds = static_cast<double>((world.clock.steady() - begin).count()) / 1000;
    receipt.command = render_command(command);
    receipt.exit_code = finished.exit_code;
    receipt.failure = find_bad_end(command, finished);
    if (!receipt.failure.empty()) return std::nullopt;

    const std::string name = report_name(receipt.scanner);
    const std::string text = world.files.read_if_there(command.directory / name).value_or("");
    if (trimmed(text).empty()) {
        receipt.failure = command.argv.front() + " ended with exit code 0 but left no report: it was interrupted";
        return std::nullopt;
    }
    receipt.failure = fault_of([&] {
        const Report report = parse_report(receipt.scanner, text, name);
        if (report.database_date) receipt.database_date = report.database_date;
        receipt.size.unpacked = report.unpacked;
    });
    if (!receipt.failure.empty()) return std::nullopt;
    receipt.report = sha256(text);
    return text;
}
