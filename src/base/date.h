// Days and seconds in UTC, as they are written in files: 2026-11-23 and 2026-11-23T17:50:00Z (RFC 3339).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

using Date = std::chrono::sys_days;
using Time = std::chrono::sys_seconds;

std::optional<Date> parse_date(std::string_view text);  ///< only real days: 2026-02-30 is nothing
std::string render_date(Date date);

/// RFC 3339 with Z or an offset; fractions of a second are cut off.
std::optional<Time> parse_time(std::string_view text);
std::string render_time(Time time);

inline Date day_of(Time time) {
    return std::chrono::floor<std::chrono::days>(time);
}

/// RFC 9110 §5.6.7, the form that servers write: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Time> parse_http_date(std::string_view text);
