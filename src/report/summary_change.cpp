// What a change does to the published images, in the summary.
#include <fmt/format.h>

#include "report/changes.h"
#include "report/escape.h"
#include "report/summary_cells.h"
#include "report/summary_parts.h"
#include "report/words.h"

namespace {

std::vector<std::string> change_rows(const std::vector<ChangeRow>& changes, const Run& run) {
    std::vector<std::string> rows;
    for (const ChangeRow& change : changes) {
        std::vector<std::string> cells;
        for (const std::string& cell : change.cells) cells.push_back(escape_markdown(cell));
        cells.push_back(escape_markdown(render_images(change.images, run)));
        rows.push_back(markdown_row(cells));
    }
    return rows;
}

}  // namespace

SummaryPart make_change_part(const Run& run) {
    SummaryPart part{
        .title = "What this change does, compared with the published images",
        .head = markdown_head({"Image", "Published", "Size to pull", "Unpacked", "Packages", "Findings", "Contract"}),
        .rows = {},
        .tail = {}};
    for (const ChangeRow& row : gather_changes(run)) {
        std::vector<std::string> cells = {image_cell(*row.images.front()), markdown_code(row.cells.front())};
        for (std::size_t i = 1; i < row.cells.size(); ++i) cells.push_back(escape_markdown(row.cells[i]));
        part.rows.push_back(markdown_row(cells));
    }
    return part;
}

SummaryPart make_finding_change_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = markdown_head({"Image", "Change", "Severity", "Finding", "Package"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        const auto add = [&](const std::vector<Finding>& findings, const std::string& change) {
            for (const Finding& finding : findings) {
                part.rows.push_back(markdown_row({escape_markdown(image.name), change, severity_cell(finding),
                                                  linked_cell(finding), package_cell(finding)}));
            }
        };
        add(image.change->added, "adds");
        add(image.change->gone, "removes");
    }
    part.title = fmt::format("Findings that come or go: {}", part.rows.size());
    return part;
}

SummaryPart make_package_change_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = markdown_head({"Package", "Type", "Published", "Now", "Images"}),
                     .rows = change_rows(gather_package_changes(run), run),
                     .tail = {},
                     .folded = true};
    part.title = fmt::format("Packages that come, go or change: {}", part.rows.size());
    return part;
}

SummaryPart make_contract_change_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = markdown_head({"Check", "Row", "Published", "Now", "Images"}),
                     .rows = change_rows(gather_contract_changes(run), run),
                     .tail = {},
                     .folded = true};
    part.title = fmt::format("Rows of the contract that end otherwise: {}", part.rows.size());
    return part;
}
