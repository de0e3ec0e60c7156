#include "findings/report_parts.h"
#include "verdict/finding_json.h"
#include "verdict/receipt_json.h"

namespace {

constexpr std::size_t ample_finding = 1500;
constexpr int format = 1;  ///< raised when a reader of the old form would misunderstand the new one

void write_findings(JsonWriter& json, std::string_view key, const std::vector<Finding>& findings) {
    json.open_array(key);
    for (const Finding& finding : findings) {
        json.open_object_in_line();
        write_finding(json, finding);
        json.close();
    }
    json.close();
}

std::vector<Finding> read_findings(const Json& root, std::string_view key) {
    std::vector<Finding> findings;
    for (const Json& value : items_at(root, key)) findings.push_back(read_finding(value));
    return findings;
}

void write_waived(JsonWriter& json, const std::vector<WaivedFinding>& waived) {
    json.open_array("waived");
    for (const WaivedFinding& one : waived) {
        json.open_object_in_line();
        json.open_object("finding");
        write_finding(json, one.finding);
        json.close();
        json.open_object("waiver");
        write_waiver(json, one.waiver);
        json.close();
        json.close();
    }
    json.close();
}

void write_pauses(JsonWriter& json, const std::vector<ScannerPause>& pauses) {
    json.open_array("paused");
    for (const ScannerPause& pause : pauses) {
        json.open_object();
        json.field("scanner", render_scanner(pause.scanner));
        json.field("reason", pause.reason);
        json.field("owner", pause.owner);
        json.field("until", render_date(pause.until));
        write_place(json, pause.at);
        json.close();
    }
    json.close();
}

ScannerPause read_pause(const Json& value) {
    return {read_scanner(value), text_at(value, "reason"), text_at(value, "owner"),
            parse_date(text_at(value, "until")).value_or(Date{}), read_place(value)};
}

/// An outcome that is not understood is unknown, never clean.
Outcome read_outcome(const Json& root) {
    const std::string word = text_at(root, "outcome");
    if (word == render_outcome(Outcome::clean)) return Outcome::clean;
    return word == render_outcome(Outcome::vulnerable) ? Outcome::vulnerable : Outcome::unknown;
}

}  // namespace

std::string render_verdict_json(const Verdict& verdict) {
    JsonWriter json((verdict.blocking.size() + verdict.waived.size() + verdict.reported.size()) * ample_finding);
    json.open_object();
    json.field("format", format);
    json.field("name", verdict.name);
    json.field("target", verdict.target);
    json.field("manifest", verdict.manifest.text());
    json.field("decided", render_time(verdict.decided));
    json.field("outcome", render_outcome(verdict.outcome));
    write_texts(json, "unknown_because", verdict.unknown_because);
    write_texts(json, "warnings", verdict.warnings);
    json.field("stand_in_bases", verdict.stand_in_bases);
    json.field("sample_data", verdict.sample_data);
    json.field("base_rebuilt", verdict.base_rebuilt);
    json.field("base_created", verdict.base_created ? render_time(*verdict.base_created) : "");
    write_findings(json, "blocking", verdict.blocking);
    write_waived(json, verdict.waived);
    write_findings(json, "reported", verdict.reported);
    write_findings(json, "left_out", verdict.suppressed);
    write_pauses(json, verdict.paused);
    json.open_array("receipts");
    for (const Receipt& receipt : verdict.receipts) write_receipt(json, receipt);
    json.close();
    json.close();
    return json.text();
}

Verdict parse_verdict_json(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    const ReportSource refusing{source};
    const std::optional<Time> decided = parse_time(text_at(root, "decided"));
    if (number_at(root, "format") != format || !decided)
        refusing.refuse("is not a verdict of this program", "judge again");
    Verdict verdict{.name = text_at(root, "name"),
                    .target = text_at(root, "target"),
                    .manifest = required_digest(root, "manifest", source),
                    .decided = *decided};
    verdict.outcome = read_outcome(root);
    verdict.unknown_because = read_texts(root, "unknown_because");
    verdict.warnings = read_texts(root, "warnings");
    verdict.stand_in_bases = read_flag(root, "stand_in_bases");
    verdict.sample_data = read_flag(root, "sample_data");
    verdict.base_rebuilt = read_flag(root, "base_rebuilt");
    verdict.base_created = parse_time(text_at(root, "base_created"));
    verdict.blocking = read_findings(root, "blocking");
    verdict.reported = read_findings(root, "reported");
    verdict.suppressed = read_findings(root, "left_out");
    for (const Json& one : items_at(root, "waived")) {
        verdict.waived.push_back({read_finding(member(one, "finding")), read_waiver(member(one, "waiver"))});
    }
    for (const Json& value : items_at(root, "paused")) verdict.paused.push_back(read_pause(value));
    for (const Json& value : items_at(root, "receipts")) verdict.receipts.push_back(read_receipt(value, source));
    // A verdict that says two things at once was not written by this program.
    if (verdict.outcome == Outcome::clean && (!verdict.blocking.empty() || !verdict.unknown_because.empty())) {
        refusing.refuse("calls itself clean and is not", "judge again");
    }
    return verdict;
}
