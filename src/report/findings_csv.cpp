#include "report/findings_csv.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/escape.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

constexpr std::size_t longest_cell = 2000;

/// Quoted, on one line. What begins like a formula gets an apostrophe, which a spreadsheet shows as text.
std::string quoted(const std::string& text) {
    std::string cell = "\"";
    const std::string line = clean_line(text, longest_cell);
    if (!line.empty() && std::string_view("=+-@").find(line.front()) != std::string_view::npos) cell += '\'';
    for (const char c : line) cell.append(c == '"' ? 2 : 1, c);
    return cell + "\"";
}

std::string decision_on(const FindingRow& row) {
    if (row.waiver != nullptr)
        return fmt::format("{} ({}, {})", row.waiver->reason, row.waiver->owner, render_waiver_until(*row.waiver));
    return row.remedy == nullptr ? "" : row.remedy->text;
}

std::string finding_row(const ImageRun& image, const FindingRow& row) {
    const Finding& finding = *row.finding;
    const std::string epss = finding.epss > 0 ? fmt::format("{:.4f}", finding.epss) : "";
    const std::string score = finding.cvss_score > 0 ? fmt::format("{:.1f}", finding.cvss_score) : "";
    std::vector<std::string> cells{image.image, image.platform, render_state(row.state),
                                   render_severity(finding.severity)};
    cells.insert(cells.end(), {finding.id, joined(finding.aliases, " "), finding.package, finding.version});
    cells.insert(cells.end(), {finding.package_type, shown_path(finding), render_fix(finding)});
    cells.insert(cells.end(), {finding.known_exploited ? "yes" : "no", epss, score, finding.cvss_vector});
    cells.insert(cells.end(), {render_detections(finding), decision_on(row), finding.ignored_because});
    cells.insert(cells.end(), {finding.title, make_link(finding)});
    std::string line;
    for (const std::string& text : cells) line += (line.empty() ? "" : ",") + quoted(text);
    return line + "\r\n";
}

}  // namespace

std::string render_findings_csv(const Run& run) {
    std::string csv =
        "image,platform,state,severity,id,aliases,package,version,type,path,fixed in,known exploited,epss,cvss,cvss "
        "vector,reported by,what to do or why accepted,suppressed by a scanner,title,more\r\n";
    for (const ImageRun& image : run.images) {
        for (const FindingRow& row : findings_of(image)) csv += finding_row(image, row);
    }
    return csv;
}
