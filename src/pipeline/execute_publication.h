// Executes a planned publication: prints, records and reports it, however it ends.
#pragma once

#include <functional>

#include "pipeline/destination.h"
#include "pipeline/result.h"
#include "report/run.h"
#include "system/timings.h"

inline constexpr const char* run_again_hint =
    "run it again (in a workflow: press Re-run failed jobs): what is right already is left alone";

/// How a publication ended. A refusal is a value: result.exit and result.problems then say why, after what is visible
/// by now.
struct Published {
    Publication publication;
    PublicationState state;
    Result result;
};

/// Executes it, or with --dry-run prints it. out/publication.json says what was to be done and, after every step,
/// how far it is. A refusal and a failure are values: the result's problems begin with what is visible by then. Only a
/// cancellation is thrown on.
Published execute_publication(const World& world, const Settings& settings, const Publication& publication,
                              const PublicationSources& sources, Destination& destination, TimedStep& step);

/// What is thrown by `work` begins with that nothing visible changed: no tag is written there.
void before_anything_is_visible(const std::function<void()>& work);
