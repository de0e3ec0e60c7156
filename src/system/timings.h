// Where the time of a run goes: one line per step while it runs, and a table at its end. Tasks that run side by side
// overlap.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

struct World;

struct Timing {
    std::string step;  ///< "scan"
    std::string what;  ///< "3.13.3-production-linux-amd64, grype"
    std::chrono::milliseconds begin{};
    std::chrono::milliseconds end{};
};

/// Any thread may add.
class Timings {
  public:
    void add(Timing timing) {
        const std::lock_guard lock(mutex_);
        timings_.push_back(std::move(timing));
    }
    std::vector<Timing> list() const {
        const std::lock_guard lock(mutex_);
        return timings_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Timing> timings_;
};

/// A task from here to the end of the scope.
class TimedTask {
  public:
    TimedTask(const World& world, std::string step, std::string what);
    ~TimedTask();
    TimedTask(const TimedTask&) = delete;
    TimedTask& operator=(const TimedTask&) = delete;

  private:
    const World& world_;
    Timing timing_;
};

/// A step of the pipeline. Says on the log what begins, and at `end` what came of it and how long it took. A step
/// without an end failed.
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

/// A table in the order of their beginnings, in seconds since the first one.
std::string render_timings(std::vector<Timing> timings);
