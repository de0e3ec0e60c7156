// Which findings an exception or a scope covers, also after it has ended. Internal header.
#pragma once

#include <string>
#include <string_view>

#include "policy/policy.h"

/// Whether the waiver covers the finding in an image of this target.
bool covers_finding(const Waiver& waiver, const Finding& finding, const std::string& target);

/// Whether an entry's last day is over. One without a last day never ends by itself.
bool has_ended(const std::optional<Date>& last_day, Date today);

/// Whether a waiver "until: base-rebuilt" has waited long enough: a newer base is there, or is already built on.
bool is_ended_by_base(const Waiver& waiver, bool base_rebuilt, const std::optional<Time>& base_created);

/// Each of paths, packages and targets that the scope names has to fit; of the finding's paths one is enough.
bool covers_place(const Scope& scope, const Finding& finding, const std::string& target);

/// True if the glob matches the whole path: ** any characters, * within a segment, ? one; nothing else is special.
/// Takes time in proportion to the lengths of both, whatever the pattern.
bool matches_glob(std::string_view glob, std::string_view path);
