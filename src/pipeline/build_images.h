// The build stage: every image of the plan in one build graph, on bases that are pinned for the run.
#pragma once

#include "bake/bake.h"
#include "pipeline/project.h"

/// Resolves the bases (or takes the given stand-ins), records them in out/bases.json, and builds into out/images. Where
/// the last build there had the same bake file (with the digests of its bases), inputs and CA bundle, its layouts are
/// checked byte by byte and used, as BuildKit would take every step from its cache; not with --rebuild always,
/// --cache-to, or an ADD that fetches something, and not in a workflow. out/images.built notes what that build was.
/// Throws Error{bad_input} for a base without a stand-in; Error{failed} for an engine, registry or build that fails.
Built build_images(const World& world, const Settings& settings, const Project& project);
