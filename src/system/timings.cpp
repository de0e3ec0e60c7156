#include "system/timings.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "system/world.h"

TimedTask::TimedTask(const World& world, std::string step, std::string what)
    : world_(world), timing_{std::move(step), std::move(what), world.clock.steady(), {}} {}

TimedTask::~TimedTask() {
    timing_.end = world_.clock.steady();
    world_.timings.add(std::move(timing_));
}

TimedStep::TimedStep(const World& world, std::string name, const std::string& what)
    : world_(world), name_(std::move(name)), started_(world.clock.steady()) {
    world_.log << fmt::format("{:<8} {} …\n", name_, what) << std::flush;
}

TimedStep::~TimedStep() {
    if (!ended_) world_.timings.add({name_, "failed", started_, world_.clock.steady()});
}

void TimedStep::end(const std::string& outcome) {
    const std::chrono::milliseconds now = world_.clock.steady();
    const double seconds = static_cast<double>((now - started_).count()) / 1000;
    world_.log << fmt::format("{:<8} {} ({:.1f} s)\n", name_, outcome, seconds) << std::flush;
    world_.timings.add({name_, outcome, started_, now});
    ended_ = true;
}

std::string render_timings(std::vector<Timing> timings) {
    if (timings.empty()) return "";
    std::ranges::stable_sort(timings, {}, &Timing::begin);
    const std::chrono::milliseconds first = timings.front().begin;
    const auto seconds = [](std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; };
    std::string text = "Where the time went, in seconds:\n   begin     end    took\n";
    for (const Timing& timing : timings) {
        text += fmt::format("{:8.1f}{:8.1f}{:8.1f}  {:<10} {}\n", seconds(timing.begin - first),
                            seconds(timing.end - first), seconds(timing.end - timing.begin), timing.step, timing.what);
    }
    return text;
}
