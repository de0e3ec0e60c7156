// What a pull request does to the published images, as the rows of tables.
#pragma once

#include <string>
#include <vector>

#include "report/run.h"

/// One row, in one or more images. It looks into the Run it was gathered from, which has to live on.
struct ChangeRow {
    std::vector<std::string> cells;  ///< plain text, not escaped
    std::vector<const ImageRun*> images;
};

/// For each image that was compared: the digest of the published one, the two sizes, how many packages, findings and
/// rows of the contract are not the same. "–" for what could not be compared.
std::vector<ChangeRow> gather_changes(const Run& run);

/// Package, type, version before, version now, "–" where there is none; what several images have in common is one row.
/// Sorted by type and name; what a program was compiled from (crates) comes last, because it may be much.
std::vector<ChangeRow> gather_package_changes(const Run& run);

/// Check, name of the row, result before, result now; again what several images have in common is one row.
std::vector<ChangeRow> gather_contract_changes(const Run& run);
