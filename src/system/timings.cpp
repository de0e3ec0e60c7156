#include "system/timings.h"

#include <fmt/format.h>

#include <algorithm>

void Timings::add(Timing timing) {
    const std::lock_guard lock(mutex_);
    timings_.push_back(std::move(timing));
}

std::vector<Timing> Timings::list() const {
    const std::lock_guard lock(mutex_);
    return timings_;
}

TimedTask::TimedTask(Timings& timings, Clock& clock, std::string step, std::string what)
    : timings_(timings), clock_(clock), timing_{std::move(step), std::move(what), clock.steady(), {}} {}

TimedTask::~TimedTask() {
    timing_.end = clock_.steady();
    timings_.add(std::move(timing_));
}

std::string render_timings(std::vector<Timing> timings) {
    if (timings.empty()) return "";
    std::stable_sort(timings.begin(), timings.end(),
                     [](const Timing& a, const Timing& b) { return a.begin < b.begin; });
    const std::chrono::milliseconds first = timings.front().begin;
    const auto seconds = [](std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; };
    std::string text = "Where the time went, in seconds:\n   begin     end    took\n";
    for (const Timing& timing : timings) {
        text += fmt::format("{:8.1f}{:8.1f}{:8.1f}  {:<10} {}\n", seconds(timing.begin - first),
                            seconds(timing.end - first), seconds(timing.end - timing.begin), timing.step, timing.what);
    }
    return text;
}
