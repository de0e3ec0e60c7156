#include "report/sarif_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "report/escape.h"
#include "report/sarif.h"
#include "report/sarif_text.h"
#include "report/words.h"

namespace {

constexpr std::size_t longest_id = 200;  ///< characters

bool is_in_repository(const std::string& path) {
    if (path.empty() || path.starts_with('/')) return false;
    return path != ".." && !path.starts_with("../") && path.find("/../") == std::string::npos && !path.ends_with("/..");
}

bool is_path_character(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || std::string_view("-._~/").find(c) != std::string_view::npos;
}

void render_text(JsonWriter& json, std::string_view key, const std::string& text) {
    json.open_object(key);
    json.field("text", text);
    json.close();
}

void render_location(JsonWriter& json, const Place& place) {
    json.open_array("locations");
    json.open_object();
    json.open_object("physicalLocation");
    json.open_object("artifactLocation");
    json.field("uri", render_uri(place.file));
    json.close();
    json.open_object("region");
    json.field("startLine", place.line);
    json.field("startColumn", 1);
    json.field("endLine", place.line);
    json.field("endColumn", 1);
    json.close();
    json.close();
    json.close();
    json.close();
}

/// GitHub does not read it; other viewers of SARIF hide what is accepted. Once one result has it, all need it.
void render_suppressions(JsonWriter& json, const FindingRow& row) {
    json.open_array("suppressions");
    if (row.waiver != nullptr) {
        json.open_object();
        json.field("kind", "external");
        json.field("justification",
                   escape_sarif(row.waiver->reason.empty() ? "no reason is given" : row.waiver->reason));
        json.close();
    }
    json.close();
}

double highest_score(const std::vector<const Finding*>& findings, Severity severity) {
    double score = 0;
    for (const Finding* finding : findings) {
        if (finding->severity == severity) score = std::max(score, finding->cvss_score);
    }
    return score;
}

void render_rule_properties(JsonWriter& json, const SarifRule& rule) {
    const Severity severity = rule.findings.front()->severity;
    const std::string number = security_severity(severity, highest_score(rule.findings, severity));
    json.open_object("properties");
    json.open_array("tags");
    json.item("security");
    json.item(rule.findings.front()->kind == FindingKind::secret ? "secret" : "vulnerability");
    json.item(render_severity(severity));
    json.close();
    json.field("precision", "very-high");
    if (!number.empty()) json.field("security-severity", number);
    json.close();
}

}  // namespace

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

std::string render_uri(const std::string& path) {
    std::string uri;
    for (const char c : path) {
        if (is_path_character(c)) {
            uri += c;
        } else {
            uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return uri;
}

void render_sarif_rule(JsonWriter& json, const SarifRule& rule) {
    const std::string link = make_link(*rule.findings.front());
    json.open_object_in_line();
    json.field("id", rule.id);
    const std::string description = rule_description(rule.findings);
    render_text(json, "shortDescription", rule_short_description(rule.findings));
    render_text(json, "fullDescription", description);
    json.open_object("help");
    json.field("text", rule_help(description, link));
    json.field("markdown", rule_help_markdown(rule.findings));
    json.close();
    if (!link.empty()) json.field("helpUri", link);
    json.open_object("defaultConfiguration");
    json.field("level", rule.findings.front()->severity >= Severity::medium ? "warning" : "note");
    json.close();
    render_rule_properties(json, rule);
    json.close();
}

void render_sarif_result(JsonWriter& json, const FindingRow& row, std::size_t rule, const std::string& directory) {
    json.open_object_in_line();
    json.field("ruleId", sarif_rule_id(*row.finding));
    json.field("ruleIndex", rule);
    json.field("level", sarif_level(row));
    render_text(json, "message", sarif_message(row));
    const Place place = sarif_place(row);
    render_location(json, {directory + place.file, place.line});
    json.open_object("partialFingerprints");
    json.field("primaryLocationLineHash", make_fingerprint(*row.finding, row.images.front()->category));
    json.close();
    render_suppressions(json, row);
    json.close();
}
