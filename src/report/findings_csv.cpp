#include "report/findings_csv.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/escape.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

constexpr std::size_t longest_cell = 2000;

/// Quoted, on one line. What begins like a formula gets an apostrophe, which a spreadsheet shows as text.
std::string cell(const std::string& text) {
    std::string quoted = "\"";
    const std::string line = clean_line(text, longest_cell);
    if (!line.empty() && std::string_view("=+-@").find(line.front()) != std::string_view::npos) quoted += '\'';
    for (const char c : line) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + "\"";
}

std::string csv_row(const std::vector<std::string>& cells) {
    std::vector<std::string> quoted;
    for (const std::string& text : cells) quoted.push_back(cell(text));
    return joined(quoted, ",") + "\r\n";
}

std::string decision_on(const FindingRow& row) {
    if (row.waiver != nullptr)
        return fmt::format("{} ({}, {})", row.waiver->reason, row.waiver->owner, render_waiver_until(*row.waiver));
    return row.remedy == nullptr ? "" : row.remedy->text;
}

std::string finding_row(const ImageRun& image, const FindingRow& row) {
    const Finding& finding = *row.finding;
    return csv_row({image.image,
                    image.platform,
                    render_state(row.state),
                    render_severity(finding.severity),
                    finding.id,
                    joined(finding.aliases, " "),
                    finding.package,
                    finding.version,
                    finding.package_type,
                    shown_path(finding),
                    render_fix(finding),
                    finding.known_exploited ? "yes" : "no",
                    finding.epss > 0 ? fmt::format("{:.4f}", finding.epss) : "",
                    finding.cvss_score > 0 ? fmt::format("{:.1f}", finding.cvss_score) : "",
                    finding.cvss_vector,
                    render_sightings(finding),
                    decision_on(row),
                    finding.ignored_because,
                    finding.title,
                    make_link(finding)});
}

}  // namespace

std::string render_findings_csv(const Run& run) {
    std::string csv = csv_row({"image",
                               "platform",
                               "state",
                               "severity",
                               "id",
                               "aliases",
                               "package",
                               "version",
                               "type",
                               "path",
                               "fixed in",
                               "known exploited",
                               "epss",
                               "cvss",
                               "cvss vector",
                               "reported by",
                               "what to do or why accepted",
                               "suppressed by a scanner",
                               "title",
                               "more"});
    for (const ImageRun& image : run.images) {
        for (const FindingRow& row : findings_of(image)) csv += finding_row(image, row);
    }
    return csv;
}
