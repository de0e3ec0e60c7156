// The report stage: collects what a run knows, and writes everything that people and code scanning read.
#pragma once

#include <string>
#include <vector>

#include "contract/contract.h"
#include "oci/layout.h"
#include "pipeline/project.h"
#include "pipeline/result.h"
#include "report/run.h"
#include "verdict/verdict.h"

/// A run with what is known before anything is judged: where and when, its policy, its files.
Run begin_run(const World& world, const Settings& settings, const Project& project);

/// Collects what is known into the value that all reports are made from.
Run gather_run(const World& world, const Settings& settings, const Project& project, const std::vector<Layout>& layouts,
               const std::vector<ContractReport>& contracts, const std::vector<Verdict>& verdicts);

/// The same for images that no matrix lists: without their row, and without advice but a waiver to paste.
Run gather_given_run(const World& world, const Settings& settings, const Project& project,
                     std::vector<Verdict> verdicts);

/// Deletes the previous run's reports, so that an interrupted run never leaves stale ones.
void forget_reports(const World& world, const Settings& settings);
/// The settings for a run about images that were named: it leaves this checkout's own reports alone, also when it
/// fails, and writes into out/other if there are any. The reports of an earlier such run are deleted.
Settings for_other_images(const World& world, Settings settings);

/// Writes out/verdict.json, verdicts/, summary.md, report.html and sarif/. Returns the summary, for make_result.
std::string save_reports(const World& world, const Settings& settings, const Run& run);

/// Exit code, annotations and outputs of a judged run, and its summary.
Result make_result(const Settings& settings, const Run& run, std::string summary);

/// All three: writes the reports, prints the table, returns the result.
Result report_run(const World& world, const Settings& settings, const Run& run);

struct Reported {
    Run run;
    Result result;
};
/// Judges what is in out/scans, writes and prints everything about it.
Reported report_verdicts(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts);

/// True if standard output is a terminal that shows colours (no-color.org: NO_COLOR switches them off).
bool wants_colour(const World& world);
