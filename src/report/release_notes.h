// The text of a GitHub release: what is in it, what it is based on, what changed, what was accepted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "publication/publication.h"
#include "report/run.h"

/// What is known of the release before.
struct LastRelease {
    std::string version;
    std::vector<std::string> images;               ///< names: "3.13.3-production"
    std::optional<std::vector<Finding>> findings;  ///< nothing: it has no evidence
};

/// Markdown, at most 100,000 characters. Text from feeds and files is sanitized. `last` is nothing for the first
/// release.
std::string render_release_notes(const Run& run, const PublicationRecord& record,
                                 const std::optional<LastRelease>& last);
