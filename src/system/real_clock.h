// The machine's clock.
#pragma once

#include "system/clock.h"

struct RealClock : Clock {
    Time now() override;
    std::chrono::milliseconds steady() override;
    void sleep(std::chrono::milliseconds duration) override;
};
