// The directory of one image's scans: reports, SBOMs, receipts, and what binds each SBOM to its image.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "system/files.h"
#include "verdict/verdict.h"

inline constexpr const char* receipts_name = "receipt.json";
inline constexpr const char* kept_sboms_name = "sboms.json";

/// What a step threw, as one text; empty if it went well. The boundary of this module: what goes wrong with a scan, its
/// report or its database is a value from here on. A cancellation passes.
std::string fault_of(const std::function<void()>& step);

/// By the parser of its scanner.
Report parse_report(Scanner scanner, std::string text, const std::string& source);

/// An SBOM that lies beside the reports, and the image that it is of. It does not say that itself.
struct KeptSbom {
    Scanner scanner = Scanner::trivy;
    std::string scanner_version;
    Digest sbom;
    Digest manifest;
    Digest config;
    std::string architecture;
    std::size_t packages = 0;
};

std::string render_kept_sboms_json(const std::vector<KeptSbom>& sboms);
/// Throws Error{failed}, naming `source`, for what render_kept_sboms_json does not write.
std::vector<KeptSbom> parse_kept_sboms_json(std::string_view text, const std::string& source);

/// Those in this directory that are of this very manifest, and still the very text that was written down. Throws like
/// parse_kept_sboms_json.
std::vector<KeptSbom> find_kept_sboms(Files& files, const std::filesystem::path& directory, const Digest& manifest);
