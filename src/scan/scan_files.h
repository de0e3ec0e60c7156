// The directory of one image's scans: reports, SBOMs, and the receipts that bind them to the image; and those of
// earlier runs.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "system/files.h"
#include "verdict/verdict.h"

inline constexpr const char* receipts_name = "receipt.json";

/// What a step threw, as one text; empty if it went well. The boundary of this module: what goes wrong with a scan, its
/// report or its database is a value from here on. A cancellation passes.
std::string fault_of(const std::function<void()>& step);

/// By the parser of its scanner.
Report parse_report(Scanner scanner, std::string text, const std::string& source);

/// The receipts in this directory of scans of this very manifest whose SBOM lies there, and is still the very text that
/// the receipt is about. Throws Error{failed} for receipts that cannot be read.
std::vector<Receipt> find_archived_sboms(Files& files, const std::filesystem::path& directory, const Digest& manifest);

// Results of earlier scans are kept outside of the checkout. The same image, scanner, command and database give the
// same report, so the scan need not run again. A program that can write there could hide findings, as with the
// databases themselves: keep both with the same care.

struct CachedScan {
    Receipt receipt;     ///< `reused` names the run that scanned
    std::string report;  ///< the scanner's own JSON
    std::string sbom;    ///< CycloneDX
};

/// The name of the entry for this scan: a digest of all that the report depends on. `begun` is the receipt before the
/// scan, with the scanner's version, its database and the image. Empty if the database has no date: then it may be
/// another one by now.
std::string make_scan_key(const Receipt& begun, const std::string& command);

/// The entry, or nothing if there is none or it is damaged: report and SBOM must match the digests in the receipt.
std::optional<CachedScan> load_cached_scan(Files& files, const std::filesystem::path& cache, Scanner scanner,
                                           const std::string& key);

/// Adds an entry and removes those of this scanner's former databases, which no key can name any more. `run` says which
/// run scanned. Throws Error{failed} if the directory cannot be written.
void save_cached_scan(Files& files, const std::filesystem::path& cache, const std::string& key, const CachedScan& scan,
                      const std::string& run);
