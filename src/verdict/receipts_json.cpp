#include "findings/report_parts.h"
#include "verdict/finding_json.h"
#include "verdict/receipt_json.h"

namespace {

std::uint64_t read_count(const Json& object, std::string_view key) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(object, key)));
}

}  // namespace

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
        .sample_data = read_flag(value, "sample_data"),
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
        .bare = read_flag(value, "bare"),
    };
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
