// The commands. Each is one file of its own name, which reads from top to bottom; none calls another one. What two of
// them need is a stage of the pipeline (src/pipeline/).
#pragma once

#include "pipeline/result.h"
#include "pipeline/settings.h"
#include "system/world.h"

Result run_check(const World& world, const Settings& settings);
Result run_matrix(const World& world, const Settings& settings);
Result run_build(const World& world, const Settings& settings);
Result run_test(const World& world, const Settings& settings);
Result run_scan(const World& world, const Settings& settings);
Result run_judge(const World& world, const Settings& settings);
Result run_explain(const World& world, const Settings& settings);
Result run_publish(const World& world, const Settings& settings);
Result run_fetch(const World& world, const Settings& settings);
Result run_release(const World& world, const Settings& settings);
Result run_nightly(const World& world, const Settings& settings);
Result run_all(const World& world, const Settings& settings);
