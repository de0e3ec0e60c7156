#include "contract/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace {

bool applies(AppliesTo to, const Expectations& image) {
    const bool production = image.target == Target::production;
    const bool distroless = production && image.distroless;
    const std::array answers = {true, production, distroless, !distroless, !production};  // in the order of AppliesTo
    return answers.at(static_cast<std::size_t>(to));
}

/// Marks a failure that the contract accepts, with the reason.
void accept_failure(ContractRow& row, const std::string& name, const Contract& contract,
                    const std::vector<std::string>& expected_failures, Date today) {
    if (std::ranges::count(contract.off, row.id) > 0)
        row.because = "off in " + (contract.file.empty() ? "the contract" : contract.file);
    else if (std::ranges::count(expected_failures, row.id) > 0)
        row.because = "its stand-in base cannot pass this";
    if (!row.because.empty()) {
        row.result = RowResult::expected;
        return;
    }
    for (const KnownFailure& known : contract.known) {
        if (known.row != row.id || !known.is_about(name)) continue;
        const bool holds = today <= known.review_by;
        row.because = fmt::format("{} ({}, {} {})", known.reason, known.owner, holds ? "until" : "ended on",
                                  render_date(known.review_by));
        if (holds) row.result = RowResult::known;
        if (holds) return;
    }
}

}  // namespace

const std::vector<RowRule>& contract_rows() {
    static const std::vector<RowRule> all = [] {
        std::vector<RowRule> rows;
        for (const auto& part : {configuration_rows(), running_rows(), file_rows(), trust_rows()})
            rows.insert(rows.end(), part.begin(), part.end());
        return rows;
    }();
    return all;
}

ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& expected_failures, Date today) {
    ContractReport report{.name = name, .manifest = manifest};
    for (const RowRule& rule : contract_rows()) {
        const bool about_authorities = rule.id.starts_with("ca-");
        if (!applies(rule.applies_to, facts.expected) || (about_authorities && facts.certificates.empty())) continue;
        const Observation seen = rule.observe(facts, contract.limits);
        ContractRow row{.id = rule.id,
                        .check = rule.check,
                        .expected = seen.expected,
                        .found = seen.found,
                        .result = seen.passed ? RowResult::passed : RowResult::failed};
        if (!seen.passed) accept_failure(row, name, contract, expected_failures, today);
        report.rows.push_back(row);
    }
    return report;
}
