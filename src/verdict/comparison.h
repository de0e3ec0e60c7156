// What a change adds: the verdict of what is published beside the verdict of now, both by today's databases.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "verdict/verdict.h"

struct Comparison {
    std::vector<Finding> gone;
    std::vector<Finding> added;
};

/// The size of an image according to its scans.
ImageSize size_of(const Verdict& verdict);

/// Of all findings, whatever became of them.
std::set<std::string> finding_keys(const Verdict& verdict);

/// By key: a package's new version with the old vulnerability is neither gone nor added.
Comparison compare_verdicts(const Verdict& published, const Verdict& now);

/// gate.publish: no-worse. True if everything that blocks now blocks in the published image too; never true where one
/// of the two is unknown.
bool is_no_worse(const Verdict& published, const Verdict& now);
