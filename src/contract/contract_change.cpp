#include "contract/contract_change.h"

#include <algorithm>

namespace {

std::optional<RowResult> result_of(const ContractReport& report, const std::string& id) {
    const auto row =
        std::find_if(report.rows.begin(), report.rows.end(), [&](const ContractRow& r) { return r.id == id; });
    return row == report.rows.end() ? std::nullopt : std::optional(row->result);
}

}  // namespace

std::vector<ContractChange> compare_contracts(const ContractReport& before, const ContractReport& now) {
    std::vector<ContractChange> changes;
    for (const ContractRow& row : now.rows) {
        const std::optional<RowResult> was = result_of(before, row.id);
        if (was.value_or(RowResult::passed) != row.result) changes.push_back({row.id, row.check, was, row.result});
    }
    for (const ContractRow& row : before.rows) {
        if (!result_of(now, row.id)) changes.push_back({row.id, row.check, row.result, std::nullopt});
    }
    return changes;
}
