#include "report/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
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

constexpr const char* dash = "–";
constexpr const char* the_same = "the same";

Cell text_or_none(const std::string& text) {
    return {.text = text.empty() ? dash : text};
}

std::string describe_size(std::uint64_t before, std::uint64_t now) {
    if (before == 0 || now == 0) return dash;
    if (before == now) return render_bytes(now) + ", " + the_same;
    const bool more = now > before;
    return fmt::format("{} → {} ({}{})", render_bytes(before), render_bytes(now), more ? "+" : "−",
                       render_bytes(more ? now - before : before - now));
}

/// "2 added, 1 removed": those that are not none.
std::string describe_counts(const std::vector<std::pair<std::size_t, std::string>>& counts) {
    std::vector<std::string> parts;
    for (const auto& [count, word] : counts) {
        if (count > 0) parts.push_back(fmt::format("{} {}", count, word));
    }
    return parts.empty() ? the_same : joined(parts, ", ");
}

std::string describe_packages(const Change& change) {
    if (!change.packages) return dash;
    std::size_t added = 0;
    std::size_t removed = 0;
    for (const PackageChange& package : *change.packages) {
        added += package.before.empty() ? 1 : 0;
        removed += package.now.empty() ? 1 : 0;
    }
    return describe_counts(
        {{change.packages->size() - added - removed, "in another version"}, {added, "added"}, {removed, "removed"}});
}

/// The rows of all images' changes with the images that have them: what several have in common is one row.
std::vector<Cells> join_rows(const Run& run, std::vector<Cells> (*rows_of)(const Change&)) {
    std::vector<Cells> rows;
    std::vector<std::vector<const ImageRun*>> images;
    std::map<std::vector<std::string>, std::size_t> known;
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        for (Cells& row : rows_of(*image.change)) {
            std::vector<std::string> texts;
            for (const Cell& cell : row) texts.push_back(cell.text);
            const auto [place, is_new] = known.emplace(std::move(texts), rows.size());
            if (is_new) rows.push_back(std::move(row));
            images.resize(rows.size());
            images[place->second].push_back(&image);
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back({.text = render_images(images[i], run)});
    return rows;
}

std::vector<Cells> rows_of_packages(const Change& change) {
    std::vector<Cells> rows;
    if (!change.packages) return rows;
    for (const auto& [type, name, before, now] : *change.packages)
        rows.push_back({{.text = name}, text_or_none(type), text_or_none(before), text_or_none(now)});
    return rows;
}

std::vector<Cells> rows_of_contract(const Change& change) {
    std::vector<Cells> rows;
    if (!change.contract) return rows;
    const auto result = [](const auto& one) { return Cell{.text = one ? render_row_result(*one) : "not tested"}; };
    for (const ContractChange& row : *change.contract)
        rows.push_back({{.text = row.check}, code(row.id), result(row.before), result(row.now)});
    return rows;
}

Cells receipt_row(const ImageRun& image, const Receipt& receipt, Time now) {
    const std::optional<Time> made = receipt.database_date;
    const std::string date = made ? render_moment(*made) + ", " + render_age(now - *made) + " old" : "age not known";
    return {{.text = image.name, .below = receipt.manifest.text(), .is_below_code = true},
            {.text = render_scanner(receipt.scanner) + " " + receipt.scanner_version},
            {.text = receipt.database, .below = date, .mark = receipt.sample_data ? "sample data" : ""},
            {.text = receipt.packages == 0 ? dash : fmt::format("{}", receipt.packages), .is_number = true},
            {.text = fmt::format("{:.0f} s", receipt.seconds),
             .below = receipt.reused.empty() ? "" : "scanned by " + receipt.reused,
             .is_number = true},
            {.text = receipt.failure.empty() ? "counts" : receipt.failure,
             .folded = receipt.command,
             .is_bad = !receipt.failure.empty()}};
}

}  // namespace

Cell make_decision_cell(const FindingRow& row) {
    Cell cell = text_or_none(render_decision(row));
    if (row.waiver != nullptr)
        cell.below = render_place(row.waiver->at);
    else if (row.remedy != nullptr)
        cell.below = render_place(row.remedy->at);
    cell.is_below_code = true;
    return cell;
}

std::vector<Cell> make_facts(const Run& run) {
    std::vector<Cell> facts;
    if (!run.repository.empty()) facts.push_back({.text = run.repository});
    if (!run.revision.empty()) facts.push_back(code(run.revision.substr(0, 12)));
    facts.push_back({.text = render_moment(run.finished)});
    if (run.started > Time{}) facts.push_back({.text = "took " + render_duration(run.finished - run.started)});
    return facts;
}

Table make_change_table(const Run& run) {
    Table table{"What this change does, compared with the published images",
                {"Image", "Published", "Size to pull", "Unpacked", "Packages", "Findings", "Contract"},
                {}};
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        const Change& change = *image.change;
        std::string contract = dash;
        if (change.contract)
            contract = change.contract->empty() ? the_same : counted(change.contract->size(), "check") + " changed";
        table.rows.push_back(
            {{.kind = Kind::image, .text = image.image, .below = image.platform},
             code(std::string(change.published.brief())),
             {.text = describe_size(change.size_before.compressed, change.size.compressed)},
             {.text = describe_size(change.size_before.unpacked, change.size.unpacked)},
             {.text = describe_packages(change)},
             {.text = describe_counts({{change.added.size(), "added"}, {change.gone.size(), "removed"}})},
             {.text = contract}});
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
    Table table{"", {"Package", "Type", "Published", "Now", "Images"}, join_rows(run, rows_of_packages)};
    // What a program was compiled from comes last, because it may be much.
    const auto order = [](const Cells& row) { return std::tuple(row[1].text == "cargo", row[1].text, row[0].text); };
    std::ranges::stable_sort(table.rows, [&](const Cells& a, const Cells& b) { return order(a) < order(b); });
    table.title = fmt::format("Packages that come, go or change: {}", table.rows.size());
    return table;
}

Table make_contract_change_table(const Run& run) {
    Table table{"", {"Check", "Row", "Published", "Now", "Images"}, join_rows(run, rows_of_contract)};
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
    Table table{counted(run.bases.size(), "base"), {"Base", "Built on", "Made", "Now"}, {}};
    for (const UsedBase& base : run.bases) {
        const bool rebuilt = base.current && base.built_on && *base.current != *base.built_on;
        const std::string made =
            base.made ? render_date(day_of(*base.made)) + ", " + render_age(run.finished - *base.made) + " old"
                      : "not known";
        const Cell now{.text = !base.current ? "not known"
                               : rebuilt     ? "rebuilt"
                                             : the_same,
                       .below = rebuilt ? base.current->text() : "",
                       .is_below_code = rebuilt,
                       .is_bad = rebuilt};
        table.rows.push_back({{.kind = Kind::code, .text = base.reference, .mark = base.stand_in ? "a stand-in" : ""},
                              base.built_on ? code(base.built_on->text()) : Cell{.text = dash},
                              {.text = made},
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

Table make_note_table(const Problems& notes) {
    Table table{
        counted(notes.size(), "note") + " about the policy and the files", {"Level", "Where", "What", "Hint"}, {}};
    for (const Problem& note : sorted_by_place(notes))
        table.rows.push_back({{.text = render_level(note.level)},
                              code(render_place(note.at)),
                              {.text = note.what},
                              {.text = note.hint}});
    return table;
}
