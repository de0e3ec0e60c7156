// The nightly scan's one issue: what to do with it after a scan, decided from the state in its body and the findings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/run.h"

/// How the issue is recognised among others: hidden in its body.
inline constexpr const char* tracking_marker = "<!-- python-image-action:tracking -->";
inline constexpr const char* tracking_label = "python-image-action";

/// The state that it keeps from one scan to the next, hidden in its body too.
struct TrackingState {
    std::vector<std::string> known;  ///< what blocked in the last scan with a result: brief hashes of keys, sorted
    int unknown_nights = 0;          ///< in a row, up to now
    std::optional<Time> last_good;   ///< when a scan last had a result, clean or vulnerable

    bool operator==(const TrackingState&) const = default;
};

/// One line, an HTML comment. What a feed may have put into a key cannot end it.
std::string render_tracking_state(const TrackingState& state);
/// What stands in an issue's body. Nothing if that is not one of ours; an empty state if it was damaged.
std::optional<TrackingState> parse_tracking_state(const std::string& body);

enum class TrackingAction { leave_alone, create, update, close };

struct TrackingPlan {
    TrackingAction action = TrackingAction::leave_alone;
    std::string title;
    std::string body;
    std::string comment;        ///< empty: none, so that no one is notified twice
    std::vector<Finding> news;  ///< blocks now, and did not in the last scan with a result
    TrackingState state;
};

/// `open`: the state of the open issue, if there is one. `remembered`: of the newest closed one. A vulnerable verdict
/// opens the issue or brings it up to date, with a comment if there is news. An unknown one keeps what was known, is
/// counted, and is reported once, in the third night. Only a clean verdict closes it, of a night in which no scanner
/// was off.
TrackingPlan plan_tracking(const Run& run, const std::optional<TrackingState>& open,
                           const std::optional<TrackingState>& remembered, const std::vector<std::string>& notify);

/// A warning for every push if what is published was not scanned for longer than a week.
std::optional<Problem> check_last_good(std::optional<Time> last_good, Time now);
