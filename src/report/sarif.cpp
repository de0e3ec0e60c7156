#include "report/sarif.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/words.h"

namespace {

// Rules and results. No text may be empty: GitHub refuses a file with an empty required text.

/// A vulnerability and the findings that have it, the most severe one first.
struct SarifRule {
    std::string id;
    std::vector<const Finding*> findings;
};

constexpr std::size_t max_description = 1024;  ///< GitHub's limit on texts of a rule

/// The first ten.
std::vector<std::string> package_list(const std::vector<const Finding*>& findings) {
    std::vector<std::string> names;
    for (const Finding* finding : findings)
        add_once(names, finding->kind == FindingKind::secret ? shown_path(*finding) : finding->package);
    if (names.size() <= 10) return names;
    names.resize(10);
    names.emplace_back("others");
    return names;
}

std::string kind_of(const Finding& finding) {
    return finding.kind == FindingKind::secret ? "Secret" : "Vulnerability";
}

std::vector<std::string> facts_of(const Finding& finding) {
    std::vector<std::string> facts = render_finding_facts(finding);
    facts.insert(facts.begin(), "Severity: " + render_severities(finding));
    if (finding.known_exploited) facts.emplace_back("Known to be exploited");
    return facts;
}

std::string rule_description(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    return escape_sarif(fmt::format("{} {} in {}. {}.", kind_of(first), first.id, joined(package_list(findings), ", "),
                                    joined(facts_of(first), ". ")),
                        max_description - 1);
}

std::string rule_help_markdown(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    std::string text = fmt::format("**{}**{}\n\n", escape_markdown(first.id),
                                   first.title.empty() ? "" : ": " + escape_markdown(first.title));
    text += fmt::format("In {}.\n\n", escape_markdown(joined(package_list(findings), ", "), max_description));
    for (const std::string& fact : facts_of(first)) text += "- " + escape_markdown(fact, max_description) + "\n";
    if (const std::string link = make_link(first); !link.empty()) text += "- More: " + link + "\n";
    return text + "\nEach alert says what to do about it.\n";
}

constexpr std::size_t longest_id = 200;  ///< characters

bool is_in_repository(const std::string& path) {
    if (path.empty() || path.starts_with('/')) return false;
    return path != ".." && !path.starts_with("../") && path.find("/../") == std::string::npos && !path.ends_with("/..");
}

/// "3.13"
std::string minor_of(const std::string& python_version) {
    const std::optional<Version> version = parse_version(python_version);
    return version ? minor_version(*version) : python_version;
}

/// The versions of each minor version in the matrix.
std::map<std::string, std::vector<std::string>> versions_by_minor(const Plan& plan) {
    std::map<std::string, std::vector<std::string>> versions;
    for (const Row& row : plan.matrix.rows) versions[minor_of(row.python_version)].push_back(row.python_version);
    return versions;
}

void render_sarif_rule(JsonWriter& json, const SarifRule& rule) {
    const Finding& first = *rule.findings.front();
    const std::string link = make_link(first);
    json.open_object_in_line();
    json.field("id", rule.id);
    const std::string description = rule_description(rule.findings);
    const std::string title = first.title.empty() ? kind_of(first) + " " + first.id : first.id + ": " + first.title;
    json.object("shortDescription", {{"text", escape_sarif(title, 250)}});
    json.object("fullDescription", {{"text", description}});
    const std::string help =
        description + " Each alert says what to do about it." + (link.empty() ? "" : " More: " + link);
    json.object("help", {{"text", help}, {"markdown", rule_help_markdown(rule.findings)}});
    if (!link.empty()) json.field("helpUri", link);
    const bool serious = first.severity >= Severity::medium;
    json.object("defaultConfiguration", {{"level", serious ? "warning" : "note"}});
    double score = 0;  // the highest of those that have this severity
    for (const Finding* finding : rule.findings) {
        if (finding->severity == first.severity) score = std::max(score, finding->cvss_score);
    }
    json.open_object("properties");
    json.list("tags", {"security", lower_case(kind_of(first)), render_severity(first.severity)});
    json.field("precision", "very-high");
    json.field("security-severity", unless_empty(security_severity(first.severity, score)));
    json.close();
    json.close();
}

/// The alert's title is its first sentence: image, vulnerability, package. Then what to do, or by whom it is accepted.
std::string sarif_message(const FindingRow& row) {
    const Finding& finding = *row.finding;
    const ImageRun& image = *row.images.front();
    const std::string place =
        finding.path.empty() || finding.kind == FindingKind::secret ? "" : " (" + shown_path(finding) + ")";
    const std::string platform = image.platform.empty() ? "" : " on " + image.platform;  // bare reports name none
    std::string text = fmt::format("{}{}: {}{}: {}, {}.", image.image, platform, render_finding_name(finding), place,
                                   render_severities(finding), render_state(row.state));
    if (!finding.title.empty()) text += " " + finding.title + (finding.title.ends_with('.') ? "" : ".");
    if (finding.kind == FindingKind::vulnerability) text += " Fix: " + render_fix(finding) + ".";
    if (row.waiver != nullptr)
        text += fmt::format(" Accepted by {} {}: {} ({}).", row.waiver->owner, render_waiver_until(*row.waiver),
                            row.waiver->reason, render_place(row.waiver->at));
    if (row.remedy != nullptr && row.waiver == nullptr) text += " What to do: " + row.remedy->text + ".";
    if (!finding.reported_by.empty()) text += " Reported by " + render_detections(finding) + ".";
    if (!finding.ignored_because.empty()) text += " Note: " + render_suppression(finding) + ".";
    return escape_sarif(text, max_description);
}

/// `directory` is as in Run.
void render_sarif_result(JsonWriter& json, const FindingRow& row, std::size_t rule, const std::string& rule_id,
                         const std::string& directory) {
    json.open_object_in_line();
    json.field("ruleId", rule_id);
    json.field("ruleIndex", rule);
    json.field("level", sarif_level(row));
    json.object("message", {{"text", sarif_message(row)}});
    const Place place = sarif_place(row);
    json.open_array("locations");
    json.open_object();
    json.open_object("physicalLocation");
    json.object("artifactLocation", {{"uri", percent_encoded(directory + place.file, "/")}});
    json.object("region", {{"startLine", place.line}, {"startColumn", 1}, {"endLine", place.line}, {"endColumn", 1}});
    json.close();
    json.close();
    json.close();
    json.object("partialFingerprints",
                {{"primaryLocationLineHash", make_fingerprint(*row.finding, row.images.front()->category)}});
    // GitHub does not read it; other viewers of SARIF hide what is accepted. Once one result has it, all need it.
    json.open_array("suppressions");
    if (row.waiver != nullptr) json.object({{"kind", "external"}, {"justification", escape_sarif(row.waiver->reason)}});
    json.close();
    json.close();
}

// The file ---------------------------------------------------------------------------------------------------------

constexpr std::size_t max_note = 1024;  ///< characters

struct Selection {
    std::vector<FindingRow> rows;
    std::vector<SarifRule> rules;      ///< in the order in which the rows have them first
    std::vector<std::size_t> rule_of;  ///< of each row
    std::size_t below = 0;
    std::size_t cut = 0;
    std::size_t cut_blocking = 0;  ///< of these
};

/// What blocks comes first, whatever its severity: what turned the run red never makes room for what did not. The order
/// is total, so that the same findings always give the same file.
auto order_kept(const FindingRow& row) {
    const Finding& f = *row.finding;
    return std::make_tuple(!row.blocks(), -static_cast<int>(f.severity), row.state, std::string_view(f.id),
                           std::string_view(f.package), std::string_view(f.path));
}

Selection select(const ImageRun& image, const SarifChoice& choice) {
    Selection selection;
    std::unordered_set<std::string> keys;
    for (FindingRow& row : findings_of(image)) {
        if (!keys.insert(row.finding->key()).second) continue;
        const Severity severity = row.finding->severity;
        if (row.blocks() || severity == Severity::unknown || severity >= choice.from)
            selection.rows.push_back(std::move(row));
        else
            ++selection.below;
    }
    std::ranges::sort(selection.rows, {}, order_kept);
    // The last ones make room for the others.
    const std::size_t kept = std::min(selection.rows.size(), choice.max_results);
    const auto cut = std::span(selection.rows).subspan(kept);
    selection.cut = cut.size();
    selection.cut_blocking = static_cast<std::size_t>(std::ranges::count_if(cut, &FindingRow::blocks));
    selection.rows.resize(kept);
    std::unordered_map<std::string, std::size_t> known;
    for (const FindingRow& row : selection.rows) {
        const std::string id = sarif_rule_id(*row.finding);
        const auto [place, is_new] = known.emplace(id, selection.rules.size());
        if (is_new) selection.rules.push_back({id, {}});
        selection.rules[place->second].findings.push_back(row.finding);
        selection.rule_of.push_back(place->second);
    }
    for (SarifRule& rule : selection.rules)
        std::ranges::stable_sort(rule.findings, std::ranges::greater{}, &Finding::severity);
    return selection;
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
    return notes;
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
    JsonWriter json;
    json.open_object();
    json.field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json.field("version", "2.1.0");
    json.open_array("runs");
    json.open_object();
    json.open_object("tool");
    json.open_object("driver");
    json.field("name", "python-image-action");
    json.field("semanticVersion", program_version);
    json.open_array("rules");
    for (const SarifRule& rule : selection.rules) render_sarif_rule(json, rule);
    json.close();
    json.close();
    json.close();
    json.object("automationDetails", {{"id", image.category}});
    json.open_array("invocations");
    json.open_object();
    json.field("executionSuccessful", true);
    json.open_array("toolExecutionNotifications");
    for (const std::string& note : make_notes(*image.verdict, selection, choice)) {
        json.open_object();
        json.field("level", "warning");
        json.object("message", {{"text", escape_sarif(note, max_note)}});
        json.close();
    }
    json.close();
    json.close();
    json.close();
    json.open_array("results");
    for (std::size_t i = 0; i < selection.rows.size(); ++i) {
        const std::size_t rule = selection.rule_of[i];
        render_sarif_result(json, selection.rows[i], rule, selection.rules[rule].id, choice.directory);
    }
    json.close();
    render_properties(json, image);
    return Sarif{.text = json.text(), .results = selection.rows.size()};
}

std::string sarif_level(const FindingRow& row) {
    if (row.blocks()) return "error";
    return row.state != FindingState::waived && row.finding->severity >= Severity::medium ? "warning" : "note";
}

std::string security_severity(Severity severity, double cvss_score) {
    struct Band {
        double low = 0;
        double high = 0;
        double usual = 0;  // where there is no score
    };
    // 9.0 itself is shown as high by some of GitHub's readers and as critical by others: never written.
    constexpr std::array<Band, 6> bands = {
        {{}, {0.1, 3.9, 0.1}, {0.1, 3.9, 2.0}, {4.0, 6.9, 5.5}, {7.0, 8.9, 8.0}, {9.1, 10.0, 9.5}}};
    const Band band = bands.at(static_cast<std::size_t>(severity));
    if (band.high == 0) return "";
    return fmt::format("{:.1f}", cvss_score > 0 ? std::clamp(cvss_score, band.low, band.high) : band.usual);
}

std::string sarif_rule_id(const Finding& finding) {
    const std::string whole = clean_line(finding.id, finding.id.size());
    if (whole.empty()) return "unnamed";
    const std::string id = clean_line(whole, longest_id);
    // Two long ids may differ in what is cut off.
    return id == whole ? id : id + "-" + std::string(sha256(finding.id).hex().substr(0, 12));
}

Place find_place(const FindingRow& row) {
    const bool has_remedy = row.remedy != nullptr && is_in_repository(row.remedy->at.file);
    Place place = has_remedy ? row.remedy->at : row.images.front()->at;
    if (!is_in_repository(place.file)) return {};
    if (place.file.starts_with("./")) place.file.erase(0, 2);
    place.line = std::max(place.line, 1);
    return place;
}

Place sarif_place(const FindingRow& row) {
    const Place place = find_place(row);
    return place.file.empty() ? Place{"Dockerfile", 1} : place;
}

std::string make_category(const Plan& plan, const Image& image, const std::string& platform) {
    const std::string minor = minor_of(image.python_version);
    const bool shared = versions_by_minor(plan)[minor].size() > 1;
    return fmt::format("images/{}/{}/{}/", shared ? image.python_version : minor, render_target(image.target),
                       joined(fields_of(platform, '/'), "-"));
}

Problems check_categories(const Plan& plan) {
    Problems problems;
    for (const auto& [minor, versions] : versions_by_minor(plan)) {
        if (versions.size() < 2) continue;
        problems.push_back(
            {{plan.matrix.file, 0},
             joined(versions, " and ") + " share the minor version " + minor +
                 ": their code-scanning alerts are kept by whole version and start again when it changes",
             "with one row per minor version, alerts live on through every patch",
             Level::notice});
    }
    return problems;
}

std::string make_fingerprint(const Finding& finding, const std::string& category) {
    std::string text;
    for (const std::string& field : {finding.id, finding.package, finding.path, category})
        text += fmt::format("{}:{}", field.size(), field);
    if (finding.line > 0) text += std::to_string(finding.line);
    return std::string(sha256(text).hex().substr(0, 16)) + ":1";
}
