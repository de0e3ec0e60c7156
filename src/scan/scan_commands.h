// The scanners' command lines. What a pull request could plant (trivy.yaml, .trivyignore, .grype.yaml, variables) does
// not reach them: own empty directory, own empty HOME, an environment of our own, and flags that name an empty
// configuration.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/digest.h"
#include "findings/finding.h"
#include "system/files.h"
#include "system/world.h"

/// Where one scanner works: a fresh directory with home/, tmp/ and empty.yaml in it. What is scanned is named relative
/// to it, so that reports and receipts hold no path of the machine.
struct Workplace {
    std::filesystem::path directory;
    std::filesystem::path databases;  ///< absolute
    std::string path;                 ///< PATH, where the scanners are
    std::chrono::seconds timeout{0};
};

/// Makes the directory with what belongs in it.
Workplace prepare_workplace(const World& world, const std::filesystem::path& directory,
                            const std::filesystem::path& databases, std::chrono::seconds timeout);

/// What a scanner leaves in its directory.
std::string report_name(Scanner scanner);  ///< "trivy.json"
std::string sbom_name(Scanner scanner);    ///< "trivy.cdx.json"

/// Trivy on the image in ../view. Its report lists every package too: that is what its SBOM is made from.
Command make_trivy_scan(const Workplace& place, const Digest& manifest);
/// Trivy's report as an SBOM, without a second look at the image.
Command make_trivy_sbom(const Workplace& place);
/// Grype on the image in ../view, report and SBOM in one run.
Command make_grype_scan(const Workplace& place, const std::string& platform);
/// A scanner on its own SBOM, which lies in its directory (on the other's it loses findings).
Command make_sbom_scan(const Workplace& place, Scanner scanner);

/// Which version, and which database it would use.
Command make_version_query(const Workplace& place, Scanner scanner);
Command make_grype_database_query(const Workplace& place);

/// Renewing a database below `databases`: these two reach the network.
Command make_trivy_download(const Workplace& place, const World& world, const std::string& repository);
Command make_grype_update(const Workplace& place, const World& world);
