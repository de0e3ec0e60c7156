#include "pipeline/step.h"

#include <fmt/format.h>

#include <ostream>

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
