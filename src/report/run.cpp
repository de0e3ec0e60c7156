#include "report/run.h"

#include <algorithm>
#include <set>

namespace {

std::size_t count_images(const Run& run, bool (*counts)(const ImageRun&)) {
    return static_cast<std::size_t>(std::count_if(run.images.begin(), run.images.end(), counts));
}

bool has_pre_existing(const ImageRun& image) {
    return image.change && !image.change->pre_existing.empty();
}
/// Rows without a result do not break a contract, but they do not keep it either: nothing tested is nothing known.
bool fails_contract(const ImageRun& image) {
    return image.contract && !image.contract->passed();
}

}  // namespace

Outcome outcome_of(const Run& run) {
    std::vector<Verdict> verdicts;  // without their findings: judge_run asks for the outcomes only
    for (const ImageRun& image : run.images) {
        if (!image.verdict) return Outcome::unknown;
        verdicts.push_back(
            {.name = image.name, .manifest = image.verdict->manifest, .outcome = image.verdict->outcome});
    }
    return judge_run(verdicts);
}

bool is_contract_broken(const Run& run) {
    return count_images(run, fails_contract) > 0;
}

Date decision_day(const Run& run) {
    const auto judged = std::find_if(run.images.begin(), run.images.end(),
                                     [](const ImageRun& image) { return image.verdict.has_value(); });
    return day_of(judged == run.images.end() ? run.finished : judged->verdict->decided);
}

bool has_stand_in_bases(const Run& run) {
    return std::any_of(run.bases.begin(), run.bases.end(), [](const UsedBase& base) { return base.stand_in; }) ||
           count_images(run, [](const ImageRun& image) { return image.verdict && image.verdict->stand_in_bases; }) > 0;
}

bool has_sample_data(const Run& run) {
    return count_images(run, [](const ImageRun& image) { return image.verdict && image.verdict->sample_data; }) > 0;
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

bool is_pre_existing(const ImageRun& image, const Finding& finding) {
    return has_pre_existing(image) && image.change->pre_existing.contains(finding.key());
}

Counts count_findings(const ImageRun& image) {
    if (!image.verdict) return {};
    const std::vector<Finding>& reported = image.verdict->reported;
    const std::size_t pre_existing = static_cast<std::size_t>(std::count_if(
        reported.begin(), reported.end(), [&](const Finding& finding) { return is_pre_existing(image, finding); }));
    return {.blocking = image.verdict->blocking.size(),
            .pre_existing = pre_existing,
            .waived = image.verdict->waived.size(),
            .reported = reported.size() - pre_existing};
}
