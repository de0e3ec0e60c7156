#include "verdict/comparison.h"

#include <algorithm>

namespace {

/// The findings of `verdict` that are not in `other`.
std::vector<Finding> missing_from(const Verdict& other, const Verdict& verdict) {
    const std::set<std::string> keys = finding_keys(other);
    std::vector<Finding> missing;
    for (const Finding* finding : gated_findings(verdict)) {
        if (!keys.contains(finding->key())) missing.push_back(*finding);
    }
    return missing;
}

}  // namespace

ImageSize size_of(const Verdict& verdict) {
    ImageSize size;
    for (const Receipt& receipt : verdict.receipts) {
        size.compressed = std::max(size.compressed, receipt.size.compressed);
        size.unpacked = std::max(size.unpacked, receipt.size.unpacked);
    }
    return size;
}

std::set<std::string> finding_keys(const Verdict& verdict) {
    std::set<std::string> keys;
    for (const Finding* finding : gated_findings(verdict)) keys.insert(finding->key());
    return keys;
}

Comparison compare_verdicts(const Verdict& published, const Verdict& now) {
    return {missing_from(now, published), missing_from(published, now)};
}

bool is_no_worse(const Verdict& published, const Verdict& now) {
    if (published.outcome == Outcome::unknown || now.outcome == Outcome::unknown) return false;
    std::set<std::string> before;
    for (const Finding& finding : published.blocking) before.insert(finding.key());
    return std::ranges::all_of(now.blocking, [&](const Finding& finding) { return before.contains(finding.key()); });
}
