// What a change means for the published version, reported before it is merged: whether DEFRA_VERSION has to be raised,
// and how far.
#pragma once

#include <map>
#include <string>

#include "publication/record.h"

/// Warnings on the line of DEFRA_VERSION. `released` was published as `version`; `inputs` is what goes into each
/// planned image now, by its name. The rule (the repository's README): new features, another Python or Debian are a
/// minor version; what people who build on the images have to follow (a Python minor version goes, a repository is
/// renamed) is a major one.
Problems check_version(const Plan& plan, const std::map<std::string, Digest>& inputs, const PublicationRecord& released,
                       const std::string& version);
