// Which findings become annotations on the lines of a pull request.
#pragma once

#include "report/run.h"

/// GitHub keeps the first ten of a kind and step (actions/runner, ExecutionContext.cs).
inline constexpr std::size_t max_annotations = 10;

/// Errors for what blocks, is unknown or fails the contract, warnings of the policy; most severe first, one per
/// finding and remedy however many images have it; at most `max_annotations` of each level, the last one counting the
/// rest.
Problems make_annotations(const Run& run);
