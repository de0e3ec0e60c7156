// Which checks an image passes now and failed before, or the other way round.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/contract.h"

/// One row of the contract that does not end as it did.
struct ContractChange {
    std::string id;
    std::string check;
    std::optional<RowResult> before;  ///< nothing: it was not tested
    std::optional<RowResult> now;     ///< nothing: it is not tested any more
};

/// In the order of the rows of now, then those that are gone. What was found may differ and end the same: that is no
/// change. A new promise that is kept is none either, since the program made it and not the image.
std::vector<ContractChange> compare_contracts(const ContractReport& before, const ContractReport& now);
