// Verdicts as files: out/verdicts/NAME.json.
#include "verdict/verdict.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "findings/report_parts.h"

namespace {

// Findings and waivers ------------------------------------------------------------------------------------------------

// Empty lists and texts are written too, so that a reader finds every key.

// In the order of FixState.
constexpr std::array<std::string_view, 6> fix_words = {"unknown",  "fixed",           "none",
                                                       "wont-fix", "not-installable", "not-affected"};

std::string_view fix_word(FixState fix) {
    return fix_words.at(static_cast<std::size_t>(fix));
}

FixState read_fix(const Json& object) {
    const auto found = std::ranges::find(fix_words, view_at(object, "fix"));
    return found == fix_words.end() ? FixState::unknown : static_cast<FixState>(found - fix_words.begin());
}

Severity read_severity(const Json& object) {
    return parse_severity(text_at(object, "severity")).value_or(Severity::unknown);
}

Place read_place(const Json& object) {
    return {text_at(object, "file"), static_cast<int>(number_at(object, "line"))};
}

Scanner read_scanner(const Json& object) {
    return text_at(object, "scanner") == render_scanner(Scanner::grype) ? Scanner::grype : Scanner::trivy;
}

void write_detection(JsonWriter& json, const Detection& detection) {
    json.open_object();
    json.field("scanner", render_scanner(detection.scanner));
    json.field("id", detection.id);
    json.field("severity", render_severity(detection.severity));
    json.field("severity_basis", unless_empty(detection.severity_basis));
    json.field("fix", fix_word(detection.fix));
    json.list("fixed_in", detection.fixed_in);
    json.close();
}

Detection read_detection(const Json& value) {
    return {.scanner = read_scanner(value),
            .id = text_at(value, "id"),
            .severity = read_severity(value),
            .severity_basis = text_at(value, "severity_basis"),
            .fix = read_fix(value),
            .fixed_in = texts_at(value, "fixed_in")};
}

void write_finding(JsonWriter& json, const Finding& finding) {
    json.field("kind", finding.kind == FindingKind::secret ? "secret" : "vulnerability");
    json.field("id", finding.id);
    json.list("aliases", finding.aliases);
    json.list("advisories", finding.advisories);
    json.field("severity", render_severity(finding.severity));
    json.field("package", finding.package);
    json.field("version", finding.version);
    json.field("type", finding.package_type);
    json.field("path", finding.path);
    json.list("paths", finding.paths);
    if (finding.line > 0) json.field("line", finding.line);
    json.field("fix", fix_word(finding.fix));
    json.list("fixed_in", finding.fixed_in);
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
    finding.aliases = texts_at(value, "aliases");
    finding.advisories = texts_at(value, "advisories");
    finding.severity = read_severity(value);
    finding.package = text_at(value, "package");
    finding.version = text_at(value, "version");
    finding.package_type = text_at(value, "type");
    finding.path = text_at(value, "path");
    finding.paths = texts_at(value, "paths");
    finding.line = static_cast<int>(number_at(value, "line"));
    finding.fix = read_fix(value);
    finding.fixed_in = texts_at(value, "fixed_in");
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
    json.list("aliases", waiver.aliases);
    json.field("component", waiver.package);
    json.field("version", waiver.package_version);
    json.list("paths", waiver.paths);
    if (waiver.line > 0) json.field("secret_line", waiver.line);
    json.list("targets", waiver.targets);
    json.field("reason", waiver.reason);
    json.field("owner", waiver.owner);
    json.field("added", waiver.added ? render_date(*waiver.added) : "");
    json.field("review_by", waiver.review_by ? render_date(*waiver.review_by) : "");
    json.field("until", waiver.until_base_rebuilt ? "base-rebuilt" : "");
    json.field("file", waiver.at.file);
    json.field("line", waiver.at.line);
}

Waiver read_waiver(const Json& value) {
    return {.id = text_at(value, "id"),
            .aliases = texts_at(value, "aliases"),
            .package = text_at(value, "component"),
            .package_version = text_at(value, "version"),
            .paths = texts_at(value, "paths"),
            .line = static_cast<int>(number_at(value, "secret_line")),
            .targets = texts_at(value, "targets"),
            .reason = text_at(value, "reason"),
            .owner = text_at(value, "owner"),
            .added = parse_date(text_at(value, "added")),
            .review_by = parse_date(text_at(value, "review_by")),
            .until_base_rebuilt = text_at(value, "until") == "base-rebuilt",
            .at = read_place(value)};
}

// The verdict ---------------------------------------------------------------------------------------------------------

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
    json.object({{"scanner", render_scanner(receipt.scanner)},
                 {"scanner_version", receipt.scanner_version},
                 {"database", receipt.database},
                 {"database_date", receipt.database_date ? render_time(*receipt.database_date) : ""},
                 {"sample_data", receipt.sample_data},
                 {"exit_code", receipt.exit_code},
                 {"seconds", receipt.seconds},
                 {"command", receipt.command},
                 {"manifest", receipt.manifest.text()},
                 {"config", receipt.config.text()},
                 {"architecture", receipt.architecture},
                 {"report", receipt.report.text()},
                 {"packages", receipt.packages},
                 {"compressed_size", receipt.size.compressed},
                 {"unpacked_size", receipt.size.unpacked},
                 {"sbom", receipt.sbom ? receipt.sbom->text() : ""},
                 {"of_sbom", receipt.of_sbom},
                 {"reused", receipt.reused},
                 {"bare", receipt.bare},
                 {"failure", receipt.failure}});
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
        .of_sbom = member(value, "of_sbom").IsTrue(),
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
    json.list("unknown_because", verdict.unknown_because);
    json.list("warnings", verdict.warnings);
    json.field("stand_in_bases", verdict.stand_in_bases);
    json.field("sample_data", verdict.sample_data);
    json.field("base_rebuilt", verdict.base_rebuilt);
    json.field("base_created", verdict.base_created ? render_time(*verdict.base_created) : "");
    write_findings(json, "blocking", verdict.blocking);
    json.open_array("waived");
    for (const WaivedFinding& one : verdict.waived) {
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
    write_findings(json, "reported", verdict.reported);
    write_findings(json, "left_out", verdict.suppressed);
    json.open_array("paused");
    for (const ScannerPause& pause : verdict.paused)
        json.object({{"scanner", render_scanner(pause.scanner)},
                     {"reason", pause.reason},
                     {"owner", pause.owner},
                     {"until", render_date(pause.until)},
                     {"file", pause.at.file},
                     {"line", pause.at.line}});
    json.close();
    json.open_array("receipts");
    for (const Receipt& receipt : verdict.receipts) write_receipt(json, receipt);
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
    verdict.unknown_because = texts_at(root, "unknown_because");
    verdict.warnings = texts_at(root, "warnings");
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
    for (const Json& pause : items_at(root, "paused"))
        verdict.paused.push_back({read_scanner(pause), text_at(pause, "reason"), text_at(pause, "owner"),
                                  parse_date(text_at(pause, "until")).value_or(Date{}), read_place(pause)});
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
    return json.text();
}

std::vector<Receipt> parse_receipts_json(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    if (!member(root, "receipts").IsArray()) ReportSource{source}.refuse("has no list of receipts", "scan again");
    std::vector<Receipt> receipts;
    for (const Json& value : items_at(root, "receipts")) receipts.push_back(read_receipt(value, source));
    return receipts;
}
