// What a parent image promises, row by row, and whether it keeps it (facts: parent-images.md §8).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/error.h"

enum class RowResult {
    kept,
    broken,
    excused,
    known
};  ///< excused: a stand-in base cannot keep it, or the contract file has it off; known: a dated known failure
std::string render_row_result(RowResult result);

/// One assertion about one image.
struct ContractRow {
    std::string id;       ///< stable, as used in contract files: "user-numeric"
    std::string promise;  ///< a sentence: "the user is numeric and not root"
    std::string expected;
    std::string found;
    RowResult result = RowResult::kept;
    std::string because;  ///< of an excused or known row: the reason, owner and date
};

/// Everything tested about one image on one platform.
struct ContractReport {
    std::string name;      ///< "3.13.3-production-linux-amd64"
    std::string manifest;  ///< digest of the tested manifest
    std::vector<ContractRow> rows;

    bool is_kept() const;  ///< no row is broken, and there is at least one row
};

std::string render_contract_json(const ContractReport& report);
ContractReport parse_contract_json(std::string_view text, const std::string& source);
std::string render_contract_markdown(const std::vector<ContractReport>& reports);
