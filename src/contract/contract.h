// The contract of a parent image: the checks that it has to pass, and the results (facts: parent-images.md §8).
#pragma once

#include <optional>
#include <string>
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

/// One assertion about one image.
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
    std::string key = {};        ///< of all that the result depends on; empty: it is not for later runs
    std::string tested_by = {};  ///< the run that tested: its URL or time
    bool reused = false;         ///< that was an earlier run

    bool passed() const;  ///< no row failed, and there is at least one row
};

std::string render_contract_json(const ContractReport& report);
ContractReport parse_contract_json(std::string_view text, const std::string& source);
std::string render_contract_markdown(const std::vector<ContractReport>& reports);
