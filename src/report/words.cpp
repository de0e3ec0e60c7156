#include "report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "findings/fixed_versions.h"

namespace {

std::string render_fix_state(FixState state) {
    constexpr std::array words = {"not known",         "fixed",       "no fix", "will not be fixed",
                                  "no fix to install", "not affected"};
    return words.at(static_cast<std::size_t>(state));
}

}  // namespace

std::string render_duration(std::chrono::seconds duration) {
    const auto seconds = std::max<std::chrono::seconds::rep>(duration.count(), 0);
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

std::string render_age(std::chrono::seconds age) {
    const auto hours = std::chrono::floor<std::chrono::hours>(age).count();
    if (hours < 1) return "less than an hour";
    return hours < 48 ? counted(static_cast<std::size_t>(hours), "hour")
                      : counted(static_cast<std::size_t>(hours / 24), "day");
}

std::string render_moment(Time time) {
    const std::string text = render_time(time);
    return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

std::string render_bytes(std::uint64_t bytes) {
    if (bytes < 1000) return counted(bytes, "byte");
    const auto size = static_cast<double>(bytes);
    // Not "1000.0 kB": from there on it rounds to 1.0 MB.
    return bytes < 999'950 ? fmt::format("{:.1f} kB", size / 1e3) : fmt::format("{:.1f} MB", size / 1e6);
}

std::string render_level(Level level) {
    return level == Level::error ? "error" : level == Level::warning ? "warning" : "notice";
}

std::string render_place(const Place& place) {
    return place.line == 0 ? place.file : place.file + ":" + std::to_string(place.line);
}

std::string render_days_left(std::optional<Date> last, Date today) {
    if (!last) return "no date";
    const auto days = (*last - today).count();
    if (days == 0) return "the last day";
    const std::string count = counted(static_cast<std::size_t>(std::abs(days)), "day");
    return days > 0 ? count + " left" : "over for " + count;
}

std::string render_fix(const Finding& finding) {
    if (finding.kind == FindingKind::secret) return "";
    if (finding.fix == FixState::not_installable) return render_unusable_fix(finding);
    return finding.fixed_in.empty() ? render_fix_state(finding.fix) : joined(finding.fixed_in, ", ");
}

std::string render_detections(const Finding& finding) {
    std::string text;
    for (const Detection& detection : finding.reported_by) {
        text.append(text.empty() ? "" : ", ").append(render_scanner(detection.scanner));
        text.append(" (").append(render_severity(detection.severity));
        if (!detection.severity_basis.empty()) text.append(" by ").append(detection.severity_basis);
        if (finding.kind != FindingKind::secret) text.append(", ").append(render_fix_state(detection.fix));
        text.append(")");
    }
    return text;
}

std::string render_contract(const ContractReport& report) {
    const auto failed = std::ranges::count(report.rows, RowResult::failed, &ContractRow::result);
    if (failed > 0) return counted(static_cast<std::size_t>(failed), "check") + " failed";
    return report.passed() ? "passed" : "not tested";
}

std::string render_waiver_until(const Waiver& waiver) {
    const std::string date = waiver.review_by ? "until " + render_date(*waiver.review_by) : "";
    if (!waiver.until_base_rebuilt) return date.empty() ? "without a date" : date;
    return date.empty() ? "until the base is rebuilt" : "until the base is rebuilt, at most " + date;
}

std::string render_counts(const Counts& counts) {
    const std::string pre_existing =
        counts.pre_existing > 0 ? fmt::format(", {} pre-existing", counts.pre_existing) : "";
    return fmt::format("{} blocking{}, {} accepted, {} not gated", counts.blocking, pre_existing, counts.waived,
                       counts.reported);
}

std::vector<std::pair<std::string, std::string>> render_trial_notes(const Run& run) {
    std::vector<std::pair<std::string, std::string>> notes;
    if (has_stand_in_bases(run))
        notes.emplace_back("Stand-in bases",
                           "These images are not based on the real base images: try them, never ship them.");
    if (has_sample_data(run))
        notes.emplace_back("Sample vulnerability data",
                           "The databases were made for trying out: this verdict says nothing about real "
                           "vulnerabilities.");
    return notes;
}

std::vector<std::string> render_finding_facts(const Finding& finding) {
    std::vector<std::string> facts;
    if (!finding.aliases.empty()) facts.push_back("Also known as " + joined(finding.aliases, ", "));
    if (finding.cvss_score > 0)
        facts.emplace_back(trimmed(fmt::format("CVSS {:.1f} {}", finding.cvss_score, finding.cvss_vector)));
    if (finding.epss > 0)
        facts.push_back(fmt::format("EPSS {:.1f} %: likelihood of an attack within 30 days", finding.epss * 100));
    return facts;
}

std::vector<std::string> render_unknown_reasons(const ImageRun& image) {
    if (!image.verdict) return {"it was not judged"};
    return image.verdict->unknown_because;
}

Mood mood_of(const ImageRun& image) {
    if (is_unknown(image)) return Mood::warning;
    if (image.verdict->outcome == Outcome::vulnerable) return Mood::bad;
    return image.verdict->pre_existing.empty() ? Mood::good : Mood::warning;
}

std::string render_status(const ImageRun& image) {
    if (!image.verdict) return "not judged";
    const Verdict& verdict = *image.verdict;
    if (verdict.outcome == Outcome::clean && !verdict.pre_existing.empty())
        return fmt::format("{} pre-existing", verdict.pre_existing.size());
    return render_outcome(verdict.outcome);
}

std::string render_result(PublicationState::Result result) {
    constexpr std::array words = {"published", "already there", "not published", "refused", "incomplete"};
    return words.at(static_cast<std::size_t>(result));
}

std::string render_suppression(const Finding& finding) {
    return finding.ignored_because.empty() ? "" : finding.ignored_because + ", which does not count here";
}

std::string render_finding_name(const Finding& finding) {
    if (finding.kind == FindingKind::secret) return finding.id + " in " + shown_path(finding);
    const std::string version = finding.version.empty() ? "" : " " + finding.version;
    return finding.id + " in " + finding.package + version;
}

std::string make_link(const Finding& finding) {
    const std::string& id = finding.id;
    constexpr std::string_view plain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    if (id.size() >= 60 || id.ends_with('-') || id.find_first_not_of(plain) != std::string::npos) return "";
    if (id.starts_with("CVE-"))
        return finding.package_type == "deb" ? "https://security-tracker.debian.org/tracker/" + id
                                             : "https://www.cve.org/CVERecord?id=" + id;
    if (id.starts_with("GHSA-")) return "https://github.com/advisories/" + id;
    return id.starts_with("PYSEC-") ? "https://osv.dev/vulnerability/" + id : "";
}

std::string render_gate(const Gate& gate) {
    return render_severity(gate.severity) + " and above" +
           (gate.only_fixed ? ", if there is a fix" : ", with or without a fix") +
           "; what no scanner rates counts as " + render_severity(gate.unknown_severity) + "; any secret";
}

std::vector<std::string> render_scanners(const Run& run) {
    std::map<Scanner, std::pair<std::set<std::string>, std::optional<Time>>>
        known;  // versions, and the oldest database
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Receipt& receipt : image.verdict->receipts) {
            auto& [versions, oldest] = known[receipt.scanner];
            versions.insert(receipt.scanner_version.empty() ? "(version not known)" : receipt.scanner_version);
            if (const auto date = receipt.database_date) oldest = std::min(oldest.value_or(*date), *date);
        }
    }
    std::vector<std::string> lines;
    for (const auto& [scanner, facts] : known) {
        const auto& [versions, oldest] = facts;
        lines.push_back(
            render_scanner(scanner) + " " + joined({versions.begin(), versions.end()}, " and ") +
            (oldest ? ", database " + render_age(run.finished - *oldest) + " old" : ", age of its database not known"));
    }
    return lines;
}

std::string render_policy_name(const Run& run) {
    if (run.policy_revision.empty()) return "no policy file";
    return (run.policy.file.empty() ? "policy" : run.policy.file) + " at " + run.policy_revision.substr(0, 19);
}
