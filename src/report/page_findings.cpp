#include "report/page_findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/html.h"
#include "report/words.h"

namespace {

/// Further rows are in a template for the filter: a browser would take minutes to lay out 30,000.
constexpr std::size_t rows_laid_out = 500;

std::string render_waiver(const std::string& waiver) {
    std::string lines;
    for (const std::string& line : lines_of(waiver)) {
        const std::string indent(std::min(line.find_first_not_of(' '), line.size()), ' ');
        lines += indent + escape_html(line, longest_text) + "\n";
    }
    return element("p", "To accept it, paste this into the policy file:", "small") + element("pre", lines);
}

std::string render_facts(const Finding& finding) {
    std::string facts;
    const auto add = [&](const std::string& fact) { facts += element("li", escape_html(fact, longest_text)); };
    if (!finding.reported_by.empty()) add("Reported by " + render_detections(finding));
    if (!finding.aliases.empty()) add("Also known as " + joined(finding.aliases, ", "));
    if (finding.cvss_score > 0) add(fmt::format("CVSS {:.1f} {}", finding.cvss_score, finding.cvss_vector));
    if (finding.epss > 0) add(fmt::format("EPSS {:.1f} %: likelihood of an attack within 30 days", finding.epss * 100));
    if (finding.paths.size() > 1) add("At " + joined(finding.paths, ", "));
    if (!finding.layer.empty()) add("Layer " + finding.layer);
    return facts;
}

/// What belongs to a finding, but not into the table's columns.
std::string render_details(const FindingRow& row) {
    const std::string facts = render_facts(*row.finding);
    const bool has_waiver = row.remedy != nullptr && !row.remedy->waiver.empty();
    if (facts.empty() && !has_waiver) return "";
    return element("details", element("summary", "Details") + (facts.empty() ? "" : element("ul", facts)) +
                                  (has_waiver ? render_waiver(row.remedy->waiver) : ""));
}

std::string render_at(const Place& place) {
    return place.file.empty() ? "" : html_code(render_place(place));
}

std::string render_acceptance(const Waiver& waiver) {
    return escape_html(waiver.reason.empty() ? "no reason is given" : waiver.reason, longest_text) +
           element("span",
                   escape_html(waiver.owner.empty() ? "no owner is named" : waiver.owner, longest_text) + ", " +
                       render_waiver_until(waiver) + " " + render_at(waiver.at),
                   "state");
}

/// What to do about it, or why it is accepted.
HtmlCell last_cell(const FindingRow& row) {
    if (row.waiver != nullptr) return {"Accepted", render_acceptance(*row.waiver)};
    if (row.remedy == nullptr) return {"What to do", "–"};
    return {"What to do",
            escape_html(row.remedy->text, longest_text) + element("span", render_at(row.remedy->at), "state")};
}

std::string_view state_class(FindingState state) {
    switch (state) {
        case FindingState::blocking:
            return "blocking";
        case FindingState::pre_existing:
            return "pre-existing";
        case FindingState::waived:
            return "waived";
        case FindingState::reported:
            return "reported";
    }
    return "";
}

std::string render_attributes(const FindingRow& row) {
    std::string images;
    for (const ImageRun* image : row.images) images += (images.empty() ? "" : " ") + escape_html(image->name);
    return fmt::format(" data-state=\"{}\" data-rank=\"{}\" data-images=\"{}\"", state_class(row.state),
                       static_cast<int>(row.finding->severity), images);
}

std::string render_finding_row(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    const auto cell = [&](Cell::Kind kind) { return html_cell({.kind = kind, .finding = &finding}); };
    const std::string exploited = finding.known_exploited ? element("span", "known to be exploited", "exploited") : "";
    const std::string state = element("span", render_state(row.state), fmt::format("state {}", state_class(row.state)));
    const std::string title = (finding.title.empty() ? "" : "<br>") + escape_html(finding.title);
    const std::string suppression =
        finding.ignored_because.empty()
            ? ""
            : "<br>" + element("span", escape_html(render_suppression(finding), longest_text), "small");
    return table_row({{"Severity", cell(Cell::Kind::severity) + exploited + state, "narrow"},
                      {"Finding", cell(Cell::Kind::id) + title + suppression + render_details(row)},
                      {"Package", cell(Cell::Kind::package)},
                      {"Fixed in", escape_html(render_fix(finding)), "roomy"},
                      {"Images", escape_html(render_images(row.images, run), longest_text)},
                      last_cell(row)},
                     render_attributes(row));
}

std::string option(std::string_view value, std::string_view text) {
    return fmt::format("<option value=\"{}\">{}</option>", value, text);
}

/// Hidden until the script has taken over: without it there is nothing to filter with, and every row is shown.
std::string render_filter(const Run& run) {
    std::string images;
    for (const ImageRun& image : run.images) images += option(escape_html(image.name), escape_html(image.name));
    std::string form =
        "<label class=\"wide\">Words<input name=\"words\" type=\"search\" autocomplete=\"off\" placeholder=\"CVE, "
        "package, path …\"></label>";
    form += "<label>State<select name=\"state\">" + option("", "all") + option("blocking", "blocks") +
            (render_pre_existing_count(run) ? option("pre-existing", "pre-existing") : "") +
            option("waived", "accepted") + option("reported", "not gated") + "</select></label>";
    form += "<label>Severity<select name=\"severity\">" + option("", "all") + option("5", "critical") +
            option("4", "high and above") + option("3", "medium and above") + option("2", "low and above") +
            "</select></label>";
    if (run.images.size() > 1)
        form += "<label>Image<select name=\"image\">" + option("", "all") + images + "</select></label>";
    return "<form id=\"filter\" role=\"search\" aria-label=\"Filter the findings\" hidden>" + form +
           "</form>\n<p id=\"shown\" class=\"soft small\" hidden><span aria-live=\"polite\"></span> <button "
           "type=\"button\" hidden>Show all</button></p>\n";
}

}  // namespace

PageSection finding_section(const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.empty()) return {};
    const std::size_t laid_out = std::min(rows.size(), rows_laid_out);
    std::string first;
    for (std::size_t i = 0; i < laid_out; ++i) first += render_finding_row(rows[i], run);
    std::string inner = render_filter(run) +
                        render_table({"Severity", "Finding", "Package", "Fixed in", "Images", "What to do"}, first);
    if (rows.size() > laid_out) {
        inner += element("noscript", element("p", counted(rows.size() - laid_out, "more finding") +
                                                      ": a browser shows them if it may run the script of this page."));
    }
    return {"findings", "Findings", std::move(inner)};
}

std::string render_rest(const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.size() <= rows_laid_out) return "";
    std::string rest = "<template id=\"rest\">";
    for (std::size_t i = rows_laid_out; i < rows.size(); ++i) rest += render_finding_row(rows[i], run);
    return rest + "</template>\n";
}
