// From the plan to layouts on disk.
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "bake/bake.h"
#include "bake/bake_failure.h"
#include "bake/builder.h"
#include "bake/buildx.h"
#include "bake/layer_cache.h"
#include "base/error.h"
#include "oci/provenance.h"
#include "system/directory_lock.h"
#include "system/private_directory.h"

namespace {

namespace fs = std::filesystem;

/// Before the second and the third try (registry.md §6): bake keeps what it has, so a try again is cheap.
constexpr std::array pauses_of_build = {std::chrono::seconds(5), std::chrono::seconds(20)};

/// Returns what bake printed, which out/build.log keeps. It is hundreds of lines: only a runner, which folds them,
/// shows them.
std::string run_bake(const World& world, const BuildSettings& settings, const std::string& builder,
                     const fs::path& bake_file, const Environment& environment) {
    std::vector<std::string> arguments = {"bake", "--file", bake_file.string(), "--progress", "plain"};
    if (!builder.empty()) arguments.insert(arguments.end(), {"--builder", builder});
    if (settings.no_cache) arguments.emplace_back("--no-cache");
    Command command = buildx_command(settings.buildx, arguments, environment);
    command.relayed = !variable(world, "GITHUB_ACTIONS").empty();
    const fs::path log = settings.out / "build.log";
    if (!command.relayed) world.log << "BuildKit's output goes to " << log.string() << "\n";
    for (std::size_t tries = 0;; ++tries) {
        const Finished finished = world.processes.run(command);
        world.files.write(log, finished.err);
        if (finished.exit_code == 0) return finished.err;
        if (tries == pauses_of_build.size() || !is_network_fault(finished.err)) {
            Problem problem = parse_bake_failure(finished.err, settings.dockerfile, settings.out.string());
            problem.what += fmt::format("\nran: {}\nall output: {}", render_command(command), log.string());
            throw Error{Exit::failed, {problem}};
        }
        world.log << "the network failed during the build; trying again in " << pauses_of_build[tries].count()
                  << " s\n";
        world.clock.sleep(pauses_of_build[tries]);
    }
}

std::vector<Layout> load_new_layouts(const World& world, const Plan& plan, const fs::path& outputs) {
    std::vector<Layout> layouts;
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms)
            layouts.push_back(load_layout(world.files, outputs / layout_name(image, platform), image.name, platform));
    }
    return layouts;
}

/// Notes in `bases` which of them each image was made from. BuildKit is the authority: what it read and we did not
/// expect for this image is a Problem.
Problems note_sources(const World& world, const Plan& plan, const Dockerfile& dockerfile,
                      const std::vector<Layout>& layouts, std::vector<Base>& bases) {
    Problems problems;
    for (const Layout& layout : layouts) {
        const auto image = std::find_if(plan.images.begin(), plan.images.end(),
                                        [&](const Image& i) { return i.name == layout.image; });
        const std::vector<BaseUse> uses = find_bases(dockerfile, render_target(image->target),
                                                     make_build_arguments(plan, *image, Time{}), layout.platform)
                                              .all;
        for (const SourceImage& source : load_source_images(world.files, layout)) {
            bool is_known = false;
            for (Base& base : bases) {
                const auto reads_it = [&](const BaseUse& use) { return use.reference == base.reference; };
                if (base.digest != source.digest || std::none_of(uses.begin(), uses.end(), reads_it)) continue;
                base.images.insert_or_assign(layout.name, layout.manifest);
                is_known = true;
            }
            if (is_known) continue;
            problems.push_back({{dockerfile.file, 0},
                                layout.name + " was made from " + source.name + ", which is not a pinned base",
                                "the build is discarded: name that image in a FROM, and use its stage"});
        }
    }
    return problems;
}

fs::path bases_file(const BuildSettings& settings) {
    return settings.out / "bases.json";
}

/// A file that cannot be read says nothing about any layout.
std::vector<Base> load_former_bases(const World& world, const BuildSettings& settings) {
    const std::optional<std::string> text = world.files.read_if_there(bases_file(settings));
    if (!text) return {};
    try {
        return parse_bases_json(*text, bases_file(settings).string());
    } catch (const Error&) {
        return {};
    }
}

void save_bases(const World& world, const BuildSettings& settings, std::vector<Base> bases,
                const std::vector<Base>& former) {
    for (const Base& old : former) {
        const auto same = std::find_if(bases.begin(), bases.end(), [&](const Base& base) {
            return base.reference == old.reference && base.digest == old.digest;
        });
        const bool is_free =
            same != bases.end() && std::none_of(old.images.begin(), old.images.end(),
                                                [&](auto& image) { return same->images.contains(image.first); });
        if (is_free) {
            same->images.insert(old.images.begin(), old.images.end());
        } else {
            bases.push_back(old);
        }
    }
    std::erase_if(bases, [](const Base& base) { return base.images.empty(); });
    world.files.write(bases_file(settings), render_bases_json(bases));
}

/// While layouts are moved, bases.json speaks of the former ones and of the new ones, each by its digest.
void move_into_place(const World& world, const BuildSettings& settings, const std::vector<Base>& bases,
                     const fs::path& outputs, std::vector<Layout>& layouts) {
    std::vector<Base> former = load_former_bases(world, settings);
    save_bases(world, settings, bases, former);
    const fs::path images = settings.out / "images";
    for (Layout& layout : layouts) {
        const fs::path place = images / layout.name;
        if (world.files.is_directory(place)) world.files.rename(place, outputs / (layout.name + ".former"));
        world.files.rename(layout.directory, place);
        world.files.give_to_owner_of_directory(place);
        layout.directory = place;
    }
    for (Base& base : former) {
        for (const Layout& layout : layouts) base.images.erase(layout.name);
        std::erase_if(base.images, [&](const auto& image) { return !world.files.is_directory(images / image.first); });
    }
    save_bases(world, settings, bases, former);
}

}  // namespace

Built run_build(const World& world, const Plan& plan, const BuildSettings& wanted) {
    LayerCache cache = choose_layer_cache(wanted.cache_from, wanted.cache_to, world.environment);
    BuildSettings settings = wanted;
    settings.cache_from = cache.from;
    settings.cache_to = cache.to;
    const Dockerfile dockerfile =
        parse_dockerfile(world.files.read(settings.directory / settings.dockerfile), settings.dockerfile);
    world.files.make_directory(settings.out / "images");
    const DirectoryLock lock(settings.out / "images");
    if (!lock.is_ours()) {
        throw Error{Exit::failed,
                    {{{},
                      "another build is writing to " + (settings.out / "images").string(),
                      "wait until it has ended, or name another directory with --out"}}};
    }
    const PrivateDirectory outputs(world.files,
                                   settings.out / "images.building");  // beside, so that layouts can be moved
    world.files.remove(outputs.path());                                // of an interrupted build
    world.files.make_directory(outputs.path());
    const PrivateDirectory configuration(world.files);
    write_docker_configuration(world, configuration.path(), settings.logins);
    const fs::path bake_file = configuration.path() / "bake.json";
    world.files.write(bake_file, render_bake(plan, settings, dockerfile, outputs.path()));
    Environment environment = buildx_environment(world, settings, configuration.path());
    environment["EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"] = (configuration.path() / "policy.json").string();
    world.files.write(configuration.path() / "policy.json", render_source_policy(settings.bases));

    std::optional<OwnBuilder> own;
    if (settings.builder.empty() && !settings.containerd_store) {
        remove_left_builders(world, settings.socket);
        own.emplace(world, settings, environment, configuration.path());
    }
    const std::string progress =
        run_bake(world, settings, own ? own->name() : settings.builder, bake_file, environment);
    std::vector<Layout> layouts = load_new_layouts(world, plan, outputs.path());
    std::vector<Base> bases = settings.bases;
    for (Base& base : bases) base.images.clear();
    if (const Problems problems = note_sources(world, plan, dockerfile, layouts, bases); !problems.empty())
        throw Error{Exit::failed, problems};
    move_into_place(world, settings, bases, outputs.path(), layouts);
    Built built{.layouts = std::move(layouts), .notices = std::move(cache.notices)};
    for (Problem& failure : find_cache_failures(progress)) built.notices.push_back(std::move(failure));
    return built;
}
