// The table of findings, for two or for ten thousand.
#include <fmt/format.h>

#include <algorithm>

#include "base/memory.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/words.h"

namespace {

/// More rows than these are kept aside for the filter: a browser would take minutes to lay out 30,000.
constexpr std::size_t rows_laid_out = 500;
constexpr std::size_t ample_row = 2000;

void append_code(std::string& page, std::string_view text) {
    page += "<code>";
    append_html(page, text, longest_text);
    page += "</code>";
}

void append_linked_id(std::string& page, const Finding& finding) {
    const std::string link = make_link(finding);
    if (!link.empty()) {
        page += "<a href=\"";
        append_html(page, link);
        page += "\" rel=\"noreferrer\">";
    }
    page += "<b>";
    append_html(page, finding.id, 100);
    page += link.empty() ? "</b>" : "</b></a>";
}

void append_package(std::string& page, const Finding& finding) {
    append_html(page, finding.package);
    if (!finding.version.empty()) {
        page += " ";
        append_html(page, finding.version);
    }
    if (finding.path.empty()) return;
    if (!finding.package.empty() || !finding.version.empty()) page += "<br>";
    append_code(page, shown_path(finding));
}

void append_badge(std::string& page, Severity severity) {
    const std::string word = render_severity(severity);
    page.append("<span class=\"badge ").append(word).append("\">").append(word).append("</span>");
}

void append_fact(std::string& page, std::string_view name, std::string_view fact) {
    page += "<li>";
    append_html(page, std::string(name).append(fact), longest_text);
    page += "</li>";
}

void append_waiver(std::string& page, const std::string& waiver) {
    page += element("p", "To accept it, paste this into the policy file:", "small") + "<pre>";
    for (const std::string& line : lines_of(waiver)) {
        page.append(std::min(line.find_first_not_of(' '), line.size()), ' ');
        append_html(page, line, longest_text);
        page += "\n";
    }
    page += "</pre>";
}

std::string render_facts(const Finding& finding) {
    std::string facts;
    if (!finding.reported_by.empty()) append_fact(facts, "Reported by ", render_sightings(finding));
    if (!finding.aliases.empty()) append_fact(facts, "Also known as ", joined(finding.aliases, ", "));
    if (finding.cvss_score > 0)
        append_fact(facts, fmt::format("CVSS {:.1f} ", finding.cvss_score), finding.cvss_vector);
    if (finding.epss > 0)
        append_fact(facts, fmt::format("EPSS {:.1f} %", finding.epss * 100),
                    ": likelihood of an attack within 30 days");
    if (finding.paths.size() > 1) append_fact(facts, "At ", joined(finding.paths, ", "));
    if (!finding.layer.empty()) append_fact(facts, "Layer ", finding.layer);
    return facts;
}

/// What belongs to a finding, but not into the table's columns.
void append_details(std::string& page, const FindingRow& row) {
    const std::string facts = render_facts(*row.finding);
    const bool has_waiver = row.remedy != nullptr && !row.remedy->waiver.empty();
    if (facts.empty() && !has_waiver) return;
    page += "<details><summary>Details</summary>";
    if (!facts.empty()) page.append("<ul>").append(facts).append("</ul>");
    if (has_waiver) append_waiver(page, row.remedy->waiver);
    page += "</details>";
}

void append_place(std::string& page, const Place& place) {
    if (!place.file.empty()) append_code(page, render_place(place));
}

void append_acceptance(std::string& page, const Waiver& waiver) {
    append_html(page, waiver.reason.empty() ? "no reason is given" : waiver.reason, longest_text);
    page += "<span class=\"state\">";
    append_html(page, waiver.owner.empty() ? "no owner is named" : waiver.owner, longest_text);
    page.append(", ").append(render_waiver_until(waiver)).append(" ");
    append_place(page, waiver.at);
    page += "</span>";
}

void append_advice(std::string& page, const Remedy& remedy) {
    append_html(page, remedy.text, longest_text);
    page += "<span class=\"state\">";
    append_place(page, remedy.at);
    page += "</span>";
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

void append_attributes(std::string& page, const FindingRow& row) {
    page.append(" data-state=\"").append(state_class(row.state)).append("\" data-rank=\"");
    page.append(std::to_string(static_cast<int>(row.finding->severity))).append("\" data-images=\"");
    for (const ImageRun* image : row.images) {
        if (image != row.images.front()) page += " ";
        append_html(page, image->name);
    }
    page += "\" role=\"row\"";
}

/// Written straight into the page, which may have ten thousand of them.
void append_finding_row(std::string& page, const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    page += "<tr";
    append_attributes(page, row);
    page += ">";
    open_cell(page, "Severity", "narrow");
    append_badge(page, finding.severity);
    if (finding.known_exploited) page += element("span", "known to be exploited", "exploited");
    page.append("<span class=\"state ").append(state_class(row.state)).append("\">");
    page.append(render_state(row.state)).append("</span>");
    close_cell(page);
    open_cell(page, "Finding");
    append_linked_id(page, finding);
    if (!finding.title.empty()) page += "<br>";
    append_html(page, finding.title);
    if (!finding.ignored_because.empty()) {
        page += "<br><span class=\"small\">";
        append_html(page, render_suppression(finding), longest_text);
        page += "</span>";
    }
    append_details(page, row);
    close_cell(page);
    open_cell(page, "Package");
    append_package(page, finding);
    close_cell(page);
    open_cell(page, "Fixed in", "roomy");
    append_html(page, render_fix(finding));
    close_cell(page);
    open_cell(page, "Images");
    append_html(page, render_images(row.images, run), longest_text);
    close_cell(page);
    open_cell(page, row.waiver != nullptr ? "Accepted" : "What to do");
    if (row.waiver != nullptr) append_acceptance(page, *row.waiver);
    if (row.waiver == nullptr && row.remedy != nullptr) append_advice(page, *row.remedy);
    if (row.waiver == nullptr && row.remedy == nullptr) page += "–";
    close_cell(page);
    page += "</tr>\n";
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

std::string render_linked_id(const Finding& finding) {
    std::string html;
    append_linked_id(html, finding);
    return html;
}

std::string render_package(const Finding& finding) {
    std::string html;
    append_package(html, finding);
    return html;
}

std::string render_badge(Severity severity) {
    std::string html;
    append_badge(html, severity);
    return html;
}

PageSection finding_section(const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.empty()) return {};
    const std::size_t laid_out = std::min(rows.size(), rows_laid_out);
    std::string first;
    for (std::size_t i = 0; i < laid_out; ++i) append_finding_row(first, rows[i], run);
    std::string inner = render_filter(run) +
                        table("list", {"Severity", "Finding", "Package", "Fixed in", "Images", "What to do"}, first);
    if (rows.size() > laid_out) {
        inner += element("noscript", element("p", counted(rows.size() - laid_out, "more finding") +
                                                      ": a browser shows them if it may run the script of this page."));
    }
    return {"findings", "Findings", std::move(inner)};
}

void append_rest(std::string& page, const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.size() <= rows_laid_out) return;
    make_room(page, page.size() + (rows.size() - rows_laid_out) * ample_row);  // what is not needed of it costs nothing
    page += "<template id=\"rest\">";
    for (std::size_t i = rows_laid_out; i < rows.size(); ++i) append_finding_row(page, rows[i], run);
    page += "</template>\n";
}
