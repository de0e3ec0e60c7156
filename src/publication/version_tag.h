// Version tags of images that are published: "1.0.0-python3.13.3".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/version.h"

struct VersionTag {
    Version version;  ///< DEFRA_VERSION
    Version python;
};

/// Nothing for any other tag.
std::optional<VersionTag> parse_version_tag(const std::string& tag);

/// Of these tags the one that DEFRA_VERSION `version` was published under for the minor version of Python that
/// `python_version` ("3.13.3") belongs to; of several patches the highest.
std::optional<std::string> find_version_tag(const std::vector<std::string>& tags, const std::string& version,
                                            const std::string& python_version);

/// Of these tags the one of the image that a version newer than `ours` published under `moving_tag`: of the newest
/// version (but not above `limit`) for the same minor version of Python. Where `moving_tag` does not contain a minor
/// version ("latest"), the newer version may have given it to another one: then the highest.
std::optional<std::string> find_newer_version_tag(const std::vector<std::string>& tags, const VersionTag& ours,
                                                  const std::string& moving_tag,
                                                  const std::optional<Version>& limit = std::nullopt);
