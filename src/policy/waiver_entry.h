// An exception as a person can paste it into vulnerability-policy.yml.
#pragma once

#include <string>

#include "base/date.h"
#include "findings/finding.h"
#include "policy/policy.h"

/// An entry for `exceptions:` of vulnerability-policy.yml, ready to paste: for this vulnerability in this package at
/// this path, for 30 days from today. The owner is left for a person to write.
std::string render_waiver(const Finding& finding, Date today);

/// The same for an entry that stood in a scanner's own ignore file.
std::string render_moved_waiver(Waiver waiver, Date today);
