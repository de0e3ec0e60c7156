// What code scanning knows an alert and an analysis by, through every new version of an image.
#pragma once

#include <string>

#include "findings/finding.h"
#include "plan/plan.h"

/// The category is stable: equal for push, pull request and nightly, and across every bump of a patch version:
/// "images/3.13/production/linux-amd64/". The whole version stands in it only where two rows of the matrix share a
/// minor version.
std::string make_category(const Plan& plan, const Image& image, const std::string& platform);
/// One notice per minor version that two rows share: their alerts start again with each patch version.
Problems check_categories(const Plan& plan);

/// What an alert is recognised by, "<16 hex digits>:1": the finding's key and the category, free of versions and
/// digests (sarif.md §5).
std::string make_fingerprint(const Finding& finding, const std::string& category);
