// The scan stage: both scanners on the very bytes of every image, reports and receipts in out/scans. And the judge
// stage: from these to one verdict per image.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "pipeline/project.h"
#include "verdict/verdict.h"

/// Updates the scanners' databases, unless a directory with them was given. Reports nothing: scan_images tries again
/// and reports what failed.
void fetch_databases_early(const World& world, const Settings& settings);

/// Scans with both scanners. A scan that failed is in its receipt, not thrown.
void scan_images(const World& world, const Settings& settings, const Project& project,
                 const std::vector<Layout>& layouts);

/// Scans the SBOMs in out/scans again with today's databases. Returns the names of the images that could be scanned
/// this way: nothing was pulled for them.
std::vector<std::string> rescan_images(const World& world, const Settings& settings, const Project& project,
                                       const std::vector<Layout>& layouts);

/// An image here and its scans in out/scans, to be judged. What only the matrix knows, its target and base, is not set.
Subject make_subject(const World& world, const Settings& settings, const Layout& layout);
/// The same for an image that only the receipts of its scans name; there is at least one.
Subject make_subject(const std::string& name, std::vector<ScanResult> scans);

/// One verdict per layout, from out/scans; also written to out/verdicts, which holds nothing else then. `published` is
/// the verdict on what an image would replace, by our image's name: for the gate of pull requests.
std::vector<Verdict> judge_images(const World& world, const Settings& settings, const Project& project,
                                  const std::vector<Layout>& layouts,
                                  const std::map<std::string, Verdict>& published = {});

/// The verdicts in out/verdicts about these layouts. Throws if one is missing.
std::vector<Verdict> load_verdicts(const World& world, const Settings& settings, const std::vector<Layout>& layouts);
