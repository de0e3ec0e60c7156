// The build stage: every image of the plan in one build graph, on bases that are pinned for the run.
#pragma once

#include "bake/bake.h"
#include "pipeline/project.h"

/// Resolves the bases (or takes the given stand-ins), records them in out/bases.json, and builds into out/images.
/// Throws Error{bad_input} for a base without a stand-in; Error{failed} for an engine, registry or build that fails.
Built build_images(const World& world, const Settings& settings, const Project& project);
