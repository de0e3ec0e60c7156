// What a bake that failed said, for people.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// What went wrong, from the end of bake's plain progress output: the failed step with what it printed, at its line of
/// the Dockerfile if bake names one; else bake's last ERROR.
Problem parse_bake_failure(std::string_view progress, const std::string& dockerfile);

/// True if it was the network, so that the same bake may do better a little later (registry.md §6): 429, 5xx, a reset,
/// a time-out. A step of the Dockerfile that failed is never that, whatever it printed.
bool is_network_fault(std::string_view progress);
