// Published versions: their tags, "1.0.0-python3.13.3", and how far DEFRA_VERSION has to follow what is published.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/version.h"
#include "publication/publication.h"

struct VersionTag {
    Version version;  ///< DEFRA_VERSION
    Version python;
};

/// Nothing for any other tag.
std::optional<VersionTag> parse_version_tag(const std::string& tag);

/// Of these tags the one of the image that a version newer than `ours` published under `moving_tag`: of the newest
/// version (but not above `limit`) for the same minor version of Python. Where `moving_tag` does not contain a minor
/// version ("latest"), the newer version may have given it to another one: then the highest.
std::optional<std::string> find_newer_version_tag(const std::vector<std::string>& tags, const VersionTag& ours,
                                                  const std::string& moving_tag,
                                                  const std::optional<Version>& limit = std::nullopt);

/// Warnings on the line of DEFRA_VERSION. `released` was published as `version`; `inputs` is what goes into each
/// planned image now, by its name. The rule (the repository's README): new features, another Python or Debian are a
/// minor version; what people who build on the images have to follow (a Python minor version goes, a repository is
/// renamed) is a major one.
Problems check_version(const Plan& plan, const std::map<std::string, Digest>& inputs, const PublicationRecord& released,
                       const std::string& version);
