// What may ship and what is accepted: vulnerability-policy.yml and the scanners' own ignore files (facts: scanners.md
// §1, §2, §7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/error.h"
#include "verdict/finding.h"

struct Gate {
    Severity severity = Severity::medium;  ///< findings from this severity on block …
    bool only_fixed = true;                ///< … if there is a fix
    bool publish_no_worse = false;         ///< gate.publish: no-worse
    bool new_only = false;                 ///< gate.pull_requests: new-only

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

/// One accepted risk, whatever file it stands in.
struct Waiver {
    std::string id;
    std::vector<std::string> aliases;
    std::string package;  ///< empty: any
    std::string package_version;
    std::string package_type;
    std::vector<std::string> paths;  ///< globs; empty: any
    std::vector<std::string> targets;
    std::vector<std::string> purls;   ///< as .trivyignore.yaml has them
    std::string fix_state;            ///< as .grype.yaml has it; empty: any
    std::optional<FindingKind> kind;  ///< empty: any
    bool include_aliases = true;  ///< `id` may also be an alias; false in the scanners' own files unless they say so
    std::string name_space;       ///< as .grype.yaml has it, like the next three; empty: any
    std::string upstream;
    std::string language;
    std::string match_type;
    std::string reason;
    std::string owner;
    std::optional<Date> added;
    std::optional<Date>
        review_by;  ///< holds through this day (UTC); then it stops applying. A dateless one is reported.
    bool until_base_rebuilt = false;  ///< until: base-rebuilt
    std::optional<Scanner> only_for;  ///< entries of a scanner's own file apply to that scanner's sightings only
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

/// The policy file. Throws Error{bad_input} with every mistake and its line; `warnings` receives what is odd but
/// readable (an owner that is still to be named).
Policy parse_policy(std::string_view yaml, const std::string& file, Problems& warnings);

// The scanners' own files, read exactly as their tools read them (scanners.md §1, §2) and applied by us.
std::vector<Waiver> parse_trivyignore(std::string_view text, const std::string& file, Problems& warnings);
std::vector<Waiver> parse_trivyignore_yaml(std::string_view text, const std::string& file, Problems& warnings);
std::vector<Waiver> parse_grype_yaml(std::string_view text, const std::string& file, Problems& warnings);
