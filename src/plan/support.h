// The dated table of what Python's and Debian's makers still support, for plan/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"

struct DebianSuite {
    std::string name;                     ///< "bookworm"
    int number = 0;                       ///< 12
    Date security_ends;                   ///< last day of Debian's own security support
    Date lts_ends;                        ///< last day of the volunteers' long-term support
    std::optional<Date> distroless_ends;  ///< last day of gcr.io/distroless/*-debian<number>; nothing: not announced
};

std::optional<DebianSuite> find_suite(std::string_view name);
std::optional<DebianSuite> find_suite(int number);
