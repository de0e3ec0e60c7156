#include "report/rows.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/text.h"

namespace {

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

}  // namespace

std::string render_state(FindingState state) {
    switch (state) {
        case FindingState::blocking:
            return "blocks";
        case FindingState::waived:
            return "waived";
        case FindingState::reported:
            return "below the gate";
    }
    return "";
}

std::vector<FindingRow> findings_of(const ImageRun& image) {
    std::vector<FindingRow> rows;
    if (!image.verdict) return rows;
    rows.reserve(count_findings(image).all());
    const auto add = [&](const Finding& finding, FindingState state, const Waiver* waiver) {
        rows.push_back({.finding = &finding,
                        .state = state,
                        .waiver = waiver,
                        .remedy = remedy_for(image, finding),
                        .images = {&image}});
    };
    for (const Finding& finding : image.verdict->blocking) add(finding, FindingState::blocking, nullptr);
    for (const WaivedFinding& waived : image.verdict->waived) add(waived.finding, FindingState::waived, &waived.waiver);
    for (const Finding& finding : image.verdict->reported) add(finding, FindingState::reported, nullptr);
    return rows;
}

std::vector<FindingRow> gather_findings(const Run& run) {
    std::vector<FindingRow> gathered;
    std::unordered_map<std::string, std::size_t> known;
    for (const ImageRun& image : run.images) {
        for (FindingRow& row : findings_of(image)) {
            const auto [place, is_new] = known.emplace(row_key(row), gathered.size());
            if (is_new) {
                gathered.push_back(std::move(row));
            } else if (gathered[place->second].images.back() != &image) {
                gathered[place->second].images.push_back(&image);
            }
        }
    }
    std::stable_sort(gathered.begin(), gathered.end(), stands_before);
    return gathered;
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
