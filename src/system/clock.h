// The time, and waiting.
#pragma once

#include <chrono>

#include "base/date.h"

struct Clock {
    virtual ~Clock() = default;
    virtual Time now() = 0;                             ///< UTC
    virtual std::chrono::milliseconds steady() = 0;     ///< for durations
    virtual void sleep(std::chrono::milliseconds) = 0;  ///< throws Error{cancelled} if the run is cancelled meanwhile
};

/// The machine's.
struct RealClock : Clock {
    Time now() override;
    std::chrono::milliseconds steady() override;
    void sleep(std::chrono::milliseconds duration) override;
};
