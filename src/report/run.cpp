#include "report/run.h"

#include <algorithm>
#include <set>

Outcome outcome_of(const Run& run) {
    std::vector<Outcome> outcomes;
    for (const ImageRun& image : run.images)
        outcomes.push_back(image.verdict ? image.verdict->outcome : Outcome::unknown);
    return judge_run(outcomes);
}

bool is_unknown(const ImageRun& image) {
    return !image.verdict || image.verdict->outcome == Outcome::unknown;
}

bool fails_contract(const ImageRun& image) {
    return image.contract && !image.contract->passed();
}

bool is_contract_broken(const Run& run) {
    return std::ranges::any_of(run.images, fails_contract);
}

Date decision_day(const Run& run) {
    const auto judged =
        std::ranges::find_if(run.images, [](const ImageRun& image) { return image.verdict.has_value(); });
    return day_of(judged == run.images.end() ? run.finished : judged->verdict->decided);
}

bool has_stand_in_bases(const Run& run) {
    return std::ranges::any_of(run.bases, &UsedBase::stand_in) ||
           std::ranges::any_of(run.images,
                               [](const ImageRun& image) { return image.verdict && image.verdict->stand_in_bases; });
}

bool has_sample_data(const Run& run) {
    return std::ranges::any_of(run.images,
                               [](const ImageRun& image) { return image.verdict && image.verdict->sample_data; });
}

std::vector<ScannerPause> pauses_of(const Run& run) {
    std::vector<ScannerPause> pauses;
    std::set<std::pair<Scanner, Place>> known;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const ScannerPause& pause : image.verdict->paused) {
            if (known.emplace(pause.scanner, pause.at).second) pauses.push_back(pause);
        }
    }
    return pauses;
}

Counts count_findings(const ImageRun& image) {
    if (!image.verdict) return {};
    const std::size_t pre_existing = image.verdict->pre_existing.size();
    return {.blocking = image.verdict->blocking.size(),
            .pre_existing = pre_existing,
            .waived = image.verdict->waived.size(),
            .reported = image.verdict->reported.size() - pre_existing};
}
