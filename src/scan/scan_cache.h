// Results of earlier scans, kept outside of the checkout. The same image, scanner, command and database give the same
// report, so the scan need not run again. Whoever can write here could hide findings, exactly as with the databases
// themselves: keep both with the same care.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "system/files.h"
#include "verdict/verdict.h"

struct CachedScan {
    Receipt receipt;     ///< `reused` names the run that scanned
    std::string report;  ///< the scanner's own JSON
    std::string sbom;    ///< CycloneDX
};

/// The name of the entry for this scan: a digest of all that the report depends on. `begun` is the receipt before the
/// scan, with the scanner's version, its database and the image. Empty if the database has no date: then it may be
/// another one by now.
std::string make_scan_key(const Receipt& begun, const std::string& command);

/// The entry, or nothing if there is none or it is damaged: report and SBOM must match the digests stored with them.
std::optional<CachedScan> load_cached_scan(Files& files, const std::filesystem::path& cache, Scanner scanner,
                                           const std::string& key);

/// Adds an entry and removes those of this scanner's former databases, which no key can name any more. `run` says which
/// run scanned. Throws Error{failed} if the directory cannot be written.
void save_cached_scan(Files& files, const std::filesystem::path& cache, const std::string& key, const CachedScan& scan,
                      const std::string& run);
