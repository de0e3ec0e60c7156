#include "report/sarif_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/words.h"

namespace {

constexpr std::size_t max_description = 1024;  ///< GitHub's limit on texts of a rule (sarif.md §2, §3)

struct Band {
    double low = 0;
    double high = 0;
    double usual = 0;  ///< where there is no score
};

/// 9.0 itself is shown as high by some of GitHub's readers and as critical by others: never written.
Band band_of(Severity severity) {
    constexpr std::array<Band, 6> bands = {{{},
                                            {.low = 0.1, .high = 3.9, .usual = 0.1},
                                            {.low = 0.1, .high = 3.9, .usual = 2.0},
                                            {.low = 4.0, .high = 6.9, .usual = 5.5},
                                            {.low = 7.0, .high = 8.9, .usual = 8.0},
                                            {.low = 9.1, .high = 10.0, .usual = 9.5}}};
    return bands.at(static_cast<std::size_t>(severity));
}

/// The first ten.
std::vector<std::string> package_list(const std::vector<const Finding*>& findings) {
    std::vector<std::string> names;
    for (const Finding* finding : findings) {
        const std::string name = finding->kind == FindingKind::secret ? shown_path(*finding) : finding->package;
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
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

std::string rule_acceptance(const Waiver& waiver) {
    const std::string by = waiver.owner.empty() ? "" : " by " + waiver.owner;
    return fmt::format("Accepted{} {}: {} ({}).", by, render_waiver_until(waiver), render_reason(waiver),
                       render_place(waiver.at));
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

void render_location(JsonWriter& json, const Place& place) {
    json.open_array("locations");
    json.open_object();
    json.open_object("physicalLocation");
    json.object("artifactLocation", {{"uri", percent_encoded(place.file, "/")}});
    json.object("region", {{"startLine", place.line}, {"startColumn", 1}, {"endLine", place.line}, {"endColumn", 1}});
    json.close();
    json.close();
    json.close();
}

/// GitHub does not read it; other viewers of SARIF hide what is accepted. Once one result has it, all need it.
void render_suppressions(JsonWriter& json, const FindingRow& row) {
    json.open_array("suppressions");
    if (row.waiver != nullptr)
        json.object({{"kind", "external"}, {"justification", escape_sarif(render_reason(*row.waiver))}});
    json.close();
}

void render_rule_properties(JsonWriter& json, const SarifRule& rule) {
    const Severity severity = rule.findings.front()->severity;
    double score = 0;  // the highest of those that have this severity
    for (const Finding* finding : rule.findings) {
        if (finding->severity == severity) score = std::max(score, finding->cvss_score);
    }
    const std::string number = security_severity(severity, score);
    json.open_object("properties");
    json.list("tags", {"security", rule.findings.front()->kind == FindingKind::secret ? "secret" : "vulnerability",
                       render_severity(severity)});
    json.field("precision", "very-high");
    if (!number.empty()) json.field("security-severity", number);
    json.close();
}

/// How many rows of the matrix have this minor version: "3.13".
std::map<std::string, std::vector<std::string>> rows_by_minor(const Plan& plan) {
    std::map<std::string, std::vector<std::string>> rows;
    for (const Row& row : plan.matrix.rows) {
        const std::optional<Version> version = parse_version(row.python_version);
        rows[version ? minor_version(*version) : row.python_version].push_back(row.python_version);
    }
    return rows;
}

std::string length_prefixed(const std::string& field) {
    return std::to_string(field.size()) + ":" + field;
}

}  // namespace

std::string sarif_level(const FindingRow& row) {
    if (row.state == FindingState::blocking) return "error";
    return row.state != FindingState::waived && row.finding->severity >= Severity::medium ? "warning" : "note";
}

std::string security_severity(Severity severity, double cvss_score) {
    const Band band = band_of(severity);
    if (band.high == 0) return "";
    return fmt::format("{:.1f}", cvss_score > 0 ? std::clamp(cvss_score, band.low, band.high) : band.usual);
}

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
    if (row.waiver != nullptr) text += " " + rule_acceptance(*row.waiver);
    if (row.remedy != nullptr && row.waiver == nullptr) text += " What to do: " + row.remedy->text + ".";
    if (!finding.reported_by.empty()) text += " Reported by " + render_detections(finding) + ".";
    if (!finding.ignored_because.empty()) text += " Note: " + render_suppression(finding) + ".";
    return escape_sarif(text, max_description);
}

std::string sarif_rule_id(const Finding& finding) {
    const std::string whole = clean_line(finding.id, finding.id.size());
    if (whole.empty()) return "unnamed";
    const std::string id = clean_line(whole, longest_id);
    // Two long ids may differ in what is cut off.
    return id == whole ? id : id + "-" + std::string(sha256(finding.id).hex().substr(0, 12));
}

Place find_place(const FindingRow& row) {
    Place place;
    if (row.remedy != nullptr && is_in_repository(row.remedy->at.file)) {
        place = row.remedy->at;
    } else if (is_in_repository(row.images.front()->at.file)) {
        place = row.images.front()->at;
    } else {
        return place;
    }
    if (place.file.starts_with("./")) place.file.erase(0, 2);
    place.line = std::max(place.line, 1);
    return place;
}

Place sarif_place(const FindingRow& row) {
    const Place place = find_place(row);
    return place.file.empty() ? Place{"Dockerfile", 1} : place;
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
    render_rule_properties(json, rule);
    json.close();
}

void render_sarif_result(JsonWriter& json, const FindingRow& row, std::size_t rule, const std::string& directory) {
    json.open_object_in_line();
    json.field("ruleId", sarif_rule_id(*row.finding));
    json.field("ruleIndex", rule);
    json.field("level", sarif_level(row));
    json.object("message", {{"text", sarif_message(row)}});
    const Place place = sarif_place(row);
    render_location(json, {directory + place.file, place.line});
    json.object("partialFingerprints",
                {{"primaryLocationLineHash", make_fingerprint(*row.finding, row.images.front()->category)}});
    render_suppressions(json, row);
    json.close();
}

std::string make_category(const Plan& plan, const Image& image, const std::string& platform) {
    const std::optional<Version> version = parse_version(image.python_version);
    const std::string minor = version ? minor_version(*version) : image.python_version;
    const auto rows = rows_by_minor(plan);
    const auto found = rows.find(minor);
    const bool shared = found != rows.end() && found->second.size() > 1;
    std::string dashed = platform;
    for (char& c : dashed) c = c == '/' ? '-' : c;
    return "images/" + (shared ? image.python_version : minor) + "/" + render_target(image.target) + "/" + dashed + "/";
}

Problems check_categories(const Plan& plan) {
    Problems problems;
    for (const auto& [minor, versions] : rows_by_minor(plan)) {
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
    const Digest digest =
        sha256(length_prefixed(finding.id) + length_prefixed(finding.package) + length_prefixed(finding.path) +
               length_prefixed(category) + (finding.line > 0 ? std::to_string(finding.line) : ""));
    return std::string(digest.hex().substr(0, 16)) + ":1";
}
