#include "report/exports.h"

#include <fmt/format.h>

#include <map>

#include "base/json.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

constexpr std::size_t longest_value = 2000;  ///< characters

void render_counts(JsonWriter& json, const Counts& counts) {
    json.object("counts", {{"blocking", counts.blocking},
                           {"forgiven", counts.pre_existing},
                           {"waived", counts.waived},
                           {"below_gate", counts.reported}});
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
    json.open_array(key);
    for (const std::string& text : texts) json.item(clean_line(text, longest_value));
    json.close();
}

void render_verdict(JsonWriter& json, const ImageRun& image) {
    json.field("outcome", render_outcome(image.verdict ? image.verdict->outcome : Outcome::unknown));
    if (image.verdict) json.field("digest", image.verdict->manifest.text());
    render_counts(json, count_findings(image));
    if (image.verdict) {  // of all findings, whatever became of them
        std::map<Severity, std::size_t, std::greater<>> severities;
        for (const Finding* finding : gated_findings(*image.verdict)) ++severities[finding->severity];
        json.open_object("severities");
        for (const auto& [severity, count] : severities) json.field(render_severity(severity), count);
        json.close();
    }
    write_texts(json, "warnings", image.verdict ? image.verdict->warnings : std::vector<std::string>{});
    write_texts(json, "unknown_because", render_unknown_reasons(image));
    if (!image.verdict) return;
    json.open_array("scanners");
    for (const Receipt& receipt : image.verdict->receipts)
        json.object({{"scanner", render_scanner(receipt.scanner)},
                     {"version", clean_line(receipt.scanner_version)},
                     {"database", clean_line(receipt.database)},
                     {"database_date", unless_empty(receipt.database_date ? render_time(*receipt.database_date) : "")},
                     {"packages", receipt.packages},
                     {"reused", unless_empty(clean_line(receipt.reused))},
                     {"failure", unless_empty(clean_line(receipt.failure, 2000))}});
    json.close();
    json.field("verdict", "verdicts/" + image.name + ".json");
    if (!is_unknown(image)) json.field("sarif", "sarif/" + image.name + ".sarif");
}

void render_size(JsonWriter& json, std::string_view name, std::uint64_t before, std::uint64_t now) {
    if (before != 0 && now != 0) json.object(name, {{"published", before}, {"now", now}});
}

/// What could not be compared is omitted.
void render_change(JsonWriter& json, const Change& change) {
    json.open_object("change");
    json.field("published", change.published.text());
    json.field("findings_added", change.added.size());
    json.field("findings_gone", change.gone.size());
    render_size(json, "compressed_size", change.size_before.compressed, change.size.compressed);
    render_size(json, "unpacked_size", change.size_before.unpacked, change.size.unpacked);
    if (change.packages) {
        json.open_array("packages");
        for (const PackageChange& package : *change.packages)
            json.object({{"name", clean_line(package.name)},
                         {"type", clean_line(package.type)},
                         {"published", unless_empty(clean_line(package.before))},
                         {"now", unless_empty(clean_line(package.now))}});
        json.close();
    }
    if (change.contract) {
        json.open_array("contract");
        for (const ContractChange& row : *change.contract)
            json.object({{"row", clean_line(row.id)},
                         {"published", unless_empty(row.before ? render_row_result(*row.before) : "")},
                         {"now", unless_empty(row.now ? render_row_result(*row.now) : "")}});
        json.close();
    }
    json.close();
}

void render_image(JsonWriter& json, const ImageRun& image) {
    json.open_object();
    json.field("name", image.name);
    json.field("image", image.image);
    json.field("platform", image.platform);
    json.field("reference", image.reference);
    json.field("category", image.category);
    render_verdict(json, image);
    json.field("contract", !image.contract ? "not tested" : image.contract->passed() ? "passed" : "failed");
    if (image.contract && image.contract->reused)
        json.field("contract_tested_by", clean_line(image.contract->tested_by));
    if (image.change) render_change(json, *image.change);
    json.close();
}

void render_publication(JsonWriter& json, const PublicationState& state) {
    json.open_object("publication");
    json.field("result", render_result(state.result));
    json.field("to", clean_line(state.to));
    json.field("reason", unless_empty(clean_line(state.reason, longest_value)));
    json.open_array("tags");
    for (const WrittenTag& tag : state.tags)
        json.object({{"reference", clean_line(tag.reference)}, {"digest", tag.digest.text()}});
    json.close();
    json.field("release", unless_empty(clean_line(state.release)));
    json.close();
}

/// Quoted, on one line. What begins like a formula gets an apostrophe, which a spreadsheet shows as text.
std::string csv_cell(std::string_view text) {
    std::string cell = "\"";
    const std::string line = clean_line(text, longest_value);
    if (!line.empty() && std::string_view("=+-@").find(line.front()) != std::string_view::npos) cell += '\'';
    for (const char c : line) {
        if (c == '"') cell += '"';
        cell += c;
    }
    return cell + "\"";
}

std::string finding_row(const ImageRun& image, const FindingRow& row) {
    const Finding& finding = *row.finding;
    const std::string epss = finding.epss > 0 ? fmt::format("{:.4f}", finding.epss) : "";
    const std::string score = finding.cvss_score > 0 ? fmt::format("{:.1f}", finding.cvss_score) : "";
    std::string line = csv_cell(image.image);
    const auto add = [&](std::initializer_list<std::string_view> cells) {
        for (const std::string_view text : cells) line.append(",").append(csv_cell(text));
    };
    add({image.platform, render_state(row.state), render_severity(finding.severity), finding.id});
    add({joined(finding.aliases, " "), finding.package, finding.version, finding.package_type, shown_path(finding)});
    add({render_fix(finding), finding.known_exploited ? "yes" : "no", epss, score, finding.cvss_vector});
    add({render_detections(finding), render_decision(row), finding.ignored_because, finding.title, make_link(finding)});
    return line + "\r\n";
}

}  // namespace

std::string render_verdict_summary_json(const Run& run) {
    JsonWriter json;
    json.open_object();
    json.field("outcome", render_outcome(outcome_of(run)));
    json.field("heading", clean_line(render_heading(run), 1000));
    json.field("contract_broken", is_contract_broken(run));
    json.field("stand_in_bases", has_stand_in_bases(run));
    json.field("sample_data", has_sample_data(run));
    render_counts(json, count_findings(run));
    json.field("program", "python-image-action " + run.program_version);
    json.field("command", run.command);
    json.field("other_images", run.other_images);
    json.field("repository", run.repository);
    json.field("revision", run.revision);
    if (run.started > Time{}) json.field("started", render_time(run.started));
    json.field("finished", render_time(run.finished));
    json.field("policy", render_policy_name(run));
    json.field("gate", render_gate(run.policy.gate));
    json.field("not_built", unless_empty(clean_line(run.not_built)));
    json.open_array("images");
    for (const ImageRun& image : run.images) render_image(json, image);
    json.close();
    if (run.publication) render_publication(json, *run.publication);
    json.open_array("warnings");
    for (const Problem& problem : sorted_by_place(run.warnings))
        json.object({{"at", clean_line(render_place(problem.at))},
                     {"what", clean_line(problem.what, longest_value)},
                     {"hint", clean_line(problem.hint, longest_value)}});
    return json.text();
}

std::string render_findings_csv(const Run& run) {
    std::string csv =
        "image,platform,state,severity,id,aliases,package,version,type,path,fixed in,known exploited,epss,cvss,cvss "
        "vector,reported by,what to do or why accepted,suppressed by a scanner,title,more\r\n";
    for (const ImageRun& image : run.images) {
        for (const FindingRow& row : findings_of(image)) csv += finding_row(image, row);
    }
    return csv;
}
