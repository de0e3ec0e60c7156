// The decision, and the only place where it is made.
#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "findings/finding.h"
#include "policy/matching.h"
#include "verdict/acceptance.h"
#include "verdict/verdict.h"

namespace {

struct JudgeContext {
    const Subject& subject;
    const Policy& policy;
    Date today;
};

/// The exception that covers the finding today; nothing if none does.
const Waiver* find_exception(const Finding& finding, const JudgeContext& context) {
    const std::vector<Waiver>& waivers = context.policy.waivers;
    const auto found = std::ranges::find_if(waivers, [&](const Waiver& waiver) {
        return !has_ended(waiver.review_by, context.today) &&
               !is_ended_by_base(waiver, context.subject.base_rebuilt, context.subject.base_created) &&
               covers_finding(waiver, finding, context.subject.target);
    });
    return found == waivers.end() ? nullptr : &*found;
}

bool blocks(const Finding& finding, const JudgeContext& context) {
    if (finding.kind == FindingKind::secret) return true;
    if (finding.fix == FixState::not_affected) return false;
    const Gate& gate = context.policy.gate;
    const Severity severity = finding.severity == Severity::unknown ? gate.unknown_severity : finding.severity;
    if (severity < gate.severity) return false;
    if (gate.only_fixed && finding.fix != FixState::fixed) return false;
    const std::vector<Scope>& scopes = context.policy.scopes;
    return std::ranges::none_of(scopes, [&](const Scope& scope) {
        return !has_ended(scope.review_by, context.today) && severity < scope.gate_from &&
               covers_place(scope, finding, context.subject.target);
    });
}

/// Every scanner that is not paused has to have done its work.
void check_scans(const Subject& subject, const Policy& policy, Time now, std::chrono::hours max_age, Verdict& verdict) {
    std::ranges::copy_if(policy.pauses, std::back_inserter(verdict.paused),
                         [&](const ScannerPause& pause) { return !has_ended(pause.until, day_of(now)); });
    std::size_t scanners_that_count = 0;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        if (std::ranges::find(verdict.paused, scanner, &ScannerPause::scanner) != verdict.paused.end()) continue;
        bool has_scanned = false;
        for (const ScanResult& scan : subject.scans) {
            if (scan.receipt.scanner != scanner) continue;
            has_scanned = true;
            std::ranges::move(limits_of(scan), std::back_inserter(verdict.warnings));
            std::ranges::move(reasons_against(scan, subject, now, max_age),
                              std::back_inserter(verdict.unknown_because));
        }
        if (!has_scanned) verdict.unknown_because.push_back(render_scanner(scanner) + " has not looked at the image");
        ++scanners_that_count;
    }
    check_system(subject, scanners_that_count, now, verdict);
    if (scanners_that_count == 0)
        verdict.unknown_because.emplace_back("all scanners are paused, so the image was not scanned");
}

void classify(std::vector<Finding> findings, const JudgeContext& context, Verdict& verdict) {
    // An unknown verdict exempts nothing: more may be there than is known.
    const bool only_new = context.policy.gate.new_only && verdict.unknown_because.empty();
    for (Finding& finding : findings) {
        if (const Waiver* exception = find_exception(finding, context)) {
            verdict.waived.push_back({std::move(finding), *exception});
        } else if (!blocks(finding, context)) {
            verdict.reported.push_back(std::move(finding));
        } else if (only_new && context.subject.published.contains(finding.key())) {
            verdict.pre_existing.insert(finding.key());
            verdict.reported.push_back(std::move(finding));
        } else {
            verdict.blocking.push_back(std::move(finding));
        }
    }
}

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

std::string render_outcome(Outcome outcome) {
    constexpr std::array words = {"clean", "vulnerable", "unknown"};
    return words.at(static_cast<std::size_t>(outcome));
}

Outcome parse_outcome(std::string_view word) {
    if (word == render_outcome(Outcome::clean)) return Outcome::clean;
    return word == render_outcome(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::unknown;
}

std::vector<const Finding*> gated_findings(const Verdict& verdict) {
    std::vector<const Finding*> findings;
    for (const Finding& finding : verdict.blocking) findings.push_back(&finding);
    for (const WaivedFinding& waived : verdict.waived) findings.push_back(&waived.finding);
    for (const Finding& finding : verdict.reported) findings.push_back(&finding);
    return findings;
}

Outcome judge_run(const std::vector<Outcome>& outcomes) {
    const auto any = [&](Outcome outcome) { return std::ranges::find(outcomes, outcome) != outcomes.end(); };
    if (outcomes.empty() || any(Outcome::unknown)) return Outcome::unknown;
    return any(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::clean;
}

Verdict judge(Subject subject, const Policy& policy, Time now, std::chrono::hours max_database_age) {
    Verdict verdict{.name = subject.name,
                    .target = subject.target,
                    .manifest = subject.manifest,
                    .decided = now,
                    .stand_in_bases = subject.stand_in_bases,
                    .base_rebuilt = subject.base_rebuilt,
                    .base_created = subject.base_created};
    for (const ScanResult& scan : subject.scans) {
        verdict.receipts.push_back(scan.receipt);
        verdict.sample_data = verdict.sample_data || scan.receipt.sample_data;
    }
    check_scans(subject, policy, now, max_database_age, verdict);
    std::vector<Report*> reports;
    for (ScanResult& scan : subject.scans) {
        if (scan.report && !is_about_another(scan, subject)) reports.push_back(&*scan.report);
    }
    MergedReports merged = merge_reports(reports);
    std::set<std::string> found;
    for (const Finding& finding : merged.findings) found.insert(finding.key());
    // What a built-in rule of one scanner hides, and no other scanner sees.
    std::erase_if(merged.ignored, [&](const Finding& finding) { return found.contains(finding.key()); });
    verdict.suppressed = std::move(merged.ignored);
    classify(std::move(merged.findings), {subject, policy, day_of(now)}, verdict);
    verdict.outcome = !verdict.unknown_because.empty() ? Outcome::unknown
                      : verdict.blocking.empty()       ? Outcome::clean
                                                       : Outcome::vulnerable;
    return verdict;
}

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
