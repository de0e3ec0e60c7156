#include "verdict/comparison.h"

#include <algorithm>
#include <set>

#include "findings/merge.h"

namespace {

std::vector<const Finding*> findings_of(const Verdict& verdict) {
    std::vector<const Finding*> findings;
    for (const Finding& finding : verdict.blocking) findings.push_back(&finding);
    for (const WaivedFinding& waived : verdict.waived) findings.push_back(&waived.finding);
    for (const Finding& finding : verdict.reported) findings.push_back(&finding);
    return findings;
}

std::set<std::string> keys_of(const std::vector<const Finding*>& findings) {
    std::set<std::string> keys;
    for (const Finding* finding : findings) keys.insert(finding->key());
    return keys;
}

std::vector<Finding> missing_from(const std::set<std::string>& keys, const std::vector<const Finding*>& findings) {
    std::vector<Finding> missing;
    for (const Finding* finding : findings) {
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

Comparison compare_verdicts(const Verdict& published, const Verdict& now) {
    const std::vector<const Finding*> before = findings_of(published);
    const std::vector<const Finding*> after = findings_of(now);
    return {missing_from(keys_of(after), before), missing_from(keys_of(before), after)};
}

Verdict block_only_new(Verdict now, const std::optional<Verdict>& published) {
    if (now.outcome != Outcome::vulnerable || !published || published->outcome == Outcome::unknown) return now;
    const std::set<std::string> before = keys_of(findings_of(*published));
    std::vector<Finding> added;
    for (Finding& finding : now.blocking) {
        (before.contains(finding.key()) ? now.reported : added).push_back(std::move(finding));
    }
    std::sort(now.reported.begin(), now.reported.end(), comes_first);
    now.blocking = std::move(added);
    if (now.blocking.empty()) now.outcome = Outcome::clean;
    return now;
}

bool is_no_worse(const Verdict& published, const Verdict& now) {
    if (published.outcome == Outcome::unknown || now.outcome == Outcome::unknown) return false;
    std::set<std::string> before;
    for (const Finding& finding : published.blocking) before.insert(finding.key());
    return std::all_of(now.blocking.begin(), now.blocking.end(),
                       [&](const Finding& finding) { return before.contains(finding.key()); });
}
