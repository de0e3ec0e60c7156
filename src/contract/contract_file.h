// The contract as data: which rows are on, their limits, and known failures with a reason, an owner and a date (YAML).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/error.h"
#include "contract/contract.h"

/// A row that is known to fail, until it is reviewed.
struct KnownFailure {
    std::string row;
    std::vector<std::string> images;  ///< patterns on the report's name: "3.13.*-production-*"; empty: all
    std::string reason;
    std::string owner;
    Date review_by{};  ///< holds through this day (UTC); then the row fails again
    Place at;
};

/// MB are 10^6 bytes.
struct Limits {
    std::map<std::string, double> production_mb = {{"amd64", 70},
                                                   {"arm64", 80}};  ///< by architecture; unpacked, less uv
    std::map<std::string, double> development_mb = {{"amd64", 160}, {"arm64", 170}};
    int layers = 16;
    double stop_seconds = 5;
    /// Of processor time, for 15 modules of the standard library: 90 to 140 from bytecode, 480 to 720 without.
    double imports_ms = 250;
};

struct Contract {
    std::string file;  ///< empty: the built-in one
    std::vector<std::string> off;
    Limits limits;
    std::vector<KnownFailure> known;
};

/// The file, or Error{bad_input} with every error and its line. What it leaves out is as in the built-in contract,
/// which is `Contract{}`.
Contract parse_contract(std::string_view yaml, const std::string& file);

/// Known failures that no longer hold: past their date, naming no image of the reports, or a row that passes by now.
/// Each with its line.
Problems check_known_failures(const Contract& contract, const std::vector<ContractReport>& reports, Date today);
