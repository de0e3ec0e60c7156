#include "verdict/finding_json.h"

#include "findings/report_parts.h"

namespace {

std::string fix_word(FixState fix) {
    switch (fix) {
        case FixState::fixed:
            return "fixed";
        case FixState::none:
            return "none";
        case FixState::wont_fix:
            return "wont-fix";
        case FixState::not_installable:
            return "not-installable";
        case FixState::not_affected:
            return "not-affected";
        case FixState::unknown:
            return "unknown";
    }
    return "unknown";
}

FixState read_fix(const Json& object) {
    const std::string word = text_at(object, "fix");
    for (const FixState fix :
         {FixState::fixed, FixState::none, FixState::wont_fix, FixState::not_installable, FixState::not_affected}) {
        if (word == fix_word(fix)) return fix;
    }
    return FixState::unknown;
}

Severity read_severity(const Json& object) {
    return parse_severity(text_at(object, "severity")).value_or(Severity::unknown);
}

void write_detection(JsonWriter& json, const Detection& detection) {
    json.open_object();
    json.field("scanner", render_scanner(detection.scanner));
    json.field("id", detection.id);
    json.field("severity", render_severity(detection.severity));
    if (!detection.severity_basis.empty()) json.field("severity_basis", detection.severity_basis);
    json.field("fix", fix_word(detection.fix));
    write_texts(json, "fixed_in", detection.fixed_in);
    json.close();
}

Detection read_detection(const Json& value) {
    Detection detection;
    detection.scanner = read_scanner(value);
    detection.id = text_at(value, "id");
    detection.severity = read_severity(value);
    detection.severity_basis = text_at(value, "severity_basis");
    detection.fix = read_fix(value);
    detection.fixed_in = read_texts(value, "fixed_in");
    return detection;
}

std::string render_day(const std::optional<Date>& date) {
    return date ? render_date(*date) : "";
}

}  // namespace

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
    json.open_array(key);
    for (const std::string& text : texts) json.item(text);
    json.close();
}

std::vector<std::string> read_texts(const Json& object, std::string_view key) {
    std::vector<std::string> texts;
    for (const Json& item : items_at(object, key)) texts.push_back(text_of(item));
    return texts;
}

void write_place(JsonWriter& json, const Place& place) {
    json.field("file", place.file);
    json.field("line", place.line);
}

Place read_place(const Json& object) {
    return {text_at(object, "file"), static_cast<int>(number_at(object, "line"))};
}

Scanner read_scanner(const Json& object) {
    return text_at(object, "scanner") == render_scanner(Scanner::grype) ? Scanner::grype : Scanner::trivy;
}

void write_finding(JsonWriter& json, const Finding& finding) {
    json.field("kind", finding.kind == FindingKind::secret ? "secret" : "vulnerability");
    json.field("id", finding.id);
    write_texts(json, "aliases", finding.aliases);
    write_texts(json, "advisories", finding.advisories);
    json.field("severity", render_severity(finding.severity));
    json.field("package", finding.package);
    json.field("version", finding.version);
    json.field("type", finding.package_type);
    json.field("path", finding.path);
    write_texts(json, "paths", finding.paths);
    if (finding.line > 0) json.field("line", finding.line);
    json.field("fix", fix_word(finding.fix));
    write_texts(json, "fixed_in", finding.fixed_in);
    json.field("title", finding.title);
    json.field("layer", finding.layer);
    json.field("known_exploited", finding.known_exploited);
    json.field("epss", finding.epss);
    json.field("cvss_vector", finding.cvss_vector);
    json.field("cvss_score", finding.cvss_score);
    json.field("ignored_because", finding.ignored_because);
    json.open_array("seen_by");
    for (const Detection& detection : finding.reported_by) write_detection(json, detection);
    json.close();
}

Finding read_finding(const Json& value) {
    Finding finding;
    if (text_at(value, "kind") == "secret") finding.kind = FindingKind::secret;
    finding.id = text_at(value, "id");
    finding.aliases = read_texts(value, "aliases");
    finding.advisories = read_texts(value, "advisories");
    finding.severity = read_severity(value);
    finding.package = text_at(value, "package");
    finding.version = text_at(value, "version");
    finding.package_type = text_at(value, "type");
    finding.path = text_at(value, "path");
    finding.paths = read_texts(value, "paths");
    finding.line = static_cast<int>(number_at(value, "line"));
    finding.fix = read_fix(value);
    finding.fixed_in = read_texts(value, "fixed_in");
    finding.title = text_at(value, "title");
    finding.layer = text_at(value, "layer");
    finding.known_exploited = member(value, "known_exploited").IsTrue();
    finding.epss = decimal_at(value, "epss");
    finding.cvss_vector = text_at(value, "cvss_vector");
    finding.cvss_score = decimal_at(value, "cvss_score");
    finding.ignored_because = text_at(value, "ignored_because");
    for (const Json& detection : items_at(value, "seen_by")) finding.reported_by.push_back(read_detection(detection));
    return finding;
}

void write_waiver(JsonWriter& json, const Waiver& waiver) {
    json.field("id", waiver.id);
    write_texts(json, "aliases", waiver.aliases);
    json.field("component", waiver.package);
    json.field("version", waiver.package_version);
    write_texts(json, "paths", waiver.paths);
    if (waiver.line > 0) json.field("secret_line", waiver.line);
    write_texts(json, "targets", waiver.targets);
    json.field("reason", waiver.reason);
    json.field("owner", waiver.owner);
    json.field("added", render_day(waiver.added));
    json.field("review_by", render_day(waiver.review_by));
    json.field("until", waiver.until_base_rebuilt ? "base-rebuilt" : "");
    write_place(json, waiver.at);
}

Waiver read_waiver(const Json& value) {
    Waiver waiver;
    waiver.id = text_at(value, "id");
    waiver.aliases = read_texts(value, "aliases");
    waiver.package = text_at(value, "component");
    waiver.package_version = text_at(value, "version");
    waiver.paths = read_texts(value, "paths");
    waiver.line = static_cast<int>(number_at(value, "secret_line"));
    waiver.targets = read_texts(value, "targets");
    waiver.reason = text_at(value, "reason");
    waiver.owner = text_at(value, "owner");
    waiver.added = parse_date(text_at(value, "added"));
    waiver.review_by = parse_date(text_at(value, "review_by"));
    waiver.until_base_rebuilt = text_at(value, "until") == "base-rebuilt";
    waiver.at = read_place(value);
    return waiver;
}
