#include "report/tables.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/changes.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

using Cells = std::vector<Cell>;
using Kind = Cell::Kind;

Cell code(const std::string& text) {
    return {.kind = Kind::code, .text = text};
}

/// Severity, finding, package.
void add_finding(const Finding& finding, Cells& row) {
    for (const Kind kind : {Kind::severity, Kind::id, Kind::package})
        row.push_back({.kind = kind, .finding = &finding});
}

/// The cells of the change, the one at `code_at` as code, and the images.
std::vector<Cells> rows_of_changes(const std::vector<ChangeRow>& changes, std::size_t code_at, const Run& run) {
    std::vector<Cells> rows;
    for (const ChangeRow& change : changes) {
        Cells row;
        for (std::size_t i = 0; i < change.cells.size(); ++i)
            row.push_back({.kind = i == code_at ? Kind::code : Kind::text, .text = change.cells[i]});
        row.push_back({.text = render_images(change.images, run)});
        rows.push_back(std::move(row));
    }
    return rows;
}

Cells receipt_row(const ImageRun& image, const Receipt& receipt, Time now) {
    const std::string date = receipt.database_date ? render_moment(*receipt.database_date) + ", " +
                                                         render_age(now - *receipt.database_date) + " old"
                                                   : "age not known";
    return {{.text = image.name, .below = receipt.manifest.text(), .is_below_code = true},
            {.text = render_scanner(receipt.scanner) + " " + receipt.scanner_version},
            {.text = receipt.database, .below = date, .mark = receipt.sample_data ? "sample data" : ""},
            {.text = receipt.packages == 0 ? "–" : fmt::format("{}", receipt.packages), .is_number = true},
            {.text = fmt::format("{:.0f} s", receipt.seconds),
             .below = receipt.reused.empty() ? "" : "scanned by " + receipt.reused,
             .is_number = true},
            {.text = receipt.failure.empty() ? "counts" : receipt.failure,
             .folded = receipt.command,
             .is_bad = !receipt.failure.empty()}};
}

}  // namespace

Table make_change_table(const Run& run) {
    Table table{"What this change does, compared with the published images",
                {"Image", "Published", "Size to pull", "Unpacked", "Packages", "Findings", "Contract"},
                {}};
    for (const ChangeRow& change : gather_changes(run)) {
        const ImageRun& image = *change.images.front();
        Cells row{{.kind = Kind::image, .text = image.image, .below = image.platform}, code(change.cells.front())};
        for (std::size_t i = 1; i < change.cells.size(); ++i) row.push_back({.text = change.cells[i]});
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table make_finding_change_table(const Run& run) {
    Table table{"", {"Image", "Change", "Severity", "Finding", "Package"}, {}};
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        const auto add = [&](const std::vector<Finding>& findings, const std::string& change) {
            for (const Finding& finding : findings) {
                table.rows.push_back({{.text = image.name}, {.text = change}});
                add_finding(finding, table.rows.back());
            }
        };
        add(image.change->added, "adds");
        add(image.change->gone, "removes");
    }
    table.title = fmt::format("Findings that come or go: {}", table.rows.size());
    return table;
}

Table make_package_change_table(const Run& run) {
    Table table{"",
                {"Package", "Type", "Published", "Now", "Images"},
                rows_of_changes(gather_package_changes(run), std::string::npos, run)};
    table.title = fmt::format("Packages that come, go or change: {}", table.rows.size());
    return table;
}

Table make_contract_change_table(const Run& run) {
    Table table{
        "", {"Check", "Row", "Published", "Now", "Images"}, rows_of_changes(gather_contract_changes(run), 1, run)};
    table.title = fmt::format("Rows of the contract that end otherwise: {}", table.rows.size());
    return table;
}

Table make_contract_table(const Run& run, bool with_passed_rows) {
    Table table{"", {"Image", "Result", "Check", "Expected", "Found"}, {}};
    std::size_t passed = 0;
    std::size_t others = 0;
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            const bool has_passed = row.result == RowResult::passed;
            ++(has_passed ? passed : others);
            if (has_passed && !with_passed_rows) continue;
            table.rows.push_back({{.text = image.name},
                                  {.text = render_row_result(row.result), .is_bad = row.result == RowResult::failed},
                                  {.text = row.check},
                                  {.text = row.expected},
                                  {.text = row.found, .below = row.because}});
        }
    }
    table.title = fmt::format("Contract: {} passed, {} not", counted(passed, "check"), others);
    return table;
}

Table make_base_table(const Run& run) {
    Table table{counted(run.bases.size(), "base"), {"Base", "Built on", "Age", "Now"}, {}};
    for (const UsedBase& base : run.bases) {
        const bool rebuilt = base.current && base.built_on && *base.current != *base.built_on;
        Cell now{.text = !base.current ? "not known" : rebuilt ? "rebuilt" : "the same", .is_bad = rebuilt};
        if (rebuilt) now.below = base.current->text();
        now.is_below_code = rebuilt;
        table.rows.push_back({{.kind = Kind::code, .text = base.reference, .mark = base.stand_in ? "a stand-in" : ""},
                              base.built_on ? code(base.built_on->text()) : Cell{.text = "–"},
                              {.text = base.made ? render_age(run.finished - *base.made) : "not known"},
                              now});
    }
    return table;
}

Table make_tag_table(const Run& run) {
    Table table{"", {"Reference", "Digest"}, {}};
    if (!run.publication) return table;
    for (const WrittenTag& tag : run.publication->tags)
        table.rows.push_back({code(tag.reference), code(tag.digest.text())});
    table.title = counted(table.rows.size(), "tag") + " written";
    return table;
}

Table make_receipt_table(const Run& run) {
    Table table{"Scan receipts", {"Image", "Scanner", "Database", "Packages", "Took", "Result"}, {}};
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Receipt& receipt : image.verdict->receipts)
            table.rows.push_back(receipt_row(image, receipt, run.finished));
    }
    return table;
}

Table make_suppressed_table(const Run& run) {
    Table table{"", {"Image", "Severity", "Finding", "Package", "Why"}, {}};
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Finding& finding : image.verdict->suppressed) {
            Cells row{{.text = image.name}};
            add_finding(finding, row);
            row.push_back({.text = finding.ignored_because});
            table.rows.push_back(std::move(row));
        }
    }
    table.title = counted(table.rows.size(), "finding") + " suppressed by a scanner's own rules";
    return table;
}

Table make_note_table(const Run& run) {
    Table table{"", {"Level", "Where", "What", "Hint"}, {}};
    Problems problems = run.policy_warnings;
    problems.insert(problems.end(), run.other_warnings.begin(), run.other_warnings.end());
    for (const Problem& problem : sorted_by_place(problems)) {
        table.rows.push_back({{.text = render_level(problem.level)},
                              code(render_place(problem.at)),
                              {.text = problem.what},
                              {.text = problem.hint}});
    }
    table.title = counted(table.rows.size(), "note") + " about the policy and the files";
    return table;
}
