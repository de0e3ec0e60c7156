// The rows of the contract: one check each, and how its result follows from the facts (parent-images.md §8).
#pragma once

#include <string>
#include <vector>

#include "contract/facts.h"

/// Every row there is, in the order in which reports show them.
const std::vector<RowRule>& contract_rows();

/// The verdict on one image: every row that applies to it. A failure is expected if the contract has the row off or
/// `expected_failures` names it, or known if the contract says so and the day has not passed. Rows about internal
/// authorities are left out if there are none.
ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& expected_failures, Date today);
