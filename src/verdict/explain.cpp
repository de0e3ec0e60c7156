#include "verdict/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "findings/fixed_versions.h"
#include "findings/names.h"

namespace {

bool has_name(const Finding& finding, const std::string& lower_id) {
    const auto is_it = [&](const std::string& id) { return lower_case(id) == lower_id; };
    return is_it(finding.id) || std::ranges::any_of(finding.aliases, is_it) ||
           std::ranges::any_of(finding.advisories, is_it);
}

/// " (the base's layer sha256:f251bfe7f15b, RUN apt-get install …)"; empty if no layer is known.
std::string describe_layer(const Finding& finding, const ImageLayers& layers) {
    if (finding.layer.empty()) return "";
    const LayerOrigin origin = find_origin(layers, finding.layer);
    std::string text = "layer " + finding.layer.substr(0, 19);
    if (origin.owner == LayerOwner::base) text = "the base's " + text;
    if (origin.owner == LayerOwner::ours) text = "our " + text;
    if (!origin.instruction.empty()) text += ", " + origin.instruction;
    return " (" + text + ")";
}

std::string render_fix(const Finding& finding) {
    if (finding.fix == FixState::not_affected) return ", not affected";
    if (finding.fix == FixState::not_installable) return ", fixed in " + render_unusable_fix(finding);
    return finding.fix == FixState::fixed ? ", fixed in " + joined(finding.fixed_in, ", ") : ", no fix yet";
}

/// "high in libssl3 3.0.11 (layer sha256:f251bfe7f15b), fixed in 3.0.13, also known as GHSA-…, reported by trivy"
std::string describe(const Finding& finding, const ImageLayers& layers) {
    std::string text = render_severities(finding) + " in ";
    text += finding.package.empty() ? shown_path(finding) : finding.package;
    if (!finding.version.empty()) text += " " + finding.version;
    if (!finding.path.empty() && !finding.package.empty()) text += " at " + shown_path(finding);
    text += describe_layer(finding, layers);
    text += render_fix(finding);
    if (!finding.aliases.empty()) text += ", also known as " + joined(finding.aliases, ", ");
    if (!finding.advisories.empty()) text += ", in " + joined(finding.advisories, ", ");
    std::vector<std::string> scanners;
    for (const Detection& detection : finding.reported_by) add_once(scanners, render_scanner(detection.scanner));
    if (!scanners.empty()) text += ", reported by " + joined(scanners, " and ");
    return finding.known_exploited ? text + ", known to be exploited" : text;
}

std::string describe_acceptance(const Waiver& waiver) {
    return fmt::format("accepted by {} in {}:{}{}{}: {}", waiver.owner, waiver.at.file, waiver.at.line,
                       waiver.review_by ? " until " + render_date(*waiver.review_by) : "",
                       waiver.until_base_rebuilt ? " until the base is rebuilt" : "", waiver.reason);
}

/// "trivy 0.74.0 (database of 2026-11-23T06:12:00Z)", for each scan.
std::string describe(const std::vector<Receipt>& receipts) {
    std::vector<std::string> scans;
    for (const Receipt& receipt : receipts) {
        std::string scan = render_scanner(receipt.scanner);
        if (!receipt.scanner_version.empty()) scan += " " + receipt.scanner_version;
        if (receipt.database_date) scan += " (database of " + render_time(*receipt.database_date) + ")";
        scans.push_back(scan);
    }
    return joined(scans, ", ");
}

Explanation explain_absence(const Verdict& verdict) {
    if (verdict.outcome == Outcome::unknown)
        return {verdict.name, Answer::not_known, "not known: " + joined(verdict.unknown_because, "; ")};
    std::string text = "not found by " + describe(verdict.receipts);
    for (const ScannerPause& pause : verdict.paused) text += fmt::format("; {} is off", render_scanner(pause.scanner));
    return {verdict.name, Answer::not_found, text};
}

/// The id that was probably meant: each run of characters that no id has becomes one hyphen.
std::string plain_id(std::string_view id) {
    std::string plain;
    for (const char c : trimmed(id)) {
        const bool known = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (known) plain += c;
        if (!known && !plain.empty() && !plain.ends_with('-')) plain += '-';
    }
    if (plain.ends_with('-')) plain.pop_back();
    return plain;
}

}  // namespace

std::string render_answer(Answer answer) {
    constexpr std::array words = {"not known", "blocks", "waived", "not gated", "suppressed", "not found"};
    return words.at(static_cast<std::size_t>(answer));
}

std::string check_id(const std::string& id, const std::vector<Verdict>& verdicts) {
    const std::string wanted = lower_case(trimmed(id));
    std::vector<std::string> known;
    for (const Verdict& verdict : verdicts) {
        std::vector<const Finding*> findings = gated_findings(verdict);
        for (const Finding& finding : verdict.suppressed) findings.push_back(&finding);
        for (const Finding* finding : findings) {
            if (has_name(*finding, wanted)) return "";
            known.push_back(finding->id);
            known.insert(known.end(), finding->aliases.begin(), finding->aliases.end());
            known.insert(known.end(), finding->advisories.begin(), finding->advisories.end());
        }
    }
    if (is_vulnerability_id(wanted)) return "";
    const std::string near = nearest_word(plain_id(id), known);
    return near.empty() ? "write it as CVE-2026-1234, GHSA-…, PYSEC-… or DSA-…" : "did you mean " + near + "?";
}

std::vector<Explanation> explain(const std::vector<Verdict>& verdicts, const std::string& id,
                                 const std::map<std::string, ImageLayers>& layers) {
    const std::string wanted = lower_case(trimmed(id));
    std::vector<Explanation> explanations;
    for (const Verdict& verdict : verdicts) {
        const std::size_t before = explanations.size();
        const auto known = layers.find(verdict.name);
        const ImageLayers image_layers = known == layers.end() ? ImageLayers{} : known->second;
        // What one scanner says about it may not be all that there is to say.
        const bool unknown = verdict.outcome == Outcome::unknown;
        const std::string more = unknown ? "; more is not known: " + joined(verdict.unknown_because, "; ") : "";
        const auto add = [&](const Finding& finding, Answer answer, const std::string& words,
                             const std::string& after = "") {
            if (has_name(finding, wanted))
                explanations.push_back({verdict.name, answer, words + describe(finding, image_layers) + after + more});
        };
        for (const Finding& finding : verdict.blocking) add(finding, Answer::blocks, "present and blocks: ");
        for (const WaivedFinding& waived : verdict.waived)
            add(waived.finding, Answer::waived, "present, " + describe_acceptance(waived.waiver) + " (", ")");
        for (const Finding& finding : verdict.reported) add(finding, Answer::below_threshold, "present, not gated: ");
        for (const Finding& finding : verdict.suppressed)
            add(finding, Answer::suppressed, finding.ignored_because + ": ");
        if (explanations.size() == before) explanations.push_back(explain_absence(verdict));
    }
    return explanations;
}

std::string render_explanations(const std::string& id, const std::vector<Explanation>& explanations) {
    std::string text = id + "\n";
    if (explanations.empty()) return text + "  not known here: no image was judged\n";
    for (const Explanation& explanation : explanations)
        text += fmt::format("  {}: {}\n", explanation.image, explanation.text);
    return text;
}
