// The matrices of the sibling repositories, defra-docker-node and defra-docker-dotnetcore (facts: defra-pipeline.md
// §2).
#pragma once

#include <optional>

#include "base/json.h"

/// If the rows are those of a sibling: one problem that says so, on the line that gave it away, with what works for it
/// and what does not. A matrix in which any row has a pythonVersion is ours, whatever else stands in it.
std::optional<Problem> recognise_sibling(const LinedJson& json);
