#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/page_style.h"
#include "report/words.h"

namespace {

struct PageSection {
    std::string id;  ///< for links
    std::string title;
    std::string inner;  ///< HTML; empty: the section is omitted
};

/// What a content security policy wants: the SHA-256 as base64 (W3C CSP 3, "hash-source").
std::string render_csp_hash(std::string_view content) {
    const Digest digest = sha256(content);
    std::string bytes;
    for (std::size_t at = 0; at < digest.hex().size(); at += 2)
        bytes += static_cast<char>(std::stoi(std::string(digest.hex().substr(at, 2)), nullptr, 16));
    return "'sha256-" + base64(bytes) + "'";
}

/// Nothing is loaded from anywhere; only our own style and script are obeyed, even if a text should get through.
std::string render_head(const std::string& title) {
    const std::string policy =
        fmt::format("default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
                    render_csp_hash(page_style), render_csp_hash(page_script));
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
        "http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n",
        policy, title, page_style);
}

std::string_view band_of(const Run& run) {
    if (is_contract_broken(run)) return "bad";
    switch (outcome_of(run)) {
        case Outcome::clean:
            return render_pre_existing_count(run) ? "warning" : "good";
        case Outcome::vulnerable:
            return "bad";
        case Outcome::unknown:
            return "warning";
    }
    return "warning";
}

std::string render_mark(std::string_view band) {
    const std::string_view sign = band == "good"  ? "M15 25l7 7 12-15"
                                  : band == "bad" ? "M17 17l14 14M31 17L17 31"
                                                  : "M18 19a6 6 0 1 1 8.5 5.5C24.6 25.4 24 26.4 24 28.5M24 33.5v.1";
    return fmt::format(
        "<svg viewBox=\"0 0 48 48\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"4\" stroke-linecap=\"round\" "
        "stroke-linejoin=\"round\" aria-hidden=\"true\"><circle cx=\"24\" cy=\"24\" r=\"21\"/><path d=\"{}\"/></svg>",
        sign);
}

std::string render_facts(const Run& run) {
    std::vector<std::string> facts;
    for (const Cell& fact : make_facts(run)) facts.push_back(html_cell(fact));
    if (run.last_good) facts.push_back("the last good scan was on " + render_moment(*run.last_good));
    if (run.address.starts_with("https://"))
        facts.push_back("<a href=\"" + escape_html(run.address, 500) + "\" rel=\"noreferrer\">the run</a>");
    return element("p", joined(facts, " · "));
}

/// What limits the verdict.
std::string render_notes(const Run& run) {
    std::string trial;
    for (const auto& [name, sentence] : render_trial_notes(run)) trial += element("p", name + ": " + sentence);
    std::string warnings;
    for (const std::string& warning : warnings_of(run)) warnings += element("p", escape_html(warning, longest_text));
    return (trial.empty() ? "" : element("div", trial, "trial") + "\n") +
           (warnings.empty() ? "" : element("div", warnings, "trial") + "\n");
}

std::string render_publication(const Run& run) {
    if (!run.publication) return "";
    const PublicationState& state = *run.publication;
    std::string text = element("b", "Publication: " + render_result(state.result));
    if (!state.to.empty()) text += " · " + escape_html(state.to);
    if (!state.reason.empty()) text += " · " + escape_html(state.reason, longest_text);
    if (state.release.starts_with("https://"))
        text += " · <a href=\"" + escape_html(state.release, 500) + "\" rel=\"noreferrer\">the release</a>";
    return element("section", element("p", text, "nothing")) + "\n";
}

std::string render_sources(const Run& run) {
    std::string text = "python-image-action " + escape_html(run.program_version);
    for (const std::string& scanner : render_scanners(run)) text += " · " + escape_html(scanner);
    return text + "<br>What blocks: " + escape_html(render_gate(run.policy.gate)) + " (" +
           escape_html(render_policy_name(run)) + ")";
}

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
    for (const std::string& fact : render_finding_facts(finding)) add(fact);
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

std::string_view state_class(FindingState state) {
    constexpr std::array classes = {"blocking", "pre-existing", "waived", "reported"};
    return classes.at(static_cast<std::size_t>(state));
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
                      {row.waiver != nullptr ? "Accepted" : "What to do", html_cell(make_decision_cell(row))}},
                     render_attributes(row));
}

/// Hidden until the script has taken over: without it there is nothing to filter with, and every row is shown.
std::string render_filter(const Run& run) {
    using Options = std::vector<std::pair<std::string, std::string>>;  // values and texts
    const auto select = [](std::string_view label, std::string_view name, const Options& options) {
        std::string list = "<option value=\"\">all</option>";
        for (const auto& [value, text] : options) list += fmt::format("<option value=\"{}\">{}</option>", value, text);
        return fmt::format("<label>{}<select name=\"{}\">{}</select></label>", label, name, list);
    };
    Options states = {{"blocking", "blocks"}, {"waived", "accepted"}, {"reported", "not gated"}};
    if (render_pre_existing_count(run)) states.insert(states.begin() + 1, {"pre-existing", "pre-existing"});
    Options images;
    for (const ImageRun& image : run.images) images.emplace_back(escape_html(image.name), escape_html(image.name));
    const std::string form =
        "<label class=\"wide\">Words<input name=\"words\" type=\"search\" autocomplete=\"off\" placeholder=\"CVE, "
        "package, path …\"></label>" +
        select("State", "state", states) +
        select("Severity", "severity",
               {{"5", "critical"}, {"4", "high and above"}, {"3", "medium and above"}, {"2", "low and above"}}) +
        (images.size() > 1 ? select("Image", "image", images) : "");
    return "<form id=\"filter\" role=\"search\" aria-label=\"Filter the findings\" hidden>" + form +
           "</form>\n<p id=\"shown\" class=\"soft small\" hidden><span aria-live=\"polite\"></span> <button "
           "type=\"button\" hidden>Show all</button></p>\n";
}

std::string render_findings(const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.empty()) return "";
    const std::size_t laid_out = std::min(rows.size(), rows_laid_out);
    std::string first;
    for (std::size_t i = 0; i < laid_out; ++i) first += render_finding_row(rows[i], run);
    std::string inner = render_filter(run) +
                        render_table({"Severity", "Finding", "Package", "Fixed in", "Images", "What to do"}, first);
    if (rows.size() > laid_out) {
        inner += element("noscript", element("p", counted(rows.size() - laid_out, "more finding") +
                                                      ": a browser shows them if it may run the script of this page."));
    }
    return inner;
}

std::string render_rest(const Run& run, const std::vector<FindingRow>& rows) {
    if (rows.size() <= rows_laid_out) return "";
    std::string rest = "<template id=\"rest\">";
    for (std::size_t i = rows_laid_out; i < rows.size(); ++i) rest += render_finding_row(rows[i], run);
    return rest + "</template>\n";
}

std::vector<PageSection> make_sections(const Run& run, const std::vector<FindingRow>& rows) {
    std::vector<PageSection> sections = {
        {"todo", "What to do", render_todo(make_todo(run, rows))},
        {"images", "Images", render_cards(run)},
        {"change", "What this change does",
         render_table(make_change_table(run)) + render_folded_table(make_finding_change_table(run)) +
             render_folded_table(make_package_change_table(run)) +
             render_folded_table(make_contract_change_table(run))},
        {"charts", "At a glance", render_charts(rows)},
        {"findings", "Findings", render_findings(run, rows)},
        {"waivers", "Accepted for a time", render_terms(run)},
        {"receipts", "Receipts", render_table(make_receipt_table(run))},
        {"evidence", "More evidence",
         render_folded_table(make_contract_table(run, true)) + render_folded_table(make_base_table(run)) +
             render_folded_table(make_tag_table(run)) + render_folded_table(make_suppressed_table(run)) +
             render_folded_table(make_note_table(run.warnings))}};
    std::erase_if(sections, [](const PageSection& section) { return section.inner.empty(); });
    return sections;
}

std::string render_top(const Run& run, const std::vector<PageSection>& sections) {
    const std::string heading = escape_html(render_heading(run), 1000);
    const std::string_view band = band_of(run);
    std::string links;
    for (const PageSection& section : sections)
        links += fmt::format("<li><a href=\"#{}\">{}</a></li>", section.id, section.title);
    return render_head(heading) + "<body>\n" + render_notes(run) +
           element("div", element("header", render_mark(band) + element("h1", heading) + render_facts(run)),
                   fmt::format("band {}", band)) +
           "\n<nav aria-label=\"On this page\"><ul>" + links + "</ul></nav>\n<main>\n" + render_publication(run);
}

}  // namespace

std::string render_page(const Run& run) {
    const std::vector<FindingRow> rows = gather_findings(run);
    const std::vector<PageSection> sections = make_sections(run, rows);
    std::string page = render_top(run, sections);
    for (const PageSection& section : sections) {
        page += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n", section.id, section.title);
        page.append(section.inner).append("</section>\n");
    }
    page += render_rest(run, rows) + "</main>\n" + element("footer", render_sources(run)) + "\n<script>";
    page.append(page_script).append("</script>\n</body>\n</html>\n");
    return page;
}
