// What the summary says about findings: as many as there is room for.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "base/text.h"
#include "report/escape.h"
#include "report/summary_cells.h"
#include "report/summary_parts.h"
#include "report/words.h"

namespace {

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
    std::string title = finding.title.empty() ? "" : "<br>" + escape_markdown(finding.title, 120);
    if (!finding.ignored_because.empty()) title += "<br>" + escape_markdown(render_suppression(finding), 300);
    return markdown_row({severity_cell(finding), linked_cell(finding) + title, package_cell(finding),
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

/// The first row that does not fit is rendered as well: it shows that no more do.
void add_row(SummaryPart& part, std::size_t& room, const std::function<std::string()>& render) {
    if (room == 0) {
        ++part.more;
        return;
    }
    part.rows.push_back(render());
    room -= std::min(room, part.rows.back().size());
}

}  // namespace

SummaryPart make_finding_part(const Run& run, const std::vector<FindingRow>& rows, FindingState state,
                              std::size_t room) {
    const std::string last = state == FindingState::waived ? "Why it is accepted" : "What to do";
    SummaryPart part{.title = {},
                     .head = markdown_head({"Severity", "Finding", "Package", "Fixed in", "Images", last}),
                     .rows = {},
                     .tail = {},
                     .folded = state == FindingState::waived || state == FindingState::reported};
    for (const FindingRow& row : rows) {
        if (row.state == state) add_row(part, room, [&] { return finding_row(row, run); });
    }
    const std::size_t count = part.rows.size() + part.more;
    switch (state) {
        case FindingState::blocking:
            part.title = "What blocks";
            break;
        case FindingState::pre_existing:
            part.title = "Pre-existing findings: they would block, but the published image has them too";
            break;
        case FindingState::waived:
            part.title = counted(count, "accepted finding");
            break;
        case FindingState::reported:
            part.title = counted(count, "finding") + " not gated";
            break;
    }
    return part;
}

SummaryPart make_paste_part(const std::vector<FindingRow>& rows, std::size_t room) {
    SummaryPart part{.title = "Exceptions to paste, where a finding is accepted",
                     .head = {},
                     .rows = {},
                     .tail = {},
                     .folded = true};
    std::unordered_set<std::string_view> known;
    for (const FindingRow& row : rows) {
        if (row.remedy == nullptr || row.remedy->waiver.empty() || !known.insert(row.remedy->waiver).second) continue;
        add_row(part, room, [&] { return clean_block(row.remedy->waiver); });
    }
    const std::string fence(std::max<std::size_t>(3, longest_backtick_run(part.rows) + 1), '`');
    part.head = fence + "yaml\n";
    part.tail = fence + "\n";
    return part;
}

SummaryPart make_suppressed_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = markdown_head({"Image", "Severity", "Finding", "Package", "Why"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Finding& finding : image.verdict->suppressed) {
            part.rows.push_back(markdown_row({escape_markdown(image.name), severity_cell(finding), linked_cell(finding),
                                              package_cell(finding), escape_markdown(finding.ignored_because)}));
        }
    }
    part.title = counted(part.rows.size(), "finding") + " suppressed by a scanner's own rules";
    return part;
}
