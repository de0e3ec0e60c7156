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

bool is_wanted(const FindingRow& row, Severity from) {
    const Severity severity = row.finding->severity;
    return is_blocking(row) || severity == Severity::unknown || severity >= from;
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

/// The last ones make room for the others.
void cut_to(std::size_t max_results, Selection& selection) {
    if (selection.rows.size() <= max_results) return;
    const auto first_cut = selection.rows.begin() + static_cast<std::ptrdiff_t>(max_results);
    selection.cut = selection.rows.size() - max_results;
    selection.cut_blocking = static_cast<std::size_t>(std::count_if(first_cut, selection.rows.end(), is_blocking));
    selection.rows.erase(first_cut, selection.rows.end());
}

Selection select(const ImageRun& image, const SarifChoice& choice) {
    Selection selection;
    std::unordered_set<std::string> keys;
    for (FindingRow& row : findings_of(image)) {
        if (!keys.insert(row.finding->key()).second) continue;
        if (is_wanted(row, choice.from)) {
            selection.rows.push_back(std::move(row));
        } else {
            ++selection.below;
        }
    }
    std::ranges::sort(selection.rows, is_kept_before);
    cut_to(choice.max_results, selection);
    return selection;
}

struct Rules {
    std::vector<SarifRule> rules;
    std::vector<std::size_t> of_row;  ///< for each row the index of its rule
};

Rules gather_rules(const std::vector<FindingRow>& rows) {
    Rules gathered;
    std::unordered_map<std::string, std::size_t> known;
    for (const FindingRow& row : rows) {
        const std::string id = sarif_rule_id(*row.finding);
        const auto [place, is_new] = known.emplace(id, gathered.rules.size());
        if (is_new) gathered.rules.push_back({id, {}});
        gathered.rules[place->second].findings.push_back(row.finding);
        gathered.of_row.push_back(place->second);
    }
    for (SarifRule& rule : gathered.rules) {
        std::ranges::stable_sort(rule.findings,
                                 [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
    }
    return gathered;
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

std::vector<std::string> render_omissions(const Selection& selection, const SarifChoice& choice) {
    std::vector<std::string> notes;
    if (selection.below > 0) {
        notes.push_back(fmt::format("{} below {} omitted (sarif-severity); report.html has them",
                                    counted(selection.below, "finding"), render_severity(choice.from)));
    }
    if (selection.cut > 0) {
        const std::string which = selection.cut_blocking == 0
                                      ? "the least severe ones that do not block"
                                      : fmt::format("{} of them blocking", selection.cut_blocking);
        notes.push_back(fmt::format("{} omitted, {}: GitHub shows {} of one run; report.html has them",
                                    counted(selection.cut, "finding"), which, choice.max_results));
    }
    return notes;
}

/// Warnings about the verdict, and the scanners that are off: what these would have found is missing from the results.
std::vector<std::string> render_limits(const Verdict& verdict) {
    std::vector<std::string> notes;
    for (const std::string& warning : verdict.warnings) notes.push_back(escape_sarif(warning, max_note));
    for (const ScannerPause& pause : verdict.paused) {
        notes.push_back(escape_sarif(
            fmt::format("{} is off until {} ({}, says {}): what only it sees is not known",
                        render_scanner(pause.scanner), render_date(pause.until), pause.reason, pause.owner),
            max_note));
    }
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
    const Rules rules = gather_rules(selection.rows);
    std::vector<std::string> notes = render_limits(*image.verdict);
    for (std::string& note : render_omissions(selection, choice)) notes.push_back(std::move(note));
    JsonWriter json;
    json.open_object();
    json.field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json.field("version", "2.1.0");
    json.open_array("runs");
    json.open_object();
    render_driver(json, rules.rules, program_version);
    json.object("automationDetails", {{"id", image.category}});
    render_invocation(json, notes);
    json.open_array("results");
    for (std::size_t i = 0; i < selection.rows.size(); ++i)
        render_sarif_result(json, selection.rows[i], rules.of_row[i], choice.directory);
    json.close();
    render_properties(json, image);
    return Sarif{.text = json.text(), .results = selection.rows.size(), .below = selection.below, .cut = selection.cut};
}
