// What the nightly run scans: the published images, as a release or the matrix names them.
#pragma once

#include <optional>
#include <vector>

#include "github/api.h"
#include "pipeline/project.h"
#include "registry/fetch.h"
#include "report/run.h"

struct NightlyTargets {
    Project project;
    std::vector<registry::FetchRequest> requests;
    std::vector<Layout> kept;       ///< what the release keeps of its images; their scans lie in out/scans
    bool released = false;          ///< a release says what was published; else the version tags of the matrix do
    std::vector<ImageRun> missing;  ///< should be published, and are not: without a verdict they are unknown
};

/// What the last release published, by digest, planned as it was then; the policy is today's. After a rollback that is
/// an earlier release: the newest of the five before that all moving tags of the last one agree with. If they agree
/// with none, each image whose moving tag names something else, or cannot be read, goes to `missing`. `client` reads
/// the tags; without one they are not looked at. Where no release says what it published, the version tags of the
/// matrix, with a warning if there is a release that should. Throws make_refusal, Error{bad_input}, Error{failed} for a
/// release whose files do not belong together.
NightlyTargets find_published(const World& world, const Settings& settings, github::Api& api,
                              std::optional<registry::Client>& client);

/// Whether the registry shows none of these images to these credentials. Docker Hub says "denied" of a repository that
/// does not exist, too. Throws Error{failed} if it does not respond.
bool is_nothing_published(registry::Client& client, const NightlyTargets& published);

/// Reads every tag and digest (HEAD; a 404 is confirmed by GET), also for what need not be pulled. An image that is not
/// in the registry any more goes to `missing`, with a warning that says so; the others are scanned all the same. Throws
/// Error{failed} if the registry does not say.
void set_missing_apart(registry::Client& client, const Settings& settings, NightlyTargets& published);
