// What the rows share: saying what was expected and found. Used by the rows only.
#pragma once

#include <string>
#include <vector>

#include "contract/rows.h"

std::vector<RowRule> configuration_rows();
std::vector<RowRule> python_rows();
std::vector<RowRule> behaviour_rows();
std::vector<RowRule> tool_rows();
std::vector<RowRule> file_rows();
std::vector<RowRule> package_rows();
std::vector<RowRule> trust_rows();

Observation compare(const std::string& expected, const std::string& found);

/// Nothing of a kind should be there; the first five that are there are named.
Observation expect_none(const std::vector<std::string>& found);

/// "a, b, c, d, e and 12 more"
std::string render_some(const std::vector<std::string>& names);

/// What a probe said; or, in `error`, why it said nothing.
ProbeAnswer answer_of(const ContainerRun& run, const std::string& probe);

/// The probe said exactly these values.
Observation expect_values(const ContainerRun& run, const std::string& probe, const std::vector<std::string>& expected);

/// The probe met no error; its answer is shown.
Observation expect_success(const ContainerRun& run, const std::string& probe, const std::string& expected);
