#include "report/sarif.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "report/escape.h"
#include "report/rows.h"
#include "report/sarif_rule.h"

namespace {

constexpr std::size_t max_note = 1024;  ///< characters

struct Selection {
    std::vector<FindingRow> rows;  ///< what blocks first, then the most severe
    std::size_t below = 0;
    std::size_t cut = 0;
    std::size_t cut_blocking = 0;  ///< of these
};

bool is_blocking(const FindingRow& row) {
    return row.state == FindingState::blocking;
}

/// What blocks comes first, whatever its severity: what turned the run red never makes room for what did not. The order
/// is total, so that the same findings always give the same file.
bool is_kept_before(const FindingRow& a, const FindingRow& b) {
    const auto order = [](const FindingRow& row) {
        const Finding& f = *row.finding;
        return std::make_tuple(!is_blocking(row), -static_cast<int>(f.severity), static_cast<int>(row.state),
                               std::string_view(f.id), std::string_view(f.package), std::string_view(f.path));
    };
    return order(a) < order(b);
}

Selection select(const ImageRun& image, const SarifChoice& choice) {
    Selection selection;
    std::unordered_set<std::string> keys;
    for (FindingRow& row : findings_of(image)) {
        if (!keys.insert(row.finding->key()).second) continue;
        const Severity severity = row.finding->severity;
        if (is_blocking(row) || severity == Severity::unknown || severity >= choice.from)
            selection.rows.push_back(std::move(row));
        else
            ++selection.below;
    }
    std::ranges::sort(selection.rows, is_kept_before);
    // The last ones make room for the others.
    const std::size_t kept = std::min(selection.rows.size(), choice.max_results);
    const auto first_cut = selection.rows.begin() + static_cast<std::ptrdiff_t>(kept);
    selection.cut = selection.rows.size() - kept;
    selection.cut_blocking = static_cast<std::size_t>(std::count_if(first_cut, selection.rows.end(), is_blocking));
    selection.rows.erase(first_cut, selection.rows.end());
    return selection;
}

/// In the order in which the rows have them first; `index` receives where each one is, by its id.
std::vector<SarifRule> gather_rules(const std::vector<FindingRow>& rows,
                                    std::unordered_map<std::string, std::size_t>& index) {
    std::vector<SarifRule> rules;
    for (const FindingRow& row : rows) {
        const std::string id = sarif_rule_id(*row.finding);
        const auto [place, is_new] = index.emplace(id, rules.size());
        if (is_new) rules.push_back({id, {}});
        rules[place->second].findings.push_back(row.finding);
    }
    for (SarifRule& rule : rules) std::ranges::stable_sort(rule.findings, std::ranges::greater{}, &Finding::severity);
    return rules;
}

void render_driver(JsonWriter& json, const std::vector<SarifRule>& rules, const std::string& version) {
    json.open_object("tool");
    json.open_object("driver");
    json.field("name", "python-image-action");
    json.field("semanticVersion", version);
    json.open_array("rules");
    for (const SarifRule& rule : rules) render_sarif_rule(json, rule);
    json.close();
    json.close();
    json.close();
}

/// What limits the verdict, and what was omitted here. A scanner that is off: what it would have found is missing.
std::vector<std::string> make_notes(const Verdict& verdict, const Selection& selection, const SarifChoice& choice) {
    std::vector<std::string> notes = verdict.warnings;
    for (const ScannerPause& pause : verdict.paused)
        notes.push_back(fmt::format("{} is off until {} ({}, says {}): what only it sees is not known",
                                    render_scanner(pause.scanner), render_date(pause.until), pause.reason,
                                    pause.owner));
    if (selection.below > 0)
        notes.push_back(fmt::format("{} below {} omitted (sarif-severity); report.html has them",
                                    counted(selection.below, "finding"), render_severity(choice.from)));
    if (selection.cut > 0) {
        const std::string which = selection.cut_blocking == 0
                                      ? "the least severe ones that do not block"
                                      : fmt::format("{} of them blocking", selection.cut_blocking);
        notes.push_back(fmt::format("{} omitted, {}: GitHub shows {} of one run; report.html has them",
                                    counted(selection.cut, "finding"), which, choice.max_results));
    }
    for (std::string& note : notes) note = escape_sarif(note, max_note);
    return notes;
}

void render_invocation(JsonWriter& json, const std::vector<std::string>& notes) {
    json.open_array("invocations");
    json.open_object();
    json.field("executionSuccessful", true);
    json.open_array("toolExecutionNotifications");
    for (const std::string& note : notes) {
        json.open_object();
        json.field("level", "warning");
        json.object("message", {{"text", note}});
        json.close();
    }
    json.close();
    json.close();
    json.close();
}

/// For those who read the file: GitHub keeps none of it.
void render_properties(JsonWriter& json, const ImageRun& image) {
    json.open_object("properties");
    json.field("image", clean_line(image.reference.empty() ? image.name : image.reference));
    json.field("manifest", image.verdict->manifest.text());
    for (const Receipt& receipt : image.verdict->receipts) {
        const std::string date = receipt.database_date ? ", database of " + render_time(*receipt.database_date) : "";
        json.field(render_scanner(receipt.scanner), clean_line(receipt.scanner_version + date));
    }
    if (image.verdict->stand_in_bases) json.field("standInBases", true);
    if (image.verdict->sample_data) json.field("sampleData", true);
    json.close();
}

}  // namespace

std::optional<Sarif> render_sarif(const ImageRun& image, const std::string& program_version,
                                  const SarifChoice& choice) {
    if (!image.verdict || image.verdict->outcome == Outcome::unknown) return std::nullopt;
    const Selection selection = select(image, choice);
    std::unordered_map<std::string, std::size_t> index;
    const std::vector<SarifRule> rules = gather_rules(selection.rows, index);
    JsonWriter json;
    json.open_object();
    json.field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json.field("version", "2.1.0");
    json.open_array("runs");
    json.open_object();
    render_driver(json, rules, program_version);
    json.object("automationDetails", {{"id", image.category}});
    render_invocation(json, make_notes(*image.verdict, selection, choice));
    json.open_array("results");
    for (const FindingRow& row : selection.rows)
        render_sarif_result(json, row, index.at(sarif_rule_id(*row.finding)), choice.directory);
    json.close();
    render_properties(json, image);
    return Sarif{.text = json.text(), .results = selection.rows.size(), .below = selection.below, .cut = selection.cut};
}
