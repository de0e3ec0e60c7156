#include "report/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "base/text.h"
#include "report/words.h"

namespace {

using Cells = std::vector<std::string>;

constexpr const char* nothing = "–";
constexpr const char* the_same = "the same";

std::string text_or_nothing(const std::string& text) {
    return text.empty() ? nothing : text;
}

std::string describe_size(std::uint64_t before, std::uint64_t now) {
    if (before == 0 || now == 0) return nothing;
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
    if (!change.packages) return nothing;
    std::size_t added = 0;
    std::size_t removed = 0;
    for (const PackageChange& package : *change.packages) {
        added += package.before.empty() ? 1 : 0;
        removed += package.now.empty() ? 1 : 0;
    }
    return describe_counts(
        {{change.packages->size() - added - removed, "in another version"}, {added, "added"}, {removed, "removed"}});
}

std::string describe_contract(const Change& change) {
    if (!change.contract) return nothing;
    return change.contract->empty() ? the_same : counted(change.contract->size(), "row") + " changed";
}

std::string describe_result(const std::optional<RowResult>& result) {
    return result ? render_row_result(*result) : "not tested";
}

std::vector<Cells> cells_of_packages(const Change& change) {
    std::vector<Cells> rows;
    if (!change.packages) return rows;
    for (const PackageChange& package : *change.packages)
        rows.push_back({package.name, text_or_nothing(package.type), text_or_nothing(package.before),
                        text_or_nothing(package.now)});
    return rows;
}

std::vector<Cells> cells_of_contract(const Change& change) {
    std::vector<Cells> rows;
    if (!change.contract) return rows;
    for (const ContractChange& row : *change.contract)
        rows.push_back({row.check, row.id, describe_result(row.before), describe_result(row.now)});
    return rows;
}

/// In the order in which they are first met.
std::vector<ChangeRow> join_rows(const Run& run, std::vector<Cells> (*cells_of)(const Change&)) {
    std::vector<ChangeRow> rows;
    std::map<Cells, std::size_t> known;
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        for (Cells& cells : cells_of(*image.change)) {
            const auto [place, is_new] = known.emplace(cells, rows.size());
            if (is_new) rows.push_back({.cells = std::move(cells), .images = {}});
            rows[place->second].images.push_back(&image);
        }
    }
    return rows;
}

}  // namespace

std::vector<ChangeRow> gather_changes(const Run& run) {
    std::vector<ChangeRow> rows;
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        const Change& change = *image.change;
        rows.push_back(
            {.cells = {std::string(change.published.brief()),
                       describe_size(change.size_before.compressed, change.size.compressed),
                       describe_size(change.size_before.unpacked, change.size.unpacked), describe_packages(change),
                       describe_counts({{change.added.size(), "added"}, {change.gone.size(), "removed"}}),
                       describe_contract(change)},
             .images = {&image}});
    }
    return rows;
}

std::vector<ChangeRow> gather_package_changes(const Run& run) {
    std::vector<ChangeRow> rows = join_rows(run, cells_of_packages);
    const auto order = [](const ChangeRow& row) {
        const std::string& type = row.cells[1];
        return std::make_tuple(type == "cargo", std::string_view(type), std::string_view(row.cells[0]));
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const ChangeRow& a, const ChangeRow& b) { return order(a) < order(b); });
    return rows;
}

std::vector<ChangeRow> gather_contract_changes(const Run& run) {
    return join_rows(run, cells_of_contract);
}
