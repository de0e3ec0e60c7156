// The check stage: what can be wrong without anything being built.
#pragma once

#include <string>
#include <vector>

#include "oci/layout.h"
#include "pipeline/project.h"

/// Support ends, Dockerfile and README against the matrix, certificates, pins, security upgrades (check_upgrades for
/// these layouts), and for a pull request what it changes against the last release.
Problems check_project(const World& world, const Settings& settings, const Project& project,
                       const std::vector<Layout>& layouts = {});

/// The README as the work tree spells it: "README.md", "Readme.md", …. Empty if there is none.
std::string find_readme(const World& world);

/// Entries of image/security-upgrades.txt that cannot work, whatever is built, and those that these images do not need,
/// as Trivy's reports in out/scans show. Throws Error{bad_input} if the file cannot be parsed.
Problems check_upgrades(const World& world, const Settings& settings, const Project& project,
                        const std::vector<Layout>& layouts);

/// What a pull request changes against the last release: whether DEFRA_VERSION has to be raised and how far, what would
/// be published, and which new risks would be accepted. Empty if this is not a pull request or there is no token. If
/// the release cannot be read: one warning, no failure.
Problems compare_with_release(const World& world, const Settings& settings, const Project& project);
