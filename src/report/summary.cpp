#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <unordered_set>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/markup.h"
#include "report/rows.h"
#include "report/tables.h"
#include "report/words.h"

namespace {

/// A heading, something before the rows, rows of one piece each, something after them. It is cut between rows; one
/// without rows is omitted.
struct SummaryPart {
    std::string title = {};
    std::string head = {};
    std::vector<std::string> rows = {};
    std::size_t left_out = 0;  ///< rows that no summary has room for
    std::string tail = {};
    bool folded = false;
};

// The parts -----------------------------------------------------------------------------------------------------------

using Kind = Cell::Kind;

constexpr std::size_t todo_in_summary = 12;  ///< the page has all

std::string finding_row(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    const auto cell = [&](Kind kind) { return markdown_cell({.kind = kind, .finding = &finding}); };
    std::string title = finding.title.empty() ? "" : "<br>" + escape_markdown(finding.title, 120);
    if (!finding.ignored_because.empty()) title += "<br>" + escape_markdown(render_suppression(finding), 300);
    return markdown_row({cell(Kind::severity), cell(Kind::id) + title, cell(Kind::package),
                         escape_markdown(render_fix(finding), 100), escape_markdown(render_images(row.images, run)),
                         markdown_cell(make_decision_cell(row))});
}

SummaryPart make_table_part(const Table& table, bool folded = true) {
    SummaryPart part{.title = table.title, .head = markdown_head(table.headings), .folded = folded};
    for (const std::vector<Cell>& row : table.rows) part.rows.push_back(markdown_row(row));
    return part;
}

SummaryPart make_todo_part(const std::vector<ToDo>& todo) {
    SummaryPart part{.title = "What to do"};
    if (todo.size() > todo_in_summary)
        part.tail = fmt::format("\nand {} more, in report.html\n", todo.size() - todo_in_summary);
    for (const ToDo& item : std::span(todo).first(std::min(todo.size(), todo_in_summary))) {
        const std::string place = render_place(item.at);
        part.rows.push_back(fmt::format("{}. {}{}{}\n", part.rows.size() + 1, escape_markdown(item.text, 400),
                                        item.because.empty() ? "" : " — " + escape_markdown(item.because),
                                        place.empty() ? "" : " (" + markdown_code(place) + ")"));
    }
    return part;
}

SummaryPart make_image_part(const Run& run) {
    SummaryPart part{
        .title = "Images",
        .head = markdown_head({"Image", "Verdict", "Blocks", "Accepted", "Not gated", "Contract", "Digest"})};
    for (const ImageRun& image : run.images) {
        const Counts counts = count_findings(image);
        const Mood mood = mood_of(image);
        const std::string sign = mood == Mood::good ? "✅ " : mood == Mood::bad ? "⛔ " : "⚠️ ";
        std::string contract = "–";
        if (image.contract) contract = (image.contract->passed() ? "✅ " : "⛔ ") + render_contract(*image.contract);
        if (image.contract && image.contract->reused)
            contract += ", tested by " + escape_markdown(image.contract->tested_by, 200);
        part.rows.push_back(
            markdown_row({markdown_cell({.kind = Kind::image, .text = image.image, .below = image.platform}),
                          sign + render_status(image), fmt::format("{}", counts.blocking),
                          fmt::format("{}", counts.waived), fmt::format("{}", counts.reported), contract,
                          image.verdict ? markdown_code(image.verdict->manifest.brief()) : "–"}));
    }
    return part;
}

SummaryPart make_pause_part(const Run& run) {
    SummaryPart part{.title = "Scanners that are off"};
    for (const ScannerPause& pause : pauses_of(run)) {
        part.rows.push_back(fmt::format("- **{}** until {} ({}): {}, says {} ({})\n", render_scanner(pause.scanner),
                                        render_date(pause.until), render_days_left(pause.until, decision_day(run)),
                                        escape_markdown(pause.reason), escape_markdown(pause.owner),
                                        markdown_code(render_place(pause.at))));
    }
    return part;
}

SummaryPart make_finding_part(const Run& run, const std::vector<FindingRow>& rows, FindingState state) {
    const std::string last = state == FindingState::waived ? "Why it is accepted" : "What to do";
    SummaryPart part{.head = markdown_head({"Severity", "Finding", "Package", "Fixed in", "Images", last}),
                     .folded = state == FindingState::waived || state == FindingState::reported};
    std::size_t size = 0;
    for (const FindingRow& row : rows) {
        if (row.state != state) continue;
        if (size > max_summary_bytes) {
            ++part.left_out;
            continue;
        }
        part.rows.push_back(finding_row(row, run));
        size += part.rows.back().size();
    }
    const std::size_t count = part.rows.size() + part.left_out;
    const std::array titles = {
        std::string("What blocks"),
        std::string("Pre-existing findings: they would block, but the published image has them too"),
        counted(count, "accepted finding"), counted(count, "finding") + " not gated"};  // in the order of FindingState
    part.title = titles.at(static_cast<std::size_t>(state));
    return part;
}

SummaryPart make_paste_part(const std::vector<FindingRow>& rows) {
    SummaryPart part{.title = "Exceptions to paste, where a finding is accepted", .folded = true};
    std::unordered_set<std::string_view> known;
    for (const FindingRow& row : rows) {
        if (row.remedy != nullptr && !row.remedy->waiver.empty() && known.insert(row.remedy->waiver).second)
            part.rows.push_back(clean_block(row.remedy->waiver));
    }
    std::size_t longest = 2;  // run of backticks in them, which the fence has to exceed
    for (const std::string& row : part.rows) {
        std::size_t length = 0;
        for (const char c : row) longest = std::max(longest, length = c == '`' ? length + 1 : 0);
    }
    const std::string fence(longest + 1, '`');
    part.head = fence + "yaml\n";
    part.tail = fence + "\n";
    return part;
}

// All together --------------------------------------------------------------------------------------------------------

/// For each part that is still to come: its heading and the sentence that says that it did not fit.
constexpr std::size_t room_per_part = 250;
constexpr std::size_t endless = std::numeric_limits<std::size_t>::max();

std::string render_cut(std::size_t rows, const std::string& title) {
    return rows == 0 ? ""
                     : fmt::format("\n_{} did not fit in here ({}): see report.html, which has all._\n",
                                   counted(rows, "row"), title);
}

/// As many rows as fit, and how many did not.
std::string render_part(const SummaryPart& part, std::size_t room) {
    const std::string before =
        part.folded ? "<details><summary>" + part.title + "</summary>\n\n" : "## " + part.title + "\n\n";
    const std::string after = part.folded ? "\n</details>\n\n" : "\n";
    const std::size_t frame = before.size() + part.head.size() + part.tail.size() + after.size() + room_per_part;
    std::string rows;
    std::size_t shown = 0;
    while (shown < part.rows.size() && frame + rows.size() + part.rows[shown].size() <= room)
        rows += part.rows[shown++];
    const std::size_t others = part.rows.size() - shown + part.left_out;
    if (shown == 0) return render_cut(others, part.title);
    return before + part.head + rows + part.tail + render_cut(others, part.title) + after;
}

std::string render_alerts(const Run& run) {
    std::string text;
    for (const auto& [name, sentence] : render_trial_notes(run))
        text += "> [!CAUTION]\n> **" + name + ".** " + sentence + "\n\n";
    for (const std::string& warning : warnings_of(run))
        text += "> [!WARNING]\n> " + escape_markdown(warning, 600) + "\n\n";
    return text;
}

std::string publication_section(const Run& run) {
    if (!run.publication) return "";
    const PublicationState& state = *run.publication;
    std::string text = "**Publication:** " + render_result(state.result);
    if (!state.to.empty()) text += " (" + escape_markdown(state.to) + ")";
    if (!state.reason.empty()) text += ": " + escape_markdown(state.reason, 600);
    return text + (state.release.empty() ? "" : ", release " + escape_markdown(state.release)) + "\n\n";
}

/// Where the numbers come from: what was scanned with what, judged by what.
std::string sources_section(const Run& run) {
    const std::vector<std::string> scanners = render_scanners(run);
    std::string text =
        scanners.empty() ? "Nothing was scanned" : "Scanned by " + escape_markdown(joined(scanners, "; "));
    text += ". What blocks: " + render_gate(run.policy.gate) + " (" + escape_markdown(render_policy_name(run)) + ").";
    if (run.last_good) text += " The last good scan was on " + render_moment(*run.last_good) + ".";
    return text + "\n\n";
}

}  // namespace

std::string render_summary(const Run& run, std::size_t max_bytes) {
    const std::vector<FindingRow> rows = gather_findings(run);
    const std::vector<ToDo> todo = make_todo(run, rows);
    std::string text =
        "# " + escape_markdown(render_heading(run)) + "\n\n" + render_alerts(run) + publication_section(run);
    if (todo.empty()) text += "Nothing to do.\n\n";

    const std::vector<SummaryPart> parts = {make_pause_part(run),
                                            make_finding_part(run, rows, FindingState::blocking),
                                            make_finding_part(run, rows, FindingState::pre_existing),
                                            make_paste_part(rows),
                                            make_table_part(make_change_table(run), false),
                                            make_table_part(make_finding_change_table(run)),
                                            make_table_part(make_package_change_table(run)),
                                            make_table_part(make_contract_change_table(run)),
                                            make_finding_part(run, rows, FindingState::waived),
                                            make_table_part(make_note_table(run.warnings)),
                                            make_table_part(make_contract_table(run, false)),
                                            make_table_part(make_base_table(run)),
                                            make_table_part(make_tag_table(run)),
                                            make_table_part(make_receipt_table(run)),
                                            make_table_part(make_suppressed_table(run)),
                                            make_finding_part(run, rows, FindingState::reported)};
    std::vector<std::string> facts;
    for (const Cell& fact : make_facts(run)) facts.push_back(markdown_cell(fact));
    facts.push_back("python-image-action " + escape_markdown(run.program_version));
    const std::string end = sources_section(run) + "<sub>" + joined(facts, " · ") + "</sub>\n";
    const std::string images = render_part(make_image_part(run), endless);  // is never cut: others make room for it
    std::size_t to_come = parts.size();
    const auto room_beside = [&](std::size_t others) {
        const std::size_t taken = text.size() + end.size() + others + to_come * room_per_part;
        return taken < max_bytes ? max_bytes - taken : 0;
    };
    if (!todo.empty()) text += render_part(make_todo_part(todo), room_beside(images.size()));
    text += images;
    for (const SummaryPart& part : parts) {
        --to_come;
        if (!part.rows.empty()) text += render_part(part, room_beside(0));
    }
    return text + end;
}

std::string render_publication_summary(const Run& run) {
    if (!run.publication) return "";
    const SummaryPart tags = make_table_part(make_tag_table(run));
    return render_alerts(run) + publication_section(run) +
           (tags.rows.empty() ? "" : render_part(tags, max_summary_bytes));
}

std::string render_contract_summary(const std::vector<ContractReport>& reports) {
    std::string text;
    for (const ContractReport& report : reports) {
        Table failed{"", {"", "name", "check", "expected", "found"}, {}};
        Table passed = failed;
        for (const ContractRow& row : report.rows) {
            const std::string found = row.because.empty() ? row.found : row.found + " — " + row.because;
            const std::string result = render_row_result(row.result);
            (row.result == RowResult::passed ? passed : failed)
                .rows.push_back(
                    {{.text = result}, {.text = row.id}, {.text = row.check}, {.text = row.expected}, {.text = found}});
        }
        const std::size_t count = passed.rows.size();
        text += fmt::format("### {}: {} of {} passed\n\n", escape_markdown(report.name), count,
                            counted(report.rows.size(), "check"));
        if (report.reused) text += "Tested by " + escape_markdown(report.tested_by) + ", with the same result.\n\n";
        if (!failed.rows.empty()) text += render_markdown(failed) + "\n";
        if (count > 0)
            text += fmt::format("<details><summary>{} passed</summary>\n\n{}\n</details>\n\n", counted(count, "check"),
                                render_markdown(passed));
    }
    return text;
}

std::string render_problem_summary(const std::string& heading, const Problems& problems) {
    SummaryPart part = make_table_part(make_note_table(problems), false);
    part.title = escape_markdown(heading);
    return problems.empty() ? "" : render_part(part, max_summary_bytes);
}
