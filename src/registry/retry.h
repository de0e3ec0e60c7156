// When a request is sent again, and after how long: one layer, for everything that goes to a registry (registry.md §6).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/date.h"

namespace registry {

inline constexpr int max_attempts = 5;

/// Retry-After as whole seconds or an HTTP date, clamped to 1 … 60 s; nothing for anything else ("35.852µs" has been
/// seen).
std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& value, Time now);

/// How long to wait before the next attempt: what the server asked for, else half of 1, 2, 4, 8 … 30 s and a
/// random part of the other half, so that five attempts always outlast 7.5 s.
/// `attempt` counts those made, from 1; `random` is in [0, 1).
std::chrono::milliseconds plan_wait(int attempt, std::optional<std::chrono::milliseconds> asked_for, double random);

}  // namespace registry
