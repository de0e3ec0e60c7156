// The findings of all images as one list: what two images share is one row.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "report/run.h"

/// Pre-existing: would block, but the published image has it too (gate.pull_requests: new-only).
enum class FindingState { blocking, pre_existing, waived, reported };
std::string render_state(FindingState state);  ///< "blocks", "pre-existing", "accepted", "not gated"
inline constexpr std::array finding_states = {FindingState::blocking, FindingState::pre_existing, FindingState::waived,
                                              FindingState::reported};
std::size_t& count_of(Counts& counts, FindingState state);
std::string class_of(FindingState state);  ///< for the page's style and filter: "blocking", "pre-existing", …

/// One finding in one or more images. It looks into the Run it was gathered from, which has to live on.
struct FindingRow {
    const Finding* finding = nullptr;
    FindingState state = FindingState::reported;
    const Waiver* waiver = nullptr;  ///< only if waived
    const Remedy* remedy = nullptr;  ///< none: there is no advice
    std::vector<const ImageRun*> images;

    bool blocks() const { return state == FindingState::blocking; }
};

/// What to do about it, or why, by whom and until when it is accepted: "not called (platform team, until 2026-12-01)";
/// empty: there is no advice.
std::string render_decision(const FindingRow& row);

/// The findings of one image: blocking, then waived, then the others.
std::vector<FindingRow> findings_of(const ImageRun& image, std::optional<FindingState> only = {});

/// One row per finding, state and remedy over all images; what blocks first, then by severity, id, package and path.
/// `only`: those in this state.
std::vector<FindingRow> gather_findings(const Run& run, std::optional<FindingState> only = {});

/// "all images", or their names; platforms only where a name stands for several.
std::string render_images(const std::vector<const ImageRun*>& images, const Run& run);
