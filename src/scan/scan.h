// The scans: Trivy and Grype on the very bytes of a layout, a receipt for each. A scan that failed is a value: a
// receipt with the reason. What that means is decided in verdict/.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "findings/inventory.h"
#include "oci/layout.h"
#include "system/world.h"
#include "verdict/verdict.h"

struct ScanSettings {
    std::filesystem::path databases;    ///< trivy/ and grype/ as the tools lay them out; sample.json marks sample data
    std::filesystem::path scans;        ///< out/scans: each layout's reports go into a directory of its own in there
    std::filesystem::path cache;        ///< results of earlier runs (scan_files.h); empty: none are used
    std::string run;                    ///< this run, for the receipts of those that reuse its results: a URL or a time
    std::size_t jobs = 2;               ///< scans at a time
    std::chrono::seconds timeout{900};  ///< for one scan
    std::vector<Scanner> paused;        ///< not run: the policy has them off today
};

/// The versions of the scanners on PATH, "0.74.0", but for the paused ones. Throws Error{failed} if one is missing,
/// does not say its version, or is a Trivy that must not be run (0.69.4 to 0.69.6: CVE-2026-33634).
std::map<Scanner, std::string> find_scanners(const World& world, const std::vector<Scanner>& paused = {});

/// Which vulnerability database a scanner would use.
struct DatabaseState {
    Scanner scanner = Scanner::trivy;
    std::string description;   ///< "schema 2 from mirror.gcr.io/aquasec/trivy-db:2"; with `date` it identifies it
    std::optional<Time> date;  ///< when it was made
    bool sample = false;       ///< made by the set-up: never a real verdict
    std::string failure;       ///< why it cannot be used; empty if it can
};

DatabaseState load_database_state(const World& world, const std::filesystem::path& databases, Scanner scanner);

/// Updates both databases: once per run, before the scans, which then need no network. A database that cannot
/// be renewed stays as it was; that is returned as a warning per scanner, never thrown. Sample data is left alone.
Problems update_databases(const World& world, const std::filesystem::path& databases);

/// Scans every layout with both scanners. The layout's blobs are hashed first, because no scanner does that. What is
/// accepted is left in settings.scans/NAME: trivy.json, grype.json, trivy.cdx.json, grype.cdx.json (each scanner's own
/// SBOM) and always receipt.json; what lay there before is removed first. A receipt for each layout and scanner, in the
/// order of the layouts, Trivy first; Receipt::failure says why there is no report. Throws Error{failed} only if
/// nothing can be scanned at all (no scanner, no directory), Error{cancelled}.
std::vector<Receipt> run_scans(const World& world, const std::vector<Layout>& layouts, const ScanSettings& settings);

/// What lies in scans/NAME: the receipts, and each report that parses and is the very text that its receipt is about.
/// What is wrong becomes the failure of its receipt. Nothing at all if the directory holds no receipts. Throws
/// Error{failed} for receipts that cannot be read.
std::vector<ScanResult> load_scans(Files& files, const std::filesystem::path& scans, const std::string& name);

/// The packages that each scanner found in the image, by the SBOMs that were kept in scans/NAME. A scanner without one,
/// or with one of another manifest or other text than was written down, is omitted. Throws Error{failed} for what
/// cannot be read.
std::map<Scanner, std::vector<Package>> load_inventories(Files& files, const std::filesystem::path& scans,
                                                         const std::string& name, const Digest& manifest);

/// Scans kept SBOMs again, when only the databases are newer: nothing is pulled or unpacked.
/// Returns the names of the images of which every scanner's SBOM was there, of this very manifest, the very text of its
/// receipt, by the scanner's present version, and was scanned; their new reports and receipts are then in their place.
/// For the others nothing is changed. Of the layouts only names and manifests are needed. Only for scans/NAME that
/// nobody else could write to: they could hide what an image holds.
std::vector<std::string> rescan_from_sboms(const World& world, const std::vector<Layout>& images,
                                           const ScanSettings& settings);
