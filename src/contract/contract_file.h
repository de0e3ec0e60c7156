// The contract's file (YAML), and what became of its known failures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/error.h"
#include "contract/contract.h"

/// The file, or Error{bad_input} with every error and its line. What it leaves out is as in the built-in contract,
/// which is `Contract{}`.
Contract parse_contract(std::string_view yaml, const std::string& file);

/// Known failures that no longer hold: past their date, naming no image of the reports, or a row that passes by now.
/// Each with its line.
Problems check_known_failures(const Contract& contract, const std::vector<ContractReport>& reports, Date today);
