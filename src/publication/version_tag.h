// Version tags of images that are published: "1.0.0-python3.13.3".
#pragma once

#include <optional>
#include <string>
#include <vector>

/// Of these tags the one that DEFRA_VERSION `version` was published under for the minor version of Python that
/// `python_version` ("3.13.3") belongs to; of several patches the highest.
std::optional<std::string> find_version_tag(const std::vector<std::string>& tags, const std::string& version,
                                            const std::string& python_version);
