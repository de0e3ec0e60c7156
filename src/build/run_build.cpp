// From the plan to layouts on disk.
#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "build/bake_failure.h"
#include "build/build.h"
#include "build/builder.h"
#include "build/buildx.h"
#include "build/layer_cache.h"
#include "system/private_folder.h"

namespace {

namespace fs = std::filesystem;

/// Before the second and the third try (registry.md §6): bake keeps what it has, so a try again is cheap.
constexpr std::array pauses = {std::chrono::seconds(5), std::chrono::seconds(20)};

/// Returns what bake printed.
std::string run_bake(const World& world, const BuildSettings& settings, const std::string& builder,
                     const fs::path& bake_file, const Environment& environment) {
    std::vector<std::string> arguments = {"bake", "--file", bake_file.string(), "--progress", "plain"};
    if (!builder.empty()) arguments.insert(arguments.end(), {"--builder", builder});
    if (settings.no_cache) arguments.emplace_back("--no-cache");
    Command command = buildx_command(settings.buildx, arguments, environment);
    command.relayed = true;
    for (std::size_t tries = 0;; ++tries) {
        const Finished finished = world.processes.run(command);
        if (finished.exit_code == 0) return finished.err;
        if (tries == pauses.size() || !is_network_fault(finished.err)) {
            Problem problem = parse_bake_failure(finished.err, settings.dockerfile);
            problem.what += "\nran: " + render_command(command);
            throw Error{Exit::failed, {problem}};
        }
        world.log << "the network failed during the build; trying again in " << pauses[tries].count() << " s\n";
        world.clock.sleep(pauses[tries]);
    }
}

/// Every layout is looked at before the first one is moved. The former one goes to the folder that is removed
/// afterwards.
std::vector<Layout> move_into_place(const World& world, const Plan& plan, const fs::path& outputs,
                                    const fs::path& images) {
    std::vector<Layout> layouts;
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) {
            layouts.push_back(load_layout(world.files, outputs / layout_name(image, platform), image.name, platform));
        }
    }
    world.files.make_folder(images);
    for (Layout& layout : layouts) {
        const fs::path place = images / layout.name;
        if (world.files.is_folder(place)) world.files.rename(place, outputs / (layout.name + ".former"));
        world.files.rename(layout.folder, place);
        world.files.give_to_owner_of_folder(place);
        layout.folder = place;
    }
    return layouts;
}

}  // namespace

Built run_build(const World& world, const Plan& plan, const BuildSettings& wanted) {
    LayerCache cache = choose_layer_cache(wanted.cache_from, wanted.cache_to, world.environment);
    BuildSettings settings = wanted;
    settings.cache_from = cache.from;
    settings.cache_to = cache.to;
    const std::string dockerfile = world.files.read(settings.directory / settings.dockerfile);
    const PrivateFolder outputs(world.files,
                                fs::path(settings.images) += ".building");  // beside, so that layouts can be moved
    world.files.remove(outputs.path());                                     // of an interrupted build
    world.files.make_folder(outputs.path());
    const PrivateFolder configuration(world.files);
    write_docker_configuration(world, configuration.path(), settings.logins);
    const fs::path bake_file = configuration.path() / "bake.json";
    world.files.write(bake_file, render_bake(plan, settings, dockerfile, outputs.path()));
    const Environment environment = buildx_environment(world, settings, configuration.path());

    std::optional<OwnBuilder> own;
    if (settings.builder.empty() && !settings.containerd_store) {
        remove_left_builders(world, settings.socket);
        own.emplace(world, settings, environment, configuration.path());
    }
    const std::string progress =
        run_bake(world, settings, own ? own->name() : settings.builder, bake_file, environment);
    Built built{.layouts = move_into_place(world, plan, outputs.path(), settings.images),
                .notices = std::move(cache.notices)};
    for (Problem& failure : find_cache_failures(progress)) built.notices.push_back(std::move(failure));
    return built;
}
