// Which commit this is, and when what goes into the images last changed.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "system/world.h"

/// The commit of the work tree; empty if this is no git checkout, or git is not there.
std::string load_revision(const World& world);

/// When a commit last touched one of these paths: what SOURCE_DATE_EPOCH is set to, so that a README edit changes no
/// image. The variable SOURCE_DATE_EPOCH wins. Without git: 1970-01-01, which is at least the same every time. A
/// shallow clone may end before that commit: then the date is its oldest commit's, with a warning.
Time load_source_date(const World& world, const std::vector<std::string>& paths, Problems& warnings);
