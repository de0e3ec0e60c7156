// Images that the user names in place of those of the matrix: in a registry, or as a layout on disk. No file of this
// repository is needed for them but the policy, if there is one.
#pragma once

#include <string>
#include <vector>

#include "oci/layout.h"
#include "pipeline/project.h"
#include "verdict/verdict.h"

struct GivenImage {
    Layout layout;
    std::string reference;  ///< for people: "docker.io/defradigital/python@sha256:…", or the layout's directory
};

/// The text as the name of a directory: a hyphen replaces every character that some system does not allow.
std::string directory_name(std::string text);

/// True if --reference or --layout names any.
bool names_images(const Settings& settings);

/// Fetches what --reference names into layouts in out/fetched, each blob once, for every platform. Throws
/// Error{bad_input} with all that are not references; Error{failed} for what cannot be had.
std::vector<GivenImage> fetch_references(const World& world, const Settings& settings, Problems& warnings);

/// The same, and what lies in --layout.
std::vector<GivenImage> load_given_images(const World& world, const Settings& settings, Problems& warnings);

/// One verdict for each, from out/scans, which is filled first.
std::vector<Verdict> scan_given_images(const World& world, const Settings& settings, const Project& project,
                                       const std::vector<GivenImage>& images);
