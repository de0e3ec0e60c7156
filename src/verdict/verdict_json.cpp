#include "findings/report_parts.h"
#include "verdict/finding_json.h"
#include "verdict/verdict.h"

namespace {

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

std::uint64_t read_count(const Json& object, std::string_view key) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(object, key)));
}

/// Throws Error{failed}, naming `source`, if there is none.
Digest required_digest(const Json& object, std::string_view key, const std::string& source) {
    const std::optional<Digest> digest = Digest::parse(text_at(object, key));
    if (!digest) ReportSource{source}.refuse("has no digest \"" + std::string(key) + "\"", "scan again");
    return *digest;
}

void write_receipt(JsonWriter& json, const Receipt& receipt) {
    json.open_object();
    json.field("scanner", render_scanner(receipt.scanner));
    json.field("scanner_version", receipt.scanner_version);
    json.field("database", receipt.database);
    json.field("database_date", receipt.database_date ? render_time(*receipt.database_date) : "");
    json.field("sample_data", receipt.sample_data);
    json.field("exit_code", receipt.exit_code);
    json.field("seconds", receipt.seconds);
    json.field("command", receipt.command);
    json.field("manifest", receipt.manifest.text());
    json.field("config", receipt.config.text());
    json.field("architecture", receipt.architecture);
    json.field("report", receipt.report.text());
    json.field("packages", receipt.packages);
    json.field("compressed_size", receipt.size.compressed);
    json.field("unpacked_size", receipt.size.unpacked);
    json.field("sbom", receipt.sbom ? receipt.sbom->text() : "");
    json.field("reused", receipt.reused);
    json.field("bare", receipt.bare);
    json.field("failure", receipt.failure);
    json.close();
}

/// An unbound receipt proves nothing: throws Error{failed} if a digest or the scanner is missing.
Receipt read_receipt(const Json& value, const std::string& source) {
    const std::string scanner = text_at(value, "scanner");
    if (scanner != render_scanner(Scanner::trivy) && scanner != render_scanner(Scanner::grype)) {
        ReportSource{source}.refuse("has a receipt of an unknown scanner \"" + scanner + "\"", "scan again");
    }
    return Receipt{
        .scanner = read_scanner(value),
        .scanner_version = text_at(value, "scanner_version"),
        .database = text_at(value, "database"),
        .database_date = parse_time(text_at(value, "database_date")),
        .sample_data = member(value, "sample_data").IsTrue(),
        .exit_code = static_cast<int>(number_at(value, "exit_code")),
        .seconds = decimal_at(value, "seconds"),
        .command = text_at(value, "command"),
        .manifest = required_digest(value, "manifest", source),
        .config = required_digest(value, "config", source),
        .architecture = text_at(value, "architecture"),
        .report = required_digest(value, "report", source),
        .packages = read_count(value, "packages"),
        .size = {.compressed = read_count(value, "compressed_size"), .unpacked = read_count(value, "unpacked_size")},
        .failure = text_at(value, "failure"),
        .sbom = Digest::parse(text_at(value, "sbom")),
        .reused = text_at(value, "reused"),
        .bare = member(value, "bare").IsTrue(),
    };
}

}  // namespace

std::string render_verdict_json(const Verdict& verdict) {
    JsonWriter json;
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
    verdict.outcome = parse_outcome(view_at(root, "outcome"));
    verdict.unknown_because = read_texts(root, "unknown_because");
    verdict.warnings = read_texts(root, "warnings");
    verdict.stand_in_bases = member(root, "stand_in_bases").IsTrue();
    verdict.sample_data = member(root, "sample_data").IsTrue();
    verdict.base_rebuilt = member(root, "base_rebuilt").IsTrue();
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

std::string render_receipts_json(const std::vector<Receipt>& receipts) {
    JsonWriter json;
    json.open_object();
    json.open_array("receipts");
    for (const Receipt& receipt : receipts) write_receipt(json, receipt);
    json.close();
    json.close();
    return json.text();
}

std::vector<Receipt> parse_receipts_json(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    if (!member(root, "receipts").IsArray()) ReportSource{source}.refuse("has no list of receipts", "scan again");
    std::vector<Receipt> receipts;
    for (const Json& value : items_at(root, "receipts")) receipts.push_back(read_receipt(value, source));
    return receipts;
}
