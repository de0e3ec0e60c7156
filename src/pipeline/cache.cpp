#include "pipeline/cache.h"

#include "base/date.h"

std::filesystem::path cache_directory(const World& world) {
    const std::string cache = variable(world, "XDG_CACHE_HOME");
    const std::string home = variable(world, "HOME");
    if (cache.empty() && home.empty()) return {};
    return (cache.empty() ? std::filesystem::path(home) / ".cache" : std::filesystem::path(cache)) /
           "python-image-action";
}

std::string name_of_run(const World& world, const github::Event& event) {
    return event.run_url.empty() ? "the run of " + render_time(world.clock.now()) : event.run_url;
}
