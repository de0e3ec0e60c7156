#include <fmt/format.h>

#include "report/changes.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/rows.h"

namespace {

std::string render_overview(const Run& run) {
    std::string rows;
    for (const ChangeRow& row : gather_changes(run)) {
        rows += table_row({{"Image", escape_html(row.images.front()->name)},
                           {"Published", render_code(row.cells[0])},
                           {"Size to pull", escape_html(row.cells[1])},
                           {"Unpacked", escape_html(row.cells[2])},
                           {"Packages", escape_html(row.cells[3])},
                           {"Findings", escape_html(row.cells[4])},
                           {"Contract", escape_html(row.cells[5])}});
    }
    return rows.empty()
               ? ""
               : table("list", {"Image", "Published", "Size to pull", "Unpacked", "Packages", "Findings", "Contract"},
                       rows);
}

std::string render_findings(const Run& run) {
    std::string rows;
    std::size_t count = 0;
    for (const ImageRun& image : run.images) {
        const auto add = [&](const Finding& finding, std::string_view change) {
            ++count;
            rows += table_row({{"Image", escape_html(image.name)},
                               {"Change", std::string(change)},
                               {"Severity", render_badge(finding.severity)},
                               {"Finding", render_linked_id(finding)},
                               {"Package", render_package(finding)}});
        };
        if (!image.change) continue;
        for (const Finding& finding : image.change->added) add(finding, "adds");
        for (const Finding& finding : image.change->gone) add(finding, "removes");
    }
    return render_more(fmt::format("Findings that come or go: {}", count), count,
                       table("list", {"Image", "Change", "Severity", "Finding", "Package"}, rows));
}

std::string render_packages(const Run& run) {
    const std::vector<ChangeRow> changes = gather_package_changes(run);
    std::string rows;
    for (const ChangeRow& row : changes) {
        rows += table_row({{"Package", escape_html(row.cells[0], longest_text)},
                           {"Type", escape_html(row.cells[1])},
                           {"Published", escape_html(row.cells[2], longest_text)},
                           {"Now", escape_html(row.cells[3], longest_text)},
                           {"Images", escape_html(render_images(row.images, run), longest_text)}});
    }
    return render_more(fmt::format("Packages that come, go or change: {}", changes.size()), changes.size(),
                       table("list", {"Package", "Type", "Published", "Now", "Images"}, rows));
}

std::string render_contract(const Run& run) {
    const std::vector<ChangeRow> changes = gather_contract_changes(run);
    std::string rows;
    for (const ChangeRow& row : changes) {
        rows += table_row({{"Check", escape_html(row.cells[0], longest_text)},
                           {"Row", render_code(row.cells[1])},
                           {"Published", escape_html(row.cells[2])},
                           {"Now", escape_html(row.cells[3])},
                           {"Images", escape_html(render_images(row.images, run), longest_text)}});
    }
    return render_more(fmt::format("Rows of the contract that end otherwise: {}", changes.size()), changes.size(),
                       table("list", {"Check", "Row", "Published", "Now", "Images"}, rows));
}

}  // namespace

PageSection change_section(const Run& run) {
    return {"change", "What this change does",
            render_overview(run) + render_findings(run) + render_packages(run) + render_contract(run)};
}
