// The decision, and the only place where it is made.
#include <algorithm>
#include <array>
#include <set>

#include "findings/merge.h"
#include "policy/matching.h"
#include "verdict/acceptance.h"
#include "verdict/verdict.h"

namespace {

struct JudgeContext {
    const Subject& subject;
    const Policy& policy;
    Date today;
};

bool is_past(const std::optional<Date>& last_day, Date today) {
    return last_day && *last_day < today;
}

bool is_in_force(const Waiver& waiver, const JudgeContext& context) {
    return !is_past(waiver.review_by, context.today) &&
           !is_ended_by_base(waiver, context.subject.base_rebuilt, context.subject.base_created);
}

/// The exception that covers the finding today; nothing if none does.
const Waiver* find_exception(const Finding& finding, const JudgeContext& context) {
    const std::vector<Waiver>& waivers = context.policy.waivers;
    const auto found = std::ranges::find_if(waivers, [&](const Waiver& waiver) {
        return is_in_force(waiver, context) && covers_finding(waiver, finding, context.subject.target);
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
        return !is_past(scope.review_by, context.today) && severity < scope.gate_from &&
               covers_place(scope, finding, context.subject.target);
    });
}

bool is_paused(const Policy& policy, Scanner scanner, Date today) {
    return std::ranges::any_of(policy.pauses, [&](const ScannerPause& pause) {
        return pause.scanner == scanner && !is_past(pause.until, today);
    });
}

/// Every scanner that is not paused has to have done its work.
void check_scans(const Subject& subject, const Policy& policy, Time now, std::chrono::hours max_age, Verdict& verdict) {
    std::size_t scanners_that_count = 0;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        if (is_paused(policy, scanner, day_of(now))) continue;
        std::size_t scans = 0;
        for (const ScanResult& scan : subject.scans) {
            if (scan.receipt.scanner != scanner) continue;
            ++scans;
            for (std::string& warning : limits_of(scan)) verdict.warnings.push_back(std::move(warning));
            for (std::string& reason : reasons_against(scan, subject, now, max_age)) {
                verdict.unknown_because.push_back(std::move(reason));
            }
        }
        if (scans == 0) verdict.unknown_because.push_back(render_scanner(scanner) + " has not looked at the image");
        ++scanners_that_count;
    }
    for (const ScannerPause& pause : policy.pauses) {
        if (!is_past(pause.until, day_of(now))) verdict.paused.push_back(pause);
    }
    check_system(subject, scanners_that_count, now, verdict);
    if (scanners_that_count == 0)
        verdict.unknown_because.emplace_back("all scanners are paused, so the image was not scanned");
}

std::vector<Report*> reports_of(Subject& subject) {
    std::vector<Report*> reports;
    for (ScanResult& scan : subject.scans) {
        if (scan.report && !is_about_another(scan, subject)) reports.push_back(&*scan.report);
    }
    return reports;
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

/// What a built-in rule of one scanner hides, and no other scanner sees.
std::vector<Finding> take_suppressed(MergedReports& merged) {
    if (merged.ignored.empty()) return {};
    std::set<std::string> found;
    for (const Finding& finding : merged.findings) found.insert(finding.key());
    std::erase_if(merged.ignored, [&](const Finding& finding) { return found.contains(finding.key()); });
    return std::move(merged.ignored);
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

Outcome judge_run(const std::vector<Verdict>& verdicts) {
    const auto any = [&](Outcome outcome) {
        return std::ranges::find(verdicts, outcome, &Verdict::outcome) != verdicts.end();
    };
    if (verdicts.empty() || any(Outcome::unknown)) return Outcome::unknown;
    return any(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::clean;
}

Verdict judge(Subject subject, const Policy& policy, Time now, std::chrono::hours max_database_age) {
    Verdict verdict{.name = subject.name, .target = subject.target, .manifest = subject.manifest, .decided = now};
    verdict.stand_in_bases = subject.stand_in_bases;
    verdict.base_rebuilt = subject.base_rebuilt;
    verdict.base_created = subject.base_created;
    for (const ScanResult& scan : subject.scans) {
        verdict.receipts.push_back(scan.receipt);
        verdict.sample_data = verdict.sample_data || scan.receipt.sample_data;
    }
    check_scans(subject, policy, now, max_database_age, verdict);
    MergedReports merged = merge_reports(reports_of(subject));
    verdict.suppressed = take_suppressed(merged);
    classify(std::move(merged.findings), {subject, policy, day_of(now)}, verdict);
    if (!verdict.unknown_because.empty()) {
        verdict.outcome = Outcome::unknown;
    } else {
        verdict.outcome = verdict.blocking.empty() ? Outcome::clean : Outcome::vulnerable;
    }
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
