// Moving what the scanners' own ignore files accept into the policy, where every entry has a reason, an owner and a
// day.
#pragma once

#include <string>

#include "base/date.h"
#include "base/error.h"

/// The files that say what is accepted, as texts. An empty one is not there.
struct PolicyFiles {
    std::string policy = {};
    std::string trivyignore = {};
    std::string trivyignore_yaml = {};
    std::string grype_yaml = {};

    bool operator==(const PolicyFiles&) const = default;
};

/// Adds the entries of the scanners' files to the policy's exceptions, as far as a policy can say the same
/// (render_moved_waiver: they then count for both scanners), and takes them out of their files. Comments, and what the
/// policy says already, stay as they are. A file of YAML moves as a whole or not at all. `said` receives what could not
/// be moved, with its line. Throws Error{bad_input} for a file that cannot be read.
PolicyFiles migrate_waivers(const PolicyFiles& files, const std::string& policy_name, Date today, Problems& said);
