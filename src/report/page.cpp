#include "report/page.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/html.h"
#include "report/page_findings.h"
#include "report/page_parts.h"
#include "report/page_style.h"
#include "report/words.h"

namespace {

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
    if (!run.repository.empty()) facts.push_back(escape_html(run.repository));
    if (!run.revision.empty()) facts.push_back(html_code(run.revision.substr(0, 12)));
    facts.push_back(render_moment(run.finished));
    if (run.started > Time{}) facts.push_back("took " + render_duration(run.finished - run.started));
    if (run.last_good) facts.push_back("the last good scan was on " + render_moment(*run.last_good));
    if (run.address.starts_with("https://"))
        facts.push_back("<a href=\"" + escape_html(run.address, 500) + "\" rel=\"noreferrer\">the run</a>");
    return element("p", joined(facts, " · "));
}

std::string render_trial(const Run& run) {
    std::string text;
    if (has_stand_in_bases(run))
        text += element(
            "p", "Stand-in bases: these images are not based on the real base images. Try them, never ship them.");
    if (has_sample_data(run))
        text += element("p", "Sample vulnerability data: this verdict says nothing about real vulnerabilities.");
    return text.empty() ? "" : element("div", text, "trial") + "\n";
}

std::string render_warnings(const Run& run) {
    std::string text;
    for (const std::string& warning : warnings_of(run)) text += element("p", escape_html(warning, longest_text));
    return text.empty() ? "" : element("div", text, "trial") + "\n";
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

/// One after the other: in a list in braces each of them would be copied.
std::vector<PageSection> make_sections(const Run& run, const std::vector<FindingRow>& rows) {
    std::vector<PageSection> sections;
    sections.push_back(todo_section(make_todo(run, rows)));
    sections.push_back(image_section(run));
    sections.push_back(change_section(run));
    sections.push_back(chart_section(rows));
    sections.push_back(finding_section(run, rows));
    sections.push_back(waiver_section(run));
    sections.push_back(receipt_section(run));
    sections.push_back(evidence_section(run));
    std::erase_if(sections, [](const PageSection& section) { return section.inner.empty(); });
    return sections;
}

std::string render_top(const Run& run, const std::vector<PageSection>& sections) {
    const std::string heading = escape_html(render_heading(run), 1000);
    const std::string_view band = band_of(run);
    std::string links;
    for (const PageSection& section : sections)
        links += fmt::format("<li><a href=\"#{}\">{}</a></li>", section.id, section.title);
    return render_head(heading) + "<body>\n" + render_trial(run) + render_warnings(run) +
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
