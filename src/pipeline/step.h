// One line per step with the time it took: how long work shows that it lives.
#pragma once

#include <chrono>
#include <string>

#include "system/world.h"

/// Says on the log what begins, and at `end` what came of it and how long it took. A step without an end failed.
class TimedStep {
  public:
    TimedStep(const World& world, std::string name, const std::string& what);
    ~TimedStep();
    TimedStep(const TimedStep&) = delete;
    TimedStep& operator=(const TimedStep&) = delete;
    void end(const std::string& outcome);

  private:
    const World& world_;
    std::string name_;
    std::chrono::milliseconds started_;
    bool ended_ = false;
};
