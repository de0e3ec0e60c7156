// What may ship and which risks are accepted: vulnerability-policy.yml (docs/policy.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/error.h"
#include "findings/finding.h"

struct Gate {
    Severity severity = Severity::medium;          ///< findings from this severity on block …
    bool only_fixed = true;                        ///< … if there is a fix
    Severity unknown_severity = Severity::medium;  ///< what a finding without any rating counts as
    bool publish_no_worse = false;                 ///< gate.publish: no-worse
    bool new_only = false;                         ///< gate.pull_requests: new-only

    bool operator==(const Gate&) const = default;
};

/// Findings in these places block only from `gate_from` on.
struct Scope {
    std::string id;
    std::vector<std::string> paths;  ///< globs on the whole path: ** any, * within a segment, ? one character
    std::vector<std::string> packages;
    std::vector<std::string> targets;  ///< "development", "production"; empty: both
    Severity gate_from = Severity::critical;
    std::string reason;
    std::optional<Date> review_by;  ///< holds through this day (UTC)
    Place at;
};

/// One accepted risk: an entry of `exceptions:`.
struct Waiver {
    std::string id;
    std::vector<std::string> aliases;
    std::string package;  ///< empty: any
    std::string package_version;
    std::vector<std::string> paths;  ///< globs; empty: any
    int line = 0;                    ///< only the secret that begins in this line of its file; 0: any
    std::vector<std::string> targets;
    std::string reason;
    std::string owner;
    std::optional<Date> added;
    std::optional<Date> review_by;    ///< holds through this day (UTC)
    bool until_base_rebuilt = false;  ///< until: base-rebuilt
    Place at;

    bool operator==(const Waiver&) const = default;
};

/// What render_waiver() writes where a person has to put a name; parse_policy() warns while it stands there.
inline constexpr const char* owner_placeholder = "your name or team";

/// A scanner that must be off for a while.
struct ScannerPause {
    Scanner scanner = Scanner::trivy;
    std::string reason;
    std::string owner;
    Date until;
    Place at;
};

struct Policy {
    std::string file;
    Gate gate;
    std::vector<Scope> scopes;
    std::vector<Waiver> waivers;
    std::vector<ScannerPause> pauses;
};

/// The policy file. Throws Error{bad_input} with every error and its line; `warnings` receives what is
/// readable but incomplete (an owner that is still to be named).
Policy parse_policy(std::string_view yaml, const std::string& file, Problems& warnings);

/// An entry for `exceptions:` of vulnerability-policy.yml, ready to paste: for this vulnerability in this package at
/// this path, for 30 days from today. The owner is left for a person to write.
std::string render_waiver(const Finding& finding, Date today);

/// The same for an entry that stood in a scanner's own ignore file.
std::string render_moved_waiver(Waiver waiver, Date today);

// Which findings an entry covers, also after it has ended: judge() asks whether it has.

/// Whether the waiver covers the finding in an image of this target.
bool covers_finding(const Waiver& waiver, const Finding& finding, const std::string& target);

/// Each of paths, packages and targets that the scope names has to fit; of the finding's paths one is enough.
bool covers_place(const Scope& scope, const Finding& finding, const std::string& target);

/// Whether an entry's last day is over. One without a last day never ends by itself.
bool has_ended(const std::optional<Date>& last_day, Date today);

/// Whether a waiver "until: base-rebuilt" has waited long enough: a newer base is there, or is already built on.
bool is_ended_by_base(const Waiver& waiver, bool base_rebuilt, const std::optional<Time>& base_created);

/// True if the glob matches the whole path: ** any characters, * within a segment, ? one; nothing else is special.
/// Takes time in proportion to the lengths of both, whatever the pattern.
bool matches_glob(std::string_view glob, std::string_view path);
