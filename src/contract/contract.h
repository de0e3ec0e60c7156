// The contract of a parent image: what it has to pass, and the results (docs/images.md).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/error.h"

enum class RowResult {
    passed,
    failed,
    expected,  ///< failed, as expected of its stand-in base, or the contract file has the row off
    known      ///< failed, and the contract file names it as a known failure until some day
};
std::string render_row_result(RowResult result);

/// One check of one image: a row of its report.
struct ContractRow {
    std::string id;     ///< stable, as used in contract files: "user-numeric"
    std::string check;  ///< a sentence: "the user is numeric and not root"
    std::string expected;
    std::string found;
    RowResult result = RowResult::passed;
    std::string because;  ///< of an expected or known failure: the reason, owner and date
};

/// Everything tested about one image on one platform.
struct ContractReport {
    std::string name;      ///< "3.13.3-production-linux-amd64"
    std::string manifest;  ///< digest of the tested manifest
    std::vector<ContractRow> rows;
    std::string contract = {};   ///< the contract's file; empty: the built-in contract
    std::string key = {};        ///< of all that the result depends on; empty: it is not for later runs
    std::string tested_by = {};  ///< the run that tested: its URL or time
    bool reused = false;         ///< that was an earlier run

    bool passed() const;                                              ///< no row failed, and there is at least one row
    std::optional<RowResult> result_of(const std::string& id) const;  ///< nothing: there is no such row
};

/// A row that is known to fail, until it is reviewed.
struct KnownFailure {
    std::string row;
    std::vector<std::string> images;  ///< patterns on the report's name: "3.13.*-production-*"; empty: all
    std::string reason;
    std::string owner;
    Date review_by{};  ///< holds through this day (UTC); then the row fails again
    Place at;

    bool is_about(const std::string& image) const;  ///< by its report's name
};

/// MB are 10^6 bytes.
struct Limits {
    std::map<std::string, double> production_mb = {{"amd64", 70},
                                                   {"arm64", 80}};  ///< by architecture; unpacked, less uv
    std::map<std::string, double> development_mb = {{"amd64", 160}, {"arm64", 170}};
    double layers = 16;
    double stop_seconds = 5;
};

struct Contract {
    std::string file;  ///< empty: the built-in one
    std::vector<std::string> off;
    Limits limits;
    std::vector<KnownFailure> known;
};

/// The contract's file (YAML), or Error{bad_input} with every error and its line. What it leaves out is as in the
/// built-in contract, which is `Contract{}`.
Contract parse_contract(std::string_view yaml, const std::string& file);

/// Known failures that no longer hold: past their date, naming no image of the reports, or a row that passes by now.
/// Each with its line.
Problems check_known_failures(const Contract& contract, const std::vector<ContractReport>& reports, Date today);

std::string render_contract_json(const ContractReport& report);
ContractReport parse_contract_json(std::string_view text, const std::string& source);

/// One row of the contract that does not end as it did.
struct ContractChange {
    std::string id;
    std::string check;
    std::optional<RowResult> before;  ///< nothing: it was not tested
    std::optional<RowResult> now;     ///< nothing: it is not tested any more
};

/// In the order of the rows of now, then those that are gone. What was found may differ and end the same: that is no
/// change. A new check that passes is none either: the program has changed, not the image.
std::vector<ContractChange> compare_contracts(const ContractReport& before, const ContractReport& now);
