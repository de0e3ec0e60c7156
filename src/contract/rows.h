// The rows of the contract: one promise each, and how it is read from the facts (parent-images.md §8).
#pragma once

#include <string>
#include <vector>

#include "contract/contract.h"
#include "contract/contract_file.h"
#include "contract/facts.h"

/// Which images promise a row.
enum class PromisedBy {
    all,
    production,
    distroless,
    with_debian,
    development
};  ///< with_debian: development, and production on slim

struct Observation {
    bool kept = false;
    std::string expected;
    std::string found;
};

struct RowRule {
    std::string id;  ///< stable: contract files name it
    std::string promise;
    PromisedBy by = PromisedBy::all;
    Observation (*observe)(const ImageFacts& facts, const Limits& limits) = nullptr;
};

/// Every row there is, in the order in which reports show them.
const std::vector<RowRule>& contract_rows();

/// The verdict on one image: every row that it promises. A broken row is excused if the contract has it off or
/// `excuses` names it, or known if the contract says so and the day has not passed. Rows about internal authorities are
/// left out if there are none.
ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& excuses, Date today);
