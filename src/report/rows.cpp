#include "report/rows.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/text.h"

namespace {

using RowsOf = std::vector<FindingRow> (*)(const ImageRun&);  ///< findings_of or blocking_of

const Remedy* remedy_for(const ImageRun& image, const Finding& finding) {
    const auto found = image.remedies.find(finding.key());
    return found == image.remedies.end() ? nullptr : &found->second;
}

/// Equal for findings that are one row. The unit separator cannot be part of any of the fields' meaning.
std::string row_key(const FindingRow& row) {
    constexpr char separator = '\x1f';
    std::string key = row.finding->key();
    key += separator;
    key += row.finding->version;
    key += separator;
    key += static_cast<char>('0' + static_cast<int>(row.state));
    if (row.remedy != nullptr) key += row.remedy->text;
    return key;
}

bool stands_before(const FindingRow& a, const FindingRow& b) {
    const auto order = [](const FindingRow& row) {
        const Finding& f = *row.finding;
        return std::make_tuple(static_cast<int>(row.state), -static_cast<int>(f.severity), !f.known_exploited,
                               std::string_view(f.id), std::string_view(f.package), std::string_view(f.path));
    };
    return order(a) < order(b);
}

FindingRow make_row(const ImageRun& image, const Finding& finding, FindingState state, const Waiver* waiver = nullptr) {
    return {.finding = &finding,
            .state = state,
            .waiver = waiver,
            .remedy = remedy_for(image, finding),
            .images = {&image}};
}

/// What several images share becomes one row.
std::vector<FindingRow> join_rows(const Run& run, RowsOf rows_of) {
    std::vector<FindingRow> joined;
    std::unordered_map<std::string, std::size_t> known;
    for (const ImageRun& image : run.images) {
        for (FindingRow& row : rows_of(image)) {
            const auto [place, is_new] = known.emplace(row_key(row), joined.size());
            if (is_new) {
                joined.push_back(std::move(row));
            } else if (joined[place->second].images.back() != &image) {
                joined[place->second].images.push_back(&image);
            }
        }
    }
    return joined;
}

std::vector<FindingRow> gather(const Run& run, RowsOf rows_of) {
    // Within one image a key stands for one finding: nothing is to be joined.
    std::vector<FindingRow> rows = run.images.size() == 1 ? rows_of(run.images.front()) : join_rows(run, rows_of);
    std::stable_sort(rows.begin(), rows.end(), stands_before);
    return rows;
}

}  // namespace

std::string render_state(FindingState state) {
    switch (state) {
        case FindingState::blocking:
            return "blocks";
        case FindingState::pre_existing:
            return "pre-existing";
        case FindingState::waived:
            return "accepted";
        case FindingState::reported:
            return "not gated";
    }
    return "";
}

void count_state(Counts& counts, FindingState state) {
    switch (state) {
        case FindingState::blocking:
            ++counts.blocking;
            break;
        case FindingState::pre_existing:
            ++counts.pre_existing;
            break;
        case FindingState::waived:
            ++counts.waived;
            break;
        case FindingState::reported:
            ++counts.reported;
            break;
    }
}

std::vector<FindingRow> blocking_of(const ImageRun& image) {
    std::vector<FindingRow> rows;
    if (!image.verdict) return rows;
    for (const Finding& finding : image.verdict->blocking)
        rows.push_back(make_row(image, finding, FindingState::blocking));
    return rows;
}

std::vector<FindingRow> findings_of(const ImageRun& image) {
    std::vector<FindingRow> rows = blocking_of(image);
    if (!image.verdict) return rows;
    for (const WaivedFinding& waived : image.verdict->waived)
        rows.push_back(make_row(image, waived.finding, FindingState::waived, &waived.waiver));
    for (const Finding& finding : image.verdict->reported) {
        const bool pre_existing = is_pre_existing(image, finding);
        rows.push_back(make_row(image, finding, pre_existing ? FindingState::pre_existing : FindingState::reported));
    }
    return rows;
}

std::vector<FindingRow> gather_findings(const Run& run) {
    return gather(run, findings_of);
}

std::vector<FindingRow> gather_blocking(const Run& run) {
    return gather(run, blocking_of);
}

std::string render_images(const std::vector<const ImageRun*>& images, const Run& run) {
    if (run.images.size() > 1 && images.size() == run.images.size()) return "all images";
    const bool one_platform = std::all_of(run.images.begin(), run.images.end(), [&](const ImageRun& image) {
        return image.platform == run.images.front().platform;
    });
    std::vector<std::string> names;
    for (const ImageRun* image : images) names.push_back(one_platform ? image->image : image->name);
    return joined(names, ", ");
}
