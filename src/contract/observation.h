// One row of the contract: a check, and how its result follows from the facts. The rows are grouped by what they are
// about.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "contract/facts.h"

/// Which images a row applies to.
enum class AppliesTo {
    all,
    production,
    distroless,
    with_debian,  ///< development, and production on slim
    development
};

struct Observation {
    bool passed = false;
    std::string expected;
    std::string found;
};

using Observe = std::function<Observation(const ImageFacts& facts, const Limits& limits)>;

struct RowRule {
    std::string id;  ///< stable: contract files name it
    std::string check;
    Observe observe;
    AppliesTo applies_to = AppliesTo::all;
};

std::vector<RowRule> configuration_rows();
std::vector<RowRule> running_rows();
std::vector<RowRule> file_rows();
std::vector<RowRule> trust_rows();

Observation compare(const std::string& expected, const std::string& found);

/// Nothing of a kind should be there; the first five that are there are named.
Observation expect_none(const std::vector<std::string>& found);

/// "a, b, c, d, e and 12 more"
std::string render_some(const std::vector<std::string>& names);

/// A probe's answer; or, in `error`, why there is none.
ProbeAnswer answer_of(const ContainerRun& run, const std::string& probe);

/// The probe answered exactly these values.
Observation expect_values(const ContainerRun& run, const std::string& probe, const std::vector<std::string>& expected);

// Rows that need nothing but the answer of one probe, by default of the image's Python.

/// It is exactly these values.
Observe probe_answers(const std::string& probe, const std::vector<std::string>& expected,
                      ContainerRun ImageFacts::*run = &ImageFacts::python);
/// It is no error. `expected` says in words what the values are.
Observe probe_succeeds(const std::string& probe, const std::string& expected);
/// It is values as "name=value", and none of them is Python's None.
Observe probe_finds_all(const std::string& probe, const std::string& expected);
/// It is no value at all.
Observe probe_finds_none(const std::string& probe);
