#include "report/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "base/text.h"
#include "report/words.h"

namespace {

/// How the list is sorted: what blocks first, then the most severe. Equal for findings that are one row. It looks into
/// the Run.
auto order_of(const FindingRow& row) {
    const Finding& f = *row.finding;
    const std::string_view remedy = row.remedy == nullptr ? std::string_view() : row.remedy->text;
    const std::string_view file = row.waiver == nullptr ? std::string_view() : row.waiver->at.file;
    return std::make_tuple(row.state, -static_cast<int>(f.severity), !f.known_exploited, std::string_view(f.id),
                           std::string_view(f.package), std::string_view(f.path), f.line, std::string_view(f.version),
                           remedy, file, row.waiver == nullptr ? 0 : row.waiver->at.line);
}

}  // namespace

std::string render_state(FindingState state) {
    constexpr std::array words = {"blocks", "pre-existing", "accepted", "not gated"};
    return words.at(static_cast<std::size_t>(state));
}

std::size_t& count_of(Counts& counts, FindingState state) {
    constexpr std::array parts = {&Counts::blocking, &Counts::pre_existing, &Counts::waived, &Counts::reported};
    return counts.*parts.at(static_cast<std::size_t>(state));
}

std::string class_of(FindingState state) {
    constexpr std::array classes = {"blocking", "pre-existing", "waived", "reported"};
    return classes.at(static_cast<std::size_t>(state));
}

std::string render_decision(const FindingRow& row) {
    if (row.waiver == nullptr) return row.remedy == nullptr ? "" : row.remedy->text;
    return fmt::format("{} ({}, {})", row.waiver->reason, row.waiver->owner, render_waiver_until(*row.waiver));
}

std::vector<FindingRow> findings_of(const ImageRun& image, std::optional<FindingState> only) {
    std::vector<FindingRow> rows;
    if (!image.verdict) return rows;
    const auto add = [&](const Finding& finding, FindingState state, const Waiver* waiver = nullptr) {
        if (only && *only != state) return;
        const auto remedy = image.remedies.find(finding.key());
        rows.push_back({.finding = &finding,
                        .state = state,
                        .waiver = waiver,
                        .remedy = remedy == image.remedies.end() ? nullptr : &remedy->second,
                        .images = {&image}});
    };
    for (const Finding& finding : image.verdict->blocking) add(finding, FindingState::blocking);
    for (const WaivedFinding& waived : image.verdict->waived) add(waived.finding, FindingState::waived, &waived.waiver);
    const std::set<std::string>& published = image.verdict->pre_existing;
    for (const Finding& finding : image.verdict->reported) {
        const bool pre_existing = !published.empty() && published.contains(finding.key());
        add(finding, pre_existing ? FindingState::pre_existing : FindingState::reported);
    }
    return rows;
}

std::vector<FindingRow> gather_findings(const Run& run, std::optional<FindingState> only) {
    std::vector<FindingRow> all;
    for (const ImageRun& image : run.images) std::ranges::move(findings_of(image, only), std::back_inserter(all));
    if (!std::ranges::is_sorted(all, {}, order_of)) std::ranges::stable_sort(all, {}, order_of);
    std::vector<FindingRow> rows;
    for (FindingRow& row : all) {
        if (rows.empty() || order_of(rows.back()) != order_of(row))
            rows.push_back(std::move(row));
        else if (rows.back().images.back() != row.images.front())
            rows.back().images.push_back(row.images.front());
    }
    return rows;
}

std::string render_images(const std::vector<const ImageRun*>& images, const Run& run) {
    if (run.images.size() > 1 && images.size() == run.images.size()) return "all images";
    const bool one_platform = std::ranges::all_of(
        run.images, [&](const ImageRun& image) { return image.platform == run.images.front().platform; });
    std::vector<std::string> names;
    for (const ImageRun* image : images) names.push_back(one_platform ? image->image : image->name);
    return joined(names, ", ");
}
