// A clock that only advances when sleep() is called.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "system/clock.h"

struct FakeClock : Clock {
    Time time = *parse_time("2026-11-23T12:00:00Z");  ///< what now() returns at the start
    std::vector<std::chrono::milliseconds> sleeps;

    Time now() override {
        const std::lock_guard lock(mutex_);
        return time + std::chrono::floor<std::chrono::seconds>(slept_);
    }
    std::chrono::milliseconds steady() override {
        const std::lock_guard lock(mutex_);
        return slept_;
    }
    void sleep(std::chrono::milliseconds duration) override {
        const std::lock_guard lock(mutex_);
        sleeps.push_back(duration);
        slept_ += duration;
    }

  private:
    std::chrono::milliseconds slept_{0};
    std::mutex mutex_;
};
