// `publish --rollback-to VERSION`: the moving tags go back to a version that is out. Nothing is built, stored or
// judged.
#pragma once

#include "pipeline/result.h"
#include "pipeline/settings.h"
#include "system/world.h"

/// Needs --to and --reason; may only happen where this run may publish. out/publication.json records the reason.
Result roll_back(const World& world, const Settings& settings);
