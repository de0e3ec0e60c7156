#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/markup.h"
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
    Hash hash("SHA256");
    hash.add(content);
    return "'sha256-" + base64(hash.finish()) + "'";
}

std::string_view band_of(const Run& run) {
    const Outcome outcome = outcome_of(run);
    if (is_contract_broken(run) || outcome == Outcome::vulnerable) return "bad";
    return outcome == Outcome::clean && !render_pre_existing_count(run) ? "good" : "warning";
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

// What to do, the images, charts, and what is accepted for a time -----------------------------------------------------

constexpr std::ptrdiff_t todo_shown = 12;

std::string render_tally(const Counts& counts) {
    const auto part = [](std::size_t count, std::string_view name, std::string_view kind = {}) {
        return element("div", element("dt", name) + element("dd", std::to_string(count), kind));
    };
    return element("dl",
                   part(counts.blocking, "blocking", counts.blocking > 0 ? "bad" : "") +
                       part(counts.waived, "accepted") + part(counts.reported, "not gated"),
                   "tally");
}

std::string render_card(const ImageRun& image) {
    const Mood mood = mood_of(image);
    const std::string_view kind = mood == Mood::good ? "good" : mood == Mood::bad ? "bad" : "warning";
    const std::string_view sign = mood == Mood::good ? "✓" : mood == Mood::bad ? "✕" : "!";
    const bool broken = fails_contract(image);
    std::string inner = element("h3", escape_html(image.image)) + element("p", escape_html(image.platform), "soft");
    inner += element("p", fmt::format("{} {}", sign, render_status(image)), fmt::format("status {}", kind)) +
             render_tally(count_findings(image));
    if (broken) inner += element("p", element("span", "✕ contract: " + render_contract(*image.contract), "status bad"));
    if (image.contract && !broken) {
        const std::string by = image.contract->reused ? ", tested by " + escape_html(image.contract->tested_by) : "";
        inner += element("p", "✓ contract passed" + by);
    }
    if (image.verdict) {
        for (const std::string& reason : image.verdict->unknown_because)
            inner += element("p", escape_html(reason, longest_text), "small");
        inner += element("p", html_code(image.verdict->manifest.brief()), "soft");
    }
    return element("article", inner, fmt::format("card {}", broken ? "bad" : kind)) + "\n";
}

constexpr int days_soon = 14;
constexpr int days_full = 90;  ///< a full meter

std::string render_use(const Waiver& waiver, const std::vector<FindingRow>& rows) {
    std::set<std::string> findings;
    std::set<const ImageRun*> images;
    for (const FindingRow& row : rows) {
        if (row.waiver == nullptr || row.waiver->at != waiver.at || row.waiver->id != waiver.id) continue;
        findings.insert(row.finding->key());
        images.insert(row.images.begin(), row.images.end());
    }
    return findings.empty() ? "nothing"
                            : counted(findings.size(), "finding") + " in " + counted(images.size(), "image");
}

/// "CVE-2026-1 in openssl 3.0.15 (path /app/**, target production)"
std::string render_covered(const Waiver& waiver) {
    const std::string version = waiver.package_version.empty() ? "" : " " + waiver.package_version;
    const std::string package = waiver.package.empty() ? "" : " in " + waiver.package + version;
    std::vector<std::string> conditions;
    if (!waiver.paths.empty()) conditions.push_back("path " + joined(waiver.paths, " or "));
    if (!waiver.targets.empty()) conditions.push_back("target " + joined(waiver.targets, " or "));
    return waiver.id + package + (conditions.empty() ? "" : " (" + joined(conditions, ", ") + ")");
}

std::string render_days(std::optional<Date> last, const std::string& until, Date today) {
    const auto days = last ? (*last - today).count() : 0;
    const std::string_view kind = !last || days < 0 ? "over" : days <= days_soon ? "soon" : "fine";
    const double width = 100.0 * static_cast<double>(std::clamp<decltype(days)>(days, 0, days_full)) / days_full;
    return element("span", render_days_left(last, today), fmt::format("days {}", kind)) +
           fmt::format(
               "<svg class=\"meter\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
               "<rect class=\"fill-rest\" width=\"100\" height=\"4\"/>"
               "<rect class=\"{}\" width=\"{:.0f}\" height=\"4\"/></svg>",
               kind, width) +
           element("span", escape_html(until), "state");
}

/// Accepted risks, loosened scopes and scanners that are off: whatever ends on a day, the earliest first.
std::string render_terms(const Run& run, const std::vector<FindingRow>& findings) {
    std::multimap<Date, std::string> rows;
    const auto add = [&](const std::string& what, const std::string& why, const std::string& owner,
                         const std::string& until, std::optional<Date> last, const Place& at, const std::string& used) {
        const HtmlCell cells[] = {{"Accepted", element("b", escape_html(what, longest_text)) +
                                                   element("span", html_code(render_place(at)), "state")},
                                  {"Why", escape_html(why, longest_text)},
                                  {"Owner", escape_html(owner)},
                                  {"Days left", render_days(last, until, decision_day(run)), "roomy"},
                                  {"Covers", escape_html(used)}};
        rows.emplace(last.value_or(Date::max()), table_row(cells));
    };
    for (const Waiver& waiver : run.policy.waivers)
        add(render_covered(waiver), waiver.reason, waiver.owner, render_waiver_until(waiver), waiver.review_by,
            waiver.at, render_use(waiver, findings));
    for (const Scope& scope : run.policy.scopes) {
        std::vector<std::string> where = scope.paths;
        where.insert(where.end(), scope.packages.begin(), scope.packages.end());
        where.insert(where.end(), scope.targets.begin(), scope.targets.end());
        add(fmt::format("Scope {}: blocks from {} on in {}", scope.id, render_severity(scope.gate_from),
                        joined(where, ", ")),
            scope.reason, "", scope.review_by ? "until " + render_date(*scope.review_by) : "without a date",
            scope.review_by, scope.at, "");
    }
    for (const ScannerPause& pause : pauses_of(run))
        add(render_scanner(pause.scanner) + " is off", pause.reason, pause.owner, "until " + render_date(pause.until),
            pause.until, pause.at, "");
    std::string html;
    for (const auto& [last, row] : rows) html += row;
    return rows.empty() ? "" : render_table({"Accepted", "Why", "Owner", "Days left", "Covers"}, html);
}

using Bar = std::pair<std::string, Counts>;  ///< its label, and what it shows

/// The drawing is 1000 units wide and scales with its column. The smallest part stays visible.
std::string render_bar(Counts counts, std::size_t longest) {
    constexpr double full = 1000;
    double x = 0;
    std::string parts;
    for (const FindingState state : finding_states) {
        const std::size_t part = count_of(counts, state);
        if (part == 0) continue;
        const double width = std::max(8.0, full * static_cast<double>(part) / static_cast<double>(longest));
        parts += fmt::format("<rect class=\"fill-{}\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"16\"/>", class_of(state),
                             x, width - 3);
        x += width;
    }
    return fmt::format(
        "<svg viewBox=\"0 0 {:.1f} 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">{}</svg>",
        std::max(full, x), render_counts(counts), parts);
}

std::string render_chart(const std::string& title, const std::vector<Bar>& bars) {
    std::size_t longest = 1;
    for (const auto& [label, counts] : bars) longest = std::max(longest, counts.all());
    std::string rows;
    for (const auto& [label, counts] : bars)
        rows += fmt::format("<tr><th scope=\"row\">{}</th><td title=\"{}\">{}</td><td>{}</td></tr>\n", label,
                            render_counts(counts), render_bar(counts, longest), counts.all());
    return "<div><h3>" + title + "</h3><table class=\"chart\"><tbody>\n" + rows + "</tbody></table></div>\n";
}

std::vector<Bar> bars_by_severity(const std::vector<FindingRow>& rows) {
    std::map<Severity, Counts, std::greater<>> by_severity = {
        {Severity::critical, {}}, {Severity::high, {}}, {Severity::medium, {}}};  // shown also where there are none
    for (const FindingRow& row : rows) ++count_of(by_severity[row.finding->severity], row.state);
    std::vector<Bar> bars;
    for (const auto& [severity, counts] : by_severity) bars.emplace_back(render_severity(severity), counts);
    return bars;
}

std::vector<Bar> bars_by_action(const std::vector<FindingRow>& rows) {
    std::map<std::string, Counts> by_kind;
    for (const FindingRow& row : rows)
        ++count_of(by_kind[row.remedy != nullptr ? row.remedy->kind : "no advice"], row.state);
    std::vector<Bar> bars;
    for (const auto& [kind, counts] : by_kind) bars.emplace_back(escape_html(kind, 40), counts);
    std::ranges::stable_sort(bars, std::ranges::greater{},
                             [](const Bar& bar) { return std::pair(bar.second.blocking, bar.second.all()); });
    return bars;
}

std::string render_legend(const std::vector<FindingRow>& rows) {
    std::string entries;
    for (const FindingState state : finding_states) {
        if (state == FindingState::pre_existing && std::ranges::find(rows, state, &FindingRow::state) == rows.end())
            continue;
        entries += fmt::format(
            "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"fill-{}\" width=\"10\" "
            "height=\"10\"/></svg>{}</li>",
            class_of(state), render_state(state));
    }
    return element("ul", entries, "legend") + "\n";
}

std::string render_todo(const std::vector<ToDo>& todo) {
    if (todo.empty()) return element("p", "Nothing.", "nothing");
    std::string items;
    std::string more;  // beyond these the images would be many screens down
    for (const ToDo& item : todo) {
        const std::string place = item.at.file.empty() ? "" : html_code(render_place(item.at));
        const std::string because = escape_html(item.because, longest_text);
        (&item - todo.data() < todo_shown ? items : more) +=
            element("li", element("div", element("b", escape_html(item.text, longest_text)) +
                                             element("span", because + (because.empty() || place.empty() ? "" : " · ") +
                                                                 place))) +
            "\n";
    }
    const std::size_t hidden = todo.size() - std::min<std::size_t>(todo.size(), todo_shown);
    return element("ol", items, "todo") +
           render_more(counted(hidden, "more thing") + " to do", hidden, element("ol", more, "todo"));
}

std::string render_cards(const Run& run) {
    std::string cards;
    for (const ImageRun& image : run.images) cards += render_card(image);
    return cards.empty() ? "" : element("div", cards, "cards");
}

std::string render_charts(const std::vector<FindingRow>& rows) {
    if (rows.empty()) return "";
    const std::string charts =
        render_chart("By severity", bars_by_severity(rows)) + render_chart("By remedy", bars_by_action(rows));
    return render_legend(rows) + element("div", charts, "charts");
}

// The findings --------------------------------------------------------------------------------------------------------

/// Further rows are in a template for the filter: a browser would take minutes to lay out 30,000.
constexpr std::size_t rows_laid_out = 500;

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
    return element("details",
                   element("summary", "Details") + (facts.empty() ? "" : element("ul", facts)) +
                       (has_waiver ? element("p", "To accept it, paste this into the policy file:", "small") +
                                         element("pre", clean_block(row.remedy->waiver, escape_html))
                                   : ""));
}

std::string render_finding_row(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    const auto cell = [&](Cell::Kind kind) { return html_cell({.kind = kind, .finding = &finding}); };
    const std::string exploited = finding.known_exploited ? element("span", "known to be exploited", "exploited") : "";
    const std::string state = element("span", render_state(row.state), "state " + class_of(row.state));
    const std::string title = (finding.title.empty() ? "" : "<br>") + escape_html(finding.title);
    const std::string suppression =
        finding.ignored_because.empty()
            ? ""
            : "<br>" + element("span", escape_html(render_suppression(finding), longest_text), "small");
    const HtmlCell cells[] = {{"Severity", cell(Cell::Kind::severity) + exploited + state, "narrow"},
                              {"Finding", cell(Cell::Kind::id) + title + suppression + render_details(row)},
                              {"Package", cell(Cell::Kind::package)},
                              {"Fixed in", escape_html(render_fix(finding)), "roomy"},
                              {"Images", escape_html(render_images(row.images, run), longest_text)},
                              {row.waiver != nullptr ? "Accepted" : "What to do", html_cell(make_decision_cell(row))}};
    std::string images;
    for (const ImageRun* image : row.images) images += (images.empty() ? "" : " ") + escape_html(image->name);
    return table_row(cells, fmt::format(" data-state=\"{}\" data-rank=\"{}\" data-images=\"{}\"", class_of(row.state),
                                        static_cast<int>(finding.severity), images));
}

/// Hidden until the script has taken over: without it there is nothing to filter with, and every row is shown.
std::string render_filter(const Run& run) {
    const auto option = [](const std::string& value, const std::string& text) {
        return fmt::format("<option value=\"{}\">{}</option>", value, text);
    };
    std::string states;
    for (const FindingState state : finding_states) {
        if (state != FindingState::pre_existing || render_pre_existing_count(run))
            states += option(class_of(state), render_state(state));
    }
    std::string images = "<label>Image<select name=\"image\"><option value=\"\">all</option>";
    for (const ImageRun& image : run.images) images += option(escape_html(image.name), escape_html(image.name));
    images = run.images.size() > 1 ? images + "</select></label>" : "";
    return fmt::format(page_filter, fmt::arg("states", states), fmt::arg("images", images));
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

// All together --------------------------------------------------------------------------------------------------------

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
        {"waivers", "Accepted for a time", render_terms(run, rows)},
        {"receipts", "Receipts", render_table(make_receipt_table(run))},
        {"evidence", "More evidence",
         render_folded_table(make_contract_table(run, true)) + render_folded_table(make_base_table(run)) +
             render_folded_table(make_tag_table(run)) + render_folded_table(make_suppressed_table(run)) +
             render_folded_table(make_note_table(run.warnings))}};
    std::erase_if(sections, [](const PageSection& section) { return section.inner.empty(); });
    return sections;
}

std::string render_top(const Run& run, const std::vector<PageSection>& sections) {
    // Nothing is loaded from anywhere; only our own style and script are obeyed, even if a text should get through.
    const std::string policy =
        fmt::format("default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
                    render_csp_hash(page_style), render_csp_hash(page_script));
    const std::string_view band = band_of(run);
    const std::string_view sign = band == "good"  ? "M15 25l7 7 12-15"
                                  : band == "bad" ? "M17 17l14 14M31 17L17 31"
                                                  : "M18 19a6 6 0 1 1 8.5 5.5C24.6 25.4 24 26.4 24 28.5M24 33.5v.1";
    std::string links;
    for (const PageSection& section : sections)
        links += fmt::format("<li><a href=\"#{}\">{}</a></li>", section.id, section.title);
    return fmt::format(page_top, fmt::arg("policy", policy), fmt::arg("style", page_style),
                       fmt::arg("heading", escape_html(render_heading(run), 1000)),
                       fmt::arg("notes", render_notes(run)), fmt::arg("band", band), fmt::arg("sign", sign),
                       fmt::arg("facts", render_facts(run)), fmt::arg("links", links)) +
           render_publication(run);
}

}  // namespace

std::string render_page(const Run& run) {
    const std::vector<FindingRow> rows = gather_findings(run);
    const std::vector<PageSection> sections = make_sections(run, rows);
    std::string page = render_top(run, sections);
    page.reserve(page.size() + rows.size() * 1024);  // about what they take: a large page is not copied while it grows
    for (const PageSection& section : sections) {
        page += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n", section.id, section.title);
        page.append(section.inner).append("</section>\n");
    }
    if (rows.size() > rows_laid_out) {  // the script shows them: most of a large page, written to where they stay
        page += "<template id=\"rest\">";
        for (std::size_t i = rows_laid_out; i < rows.size(); ++i) page += render_finding_row(rows[i], run);
        page += "</template>\n";
    }
    page += "</main>\n" + element("footer", render_sources(run)) + "\n<script>";
    page.append(page_script).append("</script>\n</body>\n</html>\n");
    return page;
}
