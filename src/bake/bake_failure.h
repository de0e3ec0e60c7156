// What a bake that failed said, for people.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// What went wrong, from the end of bake's plain progress output: the failed step with what it printed, or bake's last
/// ERROR; at the line of the Dockerfile that bake names. `outputs` is the directory that bake wrote to.
Problem parse_bake_failure(std::string_view progress, const std::string& dockerfile, const std::string& outputs);

/// True if it was the network, so that the same bake may do better a little later (registry.md §6): 429, 5xx, a reset,
/// a time-out. A step of the Dockerfile that failed, or a Dockerfile that cannot be
/// parsed, is never that, whatever was printed.
bool is_network_fault(std::string_view progress);
