// What a change adds: the verdict of what is published beside the verdict of now, both by today's databases.
#pragma once

#include <optional>
#include <vector>

#include "verdict/verdict.h"

struct Comparison {
    std::vector<Finding> gone;
    std::vector<Finding> added;
};

/// The size of an image according to its scans.
ImageSize size_of(const Verdict& verdict);

/// By key: a package's new version with the old vulnerability is neither gone nor added.
Comparison compare_verdicts(const Verdict& published, const Verdict& now);

/// The verdict when only what the change adds may block: what was in the published image already is reported instead.
/// Without a published verdict, or with an unknown one, all findings count. An unknown verdict stays unknown.
Verdict block_only_new(Verdict now, const std::optional<Verdict>& published);

/// gate.publish: no-worse. True if everything that blocks now blocks in the published image too; never true where one
/// of the two is unknown.
bool is_no_worse(const Verdict& published, const Verdict& now);
