// The judge stage: from the reports in out/scans to one verdict per image.
#pragma once

#include <vector>

#include "oci/layout.h"
#include "pipeline/baseline.h"
#include "pipeline/project.h"
#include "verdict/verdict.h"

/// One verdict per layout, from out/scans; also written to out/verdicts, which holds nothing else then. The baseline is
/// for the gate of pull requests.
std::vector<Verdict> judge_images(const World& world, const Settings& settings, const Project& project,
                                  const std::vector<Layout>& layouts, const Baseline& baseline = {});

/// The verdicts in out/verdicts about these layouts. Throws if one is missing.
std::vector<Verdict> load_verdicts(const World& world, const Settings& settings, const std::vector<Layout>& layouts);
