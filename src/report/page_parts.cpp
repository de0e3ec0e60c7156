#include "report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/words.h"

namespace {

/// More rows than these are kept aside for the filter: a browser would take minutes to lay out 30,000.
constexpr std::size_t rows_laid_out = 500;
constexpr std::size_t ample_row = 2000;
constexpr std::size_t whole = 2000;  ///< characters: more of a single text helps nobody

struct Status {
    std::string_view kind;  ///< "good", "bad", "doubt"
    std::string words;
};

Status status_of(const ImageRun& image) {
    if (!image.verdict) return {"doubt", "? not judged"};
    switch (image.verdict->outcome) {
        case Outcome::clean:
            return {"good", "✓ clean"};
        case Outcome::vulnerable:
            return {"bad", "✕ vulnerable"};
        case Outcome::unknown:
            return {"doubt", "? unknown"};
    }
    return {"doubt", ""};
}

std::string render_tally(const Counts& counts) {
    const auto part = [](std::size_t count, std::string_view name, std::string_view kind) {
        return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", name,
                           count > 0 && !kind.empty() ? fmt::format(" class=\"{}\"", kind) : "", count);
    };
    return element("dl",
                   part(counts.blocking, "blocking", "bad") + part(counts.waived, "waived", "") +
                       part(counts.reported, "below the gate", ""),
                   "tally");
}

std::string render_card(const ImageRun& image) {
    const Status status = status_of(image);
    const bool broken = image.contract && !image.contract->is_kept();
    std::string inner = element("h3", escape_html(image.image)) + element("p", escape_html(image.platform), "soft");
    inner += element("p", status.words, fmt::format("status {}", status.kind)) + render_tally(count_findings(image));
    if (image.contract)
        inner += element("p", broken ? element("span", "✕ contract: " + render_kept(*image.contract), "status bad")
                                     : "✓ contract kept");
    if (image.verdict) {
        for (const std::string& reason : image.verdict->unknown_because)
            inner += element("p", escape_html(reason, whole), "small");
        inner += element("p", render_code(image.verdict->manifest.brief()), "soft");
    }
    return element("article", inner, fmt::format("card {}", broken ? "bad" : status.kind)) + "\n";
}

std::string render_place_code(const Place& place) {
    return place.file.empty() ? "" : render_code(render_place(place));
}

/// What belongs to a finding, but not into the table's columns.
std::string render_finding_details(const Finding& finding, const std::string& waiver) {
    std::vector<std::string> facts;
    if (!finding.seen_by.empty()) facts.push_back("Seen by " + render_sightings(finding));
    if (!finding.aliases.empty()) facts.push_back("Also known as " + joined(finding.aliases, ", "));
    if (finding.cvss_score > 0) facts.push_back(fmt::format("CVSS {:.1f} {}", finding.cvss_score, finding.cvss_vector));
    if (finding.epss > 0)
        facts.push_back(fmt::format("EPSS {:.1f} %: likelihood of an attack within 30 days", finding.epss * 100));
    if (finding.paths.size() > 1) facts.push_back("At " + joined(finding.paths, ", "));
    if (!finding.layer.empty()) facts.push_back("Layer " + finding.layer);
    std::string items;
    for (const std::string& fact : facts) items += element("li", escape_html(fact, whole));
    std::string inner = items.empty() ? "" : element("ul", items);
    if (!waiver.empty()) {
        std::string lines;
        for (const std::string& line : lines_of(waiver)) {
            const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
            lines += std::string(indent, ' ') + escape_html(line, whole) + "\n";
        }
        inner += element("p", "To accept it, paste this into the policy file:", "small") + element("pre", lines);
    }
    return inner.empty() ? "" : element("details", element("summary", "Details") + inner);
}

std::string render_advice(const FindingRow& row) {
    if (row.waiver != nullptr) {
        const Waiver& waiver = *row.waiver;
        return escape_html(waiver.reason.empty() ? "no reason is given" : waiver.reason, whole) +
               element("span",
                       escape_html((waiver.owner.empty() ? "nobody is named" : waiver.owner) + ", " +
                                       render_waiver_until(waiver),
                                   whole) +
                           " " + render_place_code(waiver.at),
                       "state");
    }
    if (row.remedy == nullptr) return "–";
    return escape_html(row.remedy->text, whole) + element("span", render_place_code(row.remedy->at), "state");
}

std::string_view state_class(FindingState state) {
    switch (state) {
        case FindingState::blocking:
            return "blocking";
        case FindingState::waived:
            return "waived";
        case FindingState::reported:
            return "reported";
    }
    return "";
}

std::string render_finding_row(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    std::vector<std::string> names;
    for (const ImageRun* image : row.images) names.push_back(escape_html(image->name));
    std::string what = render_linked_id(finding);
    if (!finding.title.empty()) what += "<br>" + escape_html(finding.title);
    what += render_finding_details(finding, row.remedy != nullptr ? row.remedy->waiver : "");
    const std::string state(state_class(row.state));
    const std::string attributes = " data-state=\"" + state + "\" data-rank=\"" +
                                   std::to_string(static_cast<int>(finding.severity)) + "\" data-images=\"" +
                                   joined(names, " ") + "\"";
    return table_row({{"Severity",
                       render_badge(finding.severity) +
                           (finding.known_exploited ? element("span", "known to be exploited", "exploited") : "") +
                           element("span", render_state(row.state), "state " + state),
                       "narrow"},
                      {"Finding", what},
                      {"Package", render_package(finding)},
                      {"Fixed in", escape_html(render_fix(finding)), "roomy"},
                      {"Images", escape_html(render_images(row.images, run), whole)},
                      {row.waiver != nullptr ? "Accepted" : "What to do", render_advice(row)}},
                     attributes);
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
            option("waived", "waived") + option("reported", "below the gate") + "</select></label>";
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
    const std::string id = escape_html(finding.id, 100);
    const std::string link = make_link(finding);
    return link.empty() ? element("b", id)
                        : "<a href=\"" + escape_html(link) + "\" rel=\"noreferrer\"><b>" + id + "</b></a>";
}

std::string render_package(const Finding& finding) {
    std::string text =
        escape_html(finding.package) + (finding.version.empty() ? "" : " " + escape_html(finding.version));
    if (!finding.path.empty()) text += (text.empty() ? "" : "<br>") + render_code(finding.path);
    return text;
}

std::string render_badge(Severity severity) {
    const std::string word = render_severity(severity);
    return element("span", word, "badge " + word);
}

std::string render_code(std::string_view text) {
    return element("code", escape_html(text, whole));
}

PageSection todo_section(const std::vector<ToDo>& todo) {
    if (todo.empty()) return {"todo", "What to do", element("p", "Nothing: all is well.", "nothing")};
    std::string items;
    for (const ToDo& item : todo) {
        const std::string place = render_place_code(item.at);
        const std::string because = escape_html(item.because, whole);
        items +=
            element("li", element("div", element("b", escape_html(item.text, whole)) +
                                             element("span", because + (because.empty() || place.empty() ? "" : " · ") +
                                                                 place))) +
            "\n";
    }
    return {"todo", "What to do", element("ol", items, "todo")};
}

PageSection image_section(const Run& run) {
    std::string cards;
    for (const ImageRun& image : run.images) cards += render_card(image);
    return {"images", "Images", cards.empty() ? "" : element("div", cards, "cards")};
}

PageSection finding_section(const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.empty()) return {};
    const std::size_t laid_out = std::min(rows.size(), rows_laid_out);
    std::string first;
    for (std::size_t i = 0; i < laid_out; ++i) first += render_finding_row(rows[i], run);
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
    page.reserve(page.size() + (rows.size() - rows_laid_out) * ample_row);  // what is not needed of it costs nothing
    page += "<template id=\"rest\">";
    for (std::size_t i = rows_laid_out; i < rows.size(); ++i) page += render_finding_row(rows[i], run);
    page += "</template>\n";
}
