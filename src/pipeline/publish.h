// The publish stage: exactly the images that were built, scanned and judged.
#pragma once

#include <functional>
#include <vector>

#include "contract/contract.h"
#include "pipeline/destination.h"
#include "pipeline/project.h"
#include "pipeline/result.h"
#include "report/run.h"
#include "system/timings.h"

/// How a publication ended.
struct Published {
    PublicationState state;
    Result result;
};

/// Preflight before anything is built, where this run will publish to a named place: whether it lets us push, and
/// whether what is already published allows this version. Throws Error{failed} or Error{refused} if not.
void try_publication(const World& world, const Settings& settings, const Project& project);

Published publish_images(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                         const std::vector<ContractReport>& contracts);

/// Executes it, or with --dry-run prints it. out/publication.json says what was to be done and, after every step,
/// how far it is. A refusal and a failure are values: the result's problems begin with what is visible by then. Only a
/// cancellation is thrown on.
Published execute_publication(const World& world, const Settings& settings, const Publication& publication,
                              const PublicationSources& sources, Destination& destination, TimedStep& step);

/// What is thrown by `work` begins with that nothing visible changed: no tag is written there.
void before_anything_is_visible(const std::function<void()>& work);
