// The rows of the contract: one check each, and how its result follows from the facts (parent-images.md §8).
#pragma once

#include <string>
#include <vector>

#include "contract/contract.h"
#include "contract/contract_file.h"
#include "contract/facts.h"

/// Which images a row applies to.
enum class AppliesTo {
    all,
    production,
    distroless,
    with_debian,
    development
};  ///< with_debian: development, and production on slim

struct Observation {
    bool passed = false;
    std::string expected;
    std::string found;
};

struct RowRule {
    std::string id;  ///< stable: contract files name it
    std::string check;
    AppliesTo applies_to = AppliesTo::all;
    Observation (*observe)(const ImageFacts& facts, const Limits& limits) = nullptr;
};

/// Every row there is, in the order in which reports show them.
const std::vector<RowRule>& contract_rows();

/// The verdict on one image: every row that applies to it. A failure is expected if the contract has the row off or
/// `expected_failures` names it, or known if the contract says so and the day has not passed. Rows about internal
/// authorities are left out if there are none.
ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& expected_failures, Date today);
