// What a pull request changes against the last release.
#pragma once

#include "pipeline/project.h"

/// Whether DEFRA_VERSION has to be raised and how far, what would be published, and which new risks would be accepted.
/// Empty if this is not a pull request or there is no token. If the release cannot be read: one warning, no failure.
Problems compare_with_release(const World& world, const Settings& settings, const Project& project);
