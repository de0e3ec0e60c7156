// Versions that are said to have a fix: which of them can be installed, and in which order they come. Internal header.
#pragma once

#include <string>
#include <string_view>

#include "findings/finding.h"

/// Negative, 0 or positive, as `a` comes before, with or after `b` in the order of the package's type: dpkg's for the
/// packages of a distribution (deb-version(7)), else number by number, a pre-release before its release.
int compare_versions(std::string_view package_type, std::string_view a, std::string_view b);

/// "3.15.0a6", "2.0.0-rc.1", "1.0.dev3". Never of a distribution's package: what a distribution ships is released.
bool is_pre_release(std::string_view package_type, std::string_view version);

/// The interpreter itself: a program that no package owns.
bool is_interpreter(const Finding& finding);

/// Whether the installed package can be updated to the fixed version. False for a pre-release, unless one is installed,
/// and for the interpreter of another minor version.
bool is_installable(const Finding& finding, std::string_view fixed);

/// The lowest version with the fix that can be installed and is above the installed one; empty if there is none.
std::string next_fix(const Finding& finding);

/// "3.15.0a6, a pre-release"; "3.13.13, not in 3.12"; "1.1.0, below the installed 1.1.1": the fixed versions of a
/// finding that next_fix finds none for.
std::string render_unusable_fix(const Finding& finding);

/// Sets the fix state of a fix that cannot be installed. The versions stay in `fixed_in`, for people.
void check_fix(Finding& finding);
