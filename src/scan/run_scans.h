// One run of one scanner, from its command to a receipt.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "scan/scan.h"
#include "scan/scan_commands.h"

/// What is the same for all scans of a run.
struct ScanTools {
    std::map<Scanner, std::string> versions;
    std::map<Scanner, DatabaseState> databases;
};

/// Finds the scanners that are not paused, and their databases. Throws like find_scanners.
ScanTools find_scan_tools(const World& world, const ScanSettings& settings);

/// A receipt with what is known before the scan.
Receipt begin_receipt(const ScanTools& tools, Scanner scanner, const Digest& manifest, const Digest& config,
                      const std::string& architecture);

/// Runs the command, which is to leave report_name(scanner) in its directory, and notes in the receipt how that went.
/// Returns the report's text if it is one; else Receipt::failure says why not: the scanner's end, no or an empty report
/// (an interrupted Grype ends with 0), or one that does not parse.
std::optional<std::string> run_scanner(const World& world, const Command& command, Receipt& receipt);
