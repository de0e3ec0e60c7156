#include "contract/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "contract/observation.h"

namespace {

std::vector<RowRule> gather_rows() {
    std::vector<RowRule> rows;
    for (const auto& part : {configuration_rows(), python_rows(), behaviour_rows(), tool_rows(), file_rows(),
                             package_rows(), trust_rows()}) {
        rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
}

bool promises(const Expectations& image, PromisedBy by) {
    const bool production = image.target == Target::production;
    switch (by) {
        case PromisedBy::all:
            return true;
        case PromisedBy::production:
            return production;
        case PromisedBy::distroless:
            return production && image.distroless;
        case PromisedBy::with_debian:
            return !production || !image.distroless;
        case PromisedBy::development:
            return !production;
    }
    return false;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_about(const KnownFailure& known, const std::string& row, const std::string& image) {
    return known.row == row && (known.images.empty() ||
                                std::any_of(known.images.begin(), known.images.end(), [&](const std::string& pattern) {
                                    return matches_pattern(pattern, image);
                                }));
}

/// Why a broken row is not held against the image, if there is a reason.
void excuse(ContractRow& row, const std::string& name, const Contract& contract,
            const std::vector<std::string>& excuses, Date today) {
    if (has(contract.off, row.id)) {
        row.result = RowResult::excused;
        row.because = "off in " + (contract.file.empty() ? "the contract" : contract.file);
        return;
    }
    if (has(excuses, row.id)) {
        row.result = RowResult::excused;
        row.because = "its stand-in base cannot keep this";
        return;
    }
    for (const KnownFailure& known : contract.known) {
        if (!is_about(known, row.id, name)) continue;
        const bool holds = today <= known.review_by;
        row.because = fmt::format("{} ({}, {} {})", known.reason, known.owner, holds ? "until" : "ended on",
                                  render_date(known.review_by));
        if (holds) row.result = RowResult::known;
        if (holds) return;
    }
}

}  // namespace

const std::vector<RowRule>& contract_rows() {
    static const std::vector<RowRule> rows = gather_rows();
    return rows;
}

ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& excuses, Date today) {
    ContractReport report{.name = name, .manifest = manifest, .rows = {}};
    for (const RowRule& rule : contract_rows()) {
        const bool about_authorities = rule.id.starts_with("ca-");
        if (!promises(facts.expected, rule.by) || (about_authorities && facts.certificates.empty())) continue;
        const Observation seen = rule.observe(facts, contract.limits);
        ContractRow row{.id = rule.id,
                        .promise = rule.promise,
                        .expected = seen.expected,
                        .found = seen.found,
                        .result = seen.kept ? RowResult::kept : RowResult::broken,
                        .because = ""};
        if (!seen.kept) excuse(row, name, contract, excuses, today);
        report.rows.push_back(row);
    }
    return report;
}
