// The tracking issue among a repository's issues: found, opened, updated, closed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "github/api.h"
#include "report/tracking.h"

namespace github {

/// One of our own: with our label, which outsiders cannot give, our marker in its body, and written by the user that
/// the token speaks for.
struct TrackingIssue {
    std::int64_t number = 0;
    bool open = false;
    std::string url;  ///< in the browser
    TrackingState state;
};

struct TrackingIssues {
    std::optional<TrackingIssue> open;       ///< the lowest number: of two, the later one is a duplicate
    std::optional<TrackingIssue> closed;     ///< the one that was closed last
    std::vector<std::int64_t> duplicates{};  ///< numbers of the other open ones
};

/// Throws make_refusal: 410 where issues are switched off.
TrackingIssues load_tracking_issues(Api& api);

/// Does what was planned, and closes duplicates; the label is made if it is missing. Two runs at once end with one open
/// issue. Returns its URL; empty if none is open then. Throws make_refusal.
std::string carry_out(Api& api, const TrackingPlan& plan, const TrackingIssues& issues);

/// When what is published was last scanned with a result: as the tracking issue has it, or when code scanning was last
/// given findings of this branch, whichever is later. Nothing if GitHub says neither, for whatever reason.
std::optional<Time> load_last_good(Api& api, const std::string& branch);

}  // namespace github
