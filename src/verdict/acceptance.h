// Whether a scan counts (design: rule 1). A scan that did not happen must never read as "nothing found". Within the
// module.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "verdict/verdict.h"

/// Why this scan does not count; empty if it does. Sentences that begin with the scanner's name.
std::vector<std::string> reasons_against(const ScanResult& scan, const Subject& subject, Time now,
                                         std::chrono::hours max_database_age);

/// What a report leaves open although it counts. Sentences that begin with the scanner's name.
std::vector<std::string> limits_of(const ScanResult& scan);

/// What all scans together say about the operating system: whether they are about the same one, and whether it is
/// past its end of life, where nothing is reported any more. Adds to the verdict's reasons and warnings.
void check_system(const Subject& subject, std::size_t scanners_that_count, Time now, Verdict& verdict);

/// True if the report is about another image: then its findings are not this image's either.
bool is_about_another(const ScanResult& scan, const Subject& subject);
