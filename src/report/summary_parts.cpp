#include "report/summary_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/markdown.h"
#include "report/words.h"

namespace {

using Kind = Cell::Kind;

constexpr std::size_t todo_in_summary = 12;  ///< the page has all

std::string render_verdict(const ImageRun& image) {
    const Mood mood = mood_of(image);
    return (mood == Mood::good ? "✅ " : mood == Mood::bad ? "⛔ " : "⚠️ ") + render_status(image);
}

std::string render_contract(const ImageRun& image) {
    if (!image.contract) return "–";
    const std::string by =
        image.contract->reused ? ", tested by " + escape_markdown(image.contract->tested_by, 200) : "";
    return (image.contract->passed() ? "✅ " : "⛔ ") + render_kept(*image.contract) + by;
}

std::string advice_cell(const FindingRow& row) {
    if (row.remedy == nullptr) return "–";
    const std::string place = render_place(row.remedy->at);
    return escape_markdown(row.remedy->text) + (place.empty() ? "" : "<br>" + markdown_code(place));
}

std::string waiver_cell(const Waiver& waiver) {
    const std::string by = waiver.owner.empty() ? "no owner is named" : waiver.owner;
    return escape_markdown(fmt::format("{} ({}, {})", waiver.reason.empty() ? "no reason is given" : waiver.reason, by,
                                       render_waiver_until(waiver))) +
           "<br>" + markdown_code(render_place(waiver.at));
}

std::string finding_row(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    const auto cell = [&](Kind kind) { return markdown_cell({.kind = kind, .finding = &finding}); };
    std::string title = finding.title.empty() ? "" : "<br>" + escape_markdown(finding.title, 120);
    if (!finding.ignored_because.empty()) title += "<br>" + escape_markdown(render_suppression(finding), 300);
    return markdown_row({cell(Kind::severity), cell(Kind::id) + title, cell(Kind::package),
                         escape_markdown(render_fix(finding), 100), escape_markdown(render_images(row.images, run)),
                         row.waiver != nullptr ? waiver_cell(*row.waiver) : advice_cell(row)});
}

std::size_t longest_backtick_run(const std::vector<std::string>& texts) {
    std::size_t longest = 0;
    for (const std::string& text : texts) {
        std::size_t run = 0;
        for (const char c : text) {
            run = c == '`' ? run + 1 : 0;
            longest = std::max(longest, run);
        }
    }
    return longest;
}

}  // namespace

SummaryPart make_table_part(const Table& table, bool folded) {
    SummaryPart part{.title = table.title, .head = markdown_head(table.headings), .folded = folded};
    for (const std::vector<Cell>& row : table.rows) part.rows.push_back(markdown_row(row));
    return part;
}

SummaryPart make_todo_part(const std::vector<ToDo>& todo) {
    SummaryPart part{.title = "What to do"};
    for (const ToDo& item : todo) {
        if (part.rows.size() == todo_in_summary) {
            part.tail = fmt::format("\nand {} more, in report.html\n", todo.size() - todo_in_summary);
            break;
        }
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
        part.rows.push_back(markdown_row(
            {markdown_cell({.kind = Kind::image, .text = image.image, .below = image.platform}), render_verdict(image),
             fmt::format("{}", counts.blocking), fmt::format("{}", counts.waived), fmt::format("{}", counts.reported),
             render_contract(image), image.verdict ? markdown_code(image.verdict->manifest.brief()) : "–"}));
    }
    return part;
}

SummaryPart make_unknown_part(const Run& run) {
    SummaryPart part{.title = "What is unknown, and why"};
    for (const ImageRun& image : run.images) {
        if (!is_unknown(image)) continue;
        std::vector<std::string> reasons =
            image.verdict ? image.verdict->unknown_because : std::vector<std::string>{"it was not judged"};
        if (reasons.empty()) reasons.emplace_back("no reason is given");
        for (const std::string& reason : reasons) {
            part.rows.push_back("- **" + escape_markdown(image.name) + "**: " + escape_markdown(reason, 600) + "\n");
        }
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
    for (const FindingRow& row : rows) {
        if (row.state == state) part.rows.push_back(finding_row(row, run));
    }
    switch (state) {
        case FindingState::blocking:
            part.title = "What blocks";
            break;
        case FindingState::pre_existing:
            part.title = "Pre-existing findings: they would block, but the published image has them too";
            break;
        case FindingState::waived:
            part.title = counted(part.rows.size(), "accepted finding");
            break;
        case FindingState::reported:
            part.title = counted(part.rows.size(), "finding") + " not gated";
            break;
    }
    return part;
}

SummaryPart make_paste_part(const std::vector<FindingRow>& rows) {
    SummaryPart part{.title = "Exceptions to paste, where a finding is accepted", .folded = true};
    std::unordered_set<std::string_view> known;
    for (const FindingRow& row : rows) {
        if (row.remedy != nullptr && !row.remedy->waiver.empty() && known.insert(row.remedy->waiver).second)
            part.rows.push_back(clean_block(row.remedy->waiver));
    }
    const std::string fence(std::max<std::size_t>(3, longest_backtick_run(part.rows) + 1), '`');
    part.head = fence + "yaml\n";
    part.tail = fence + "\n";
    return part;
}
