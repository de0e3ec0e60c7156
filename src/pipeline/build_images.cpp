#include "pipeline/build_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "bake/builder.h"
#include "base/text.h"
#include "pipeline/images.h"
#include "pipeline/registry_access.h"
#include "probe/engine.h"
#include "registry/manifests.h"
#include "system/parallel.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

/// What a base is pulled from: where the option --mirrors says, else under its own name (the engine knows its own
/// mirrors).
std::string make_pull_source(const Settings& settings, const registry::ResolvedReference& named) {
    const bool mirrored = settings.mirrors.contains(named.reference.host);
    Reference source = mirrored ? named.found_at : named.reference;
    source.digest = named.digest;
    return render_reference(source);
}

/// The registries that these bases are pulled from, mirrors included.
std::vector<std::string> hosts_of(const std::vector<BaseUse>& uses, const registry::ClientSettings& client) {
    std::vector<std::string> hosts;
    for (const BaseUse& use : uses) {
        const auto reference = parse_reference(use.reference);
        if (!reference) continue;
        hosts.push_back(reference->host);
        const auto mirror = client.mirrors.find(reference->host);
        if (mirror != client.mirrors.end()) hosts.push_back(mirror->second.substr(0, mirror->second.find('/')));
    }
    return hosts;
}

std::vector<Base> resolve_bases(const World& world, const Settings& settings, const std::vector<BaseUse>& uses,
                                const registry::ClientSettings& access) {
    std::map<std::string, std::vector<std::string>> platforms;  // by reference, where they are known
    for (const BaseUse& use : uses) {
        std::vector<std::string>& known = platforms[use.reference];
        if (!use.platform.empty()) known.push_back(use.platform);  // empty: the builder's own
    }
    registry::Client client(world, access);
    std::vector<Base> bases;  // with another digest until they are resolved
    for (const auto& [reference, known] : platforms) bases.push_back({.reference = reference, .digest = sha256("")});
    in_parallel(settings.jobs, bases.size(), [&](std::size_t i) {
        Base& base = bases[i];
        const registry::ResolvedReference named =
            registry::resolve_reference(client, base.reference, platforms.at(base.reference));
        base.digest = named.digest;
        base.digest_now = named.digest;
        base.created = named.created;
        base.layers = named.layers;
        base.pulled_from = make_pull_source(settings, named);
    });
    return bases;
}

/// Why this stand-in cannot be used; empty if it can.
std::string reason_against(const BaseUse& use, const Base* stand_in) {
    if (use.is_frontend) return "there is no stand-in for a frontend, which # syntax= names: " + use.reference;
    if (stand_in == nullptr) return "there is no stand-in for " + use.reference;
    if (use.platform.empty() || stand_in->layers.contains(use.platform)) return "";
    std::vector<std::string> platforms;
    for (const auto& [platform, count] : stand_in->layers) platforms.push_back(platform);
    return fmt::format("the stand-in for {} is for {}, not for {}", use.reference, joined(platforms, ", "),
                       use.platform);
}

/// Stand-ins are only ever used because the caller named them; what the Dockerfile asks for and they do not have is an
/// error, not a download.
std::vector<Base> choose_stand_ins(const World& world, const Settings& settings, const std::vector<BaseUse>& uses) {
    std::vector<Base> bases;
    Problems missing;
    const std::vector<Base> all = load_stand_ins(world.files, settings.stand_ins);
    for (const BaseUse& use : uses) {
        const auto base = std::ranges::find(all, use.reference, &Base::reference);
        const std::string reason = reason_against(use, base == all.end() ? nullptr : &*base);
        if (!reason.empty()) {
            add(missing, {settings.dockerfile, use.line}, reason + ", in " + settings.stand_ins.string(),
                use.is_frontend ? "remove the line: the frontend of the engine is used then"
                                : "build what it has, or with the real bases");
        } else if (std::ranges::find(bases, use.reference, &Base::reference) == bases.end()) {
            bases.push_back(*base);
        }
    }
    if (!missing.empty()) throw Error{Exit::bad_input, missing};
    return bases;
}

// The last build ----------------------------------------------------------------------------------------------------

/// A digest of all that the result of this build depends on. Nothing where the build has to run: only BuildKit can tell
/// whether what ADD fetches has changed, only a build writes a layer cache, and in a workflow the files in out/ may
/// have been committed.
std::optional<Digest> make_build_key(const World& world, const Settings& settings, const Project& project,
                                     const BuildSettings& build) {
    if (settings.rebuild || project.dockerfile.adds_remote || !settings.cache_to.empty() || project.event.in_workflow)
        return std::nullopt;
    std::string text = render_bake(project.plan, build, project.dockerfile, "images") + build.builder + "\n";
    for (const auto& [image, inputs] : load_inputs(world, settings, project)) text += inputs.text() + "\n";
    if (!build.ca.empty()) text += world.files.digest_of(build.ca).text();
    return sha256(text);
}

fs::path last_build_file(const Settings& settings) {
    return settings.out / "images.built";
}

/// With the digest of bases.json: without that file, exceptions `until: base-rebuilt` would never end.
std::string render_last_build(const World& world, const Settings& settings, const Digest& key,
                              const std::vector<Layout>& layouts) {
    const std::string bases = world.files.read_if_there(settings.out / "bases.json").value_or("");
    return key.text() + "\n" + render_digests(layouts) + "\n" + sha256(bases).text() + "\n";
}

/// The layouts in out/images if exactly this build made them and they are whole; else none, and they are built.
std::vector<Layout> find_last_build(const World& world, const Settings& settings, const Project& project,
                                    const Digest& key) {
    std::vector<Layout> layouts;
    const std::optional<Error> error = failure_of([&] {
        layouts = load_built_images(world, settings, project);
        const std::string same = render_last_build(world, settings, key, layouts);
        if (world.files.read_if_there(last_build_file(settings)) != same) layouts.clear();
        in_parallel(settings.jobs, layouts.size(), [&](std::size_t i) {
            const Problems damaged = check_blobs(world.files, layouts[i]);
            if (!damaged.empty()) throw Error{Exit::failed, damaged};
        });
    });
    return error ? std::vector<Layout>{} : layouts;
}

}  // namespace

Built build_images(const World& world, const Settings& settings, const Project& project) {
    if (!settings.build_ca.empty() && !world.files.read_if_there(settings.build_ca)) {
        // Now: buildx would find out after the bases were pinned.
        throw Error{Exit::bad_input, Place{settings.build_ca.string()}, "there is no such file",
                    "--build-ca names it: a bundle of CAs"};
    }
    const std::vector<BaseUse> uses = list_bases(project.dockerfile, project.plan);
    // A builder that was named may be on another machine, and need no engine on this one.
    const EngineInfo engine = settings.builder.empty() ? find_engine(world) : EngineInfo{};
    const bool real = settings.stand_ins.empty();
    registry::ClientSettings access{.mirrors = settings.mirrors};
    if (!engine.docker_io_mirrors.empty())  // a mirror of Docker Hub that the engine is set up with serves us as well
        access.mirrors.emplace("docker.io", host_of(engine.docker_io_mirrors.front()));
    if (real) access.credentials = load_reading_access(world, settings, hosts_of(uses, access)).credentials;
    TimedStep bases_step(world, "bases", real ? "asking the registries what the bases are now" : "taking stand-ins");
    const std::vector<Base> bases =
        real ? resolve_bases(world, settings, uses, access) : choose_stand_ins(world, settings, uses);
    bases_step.end(counted(bases.size(), "base") + (real ? ", pinned" : ": STAND-INS, not the real ones"));

    TimedStep step(world, "build", counted(project.plan.images.size(), "image") + " in one build graph");
    BuildSettings build;
    build.buildx = find_buildx(world);
    build.directory = ".";
    build.dockerfile = settings.dockerfile;
    build.out = settings.out;
    build.bases = bases;
    build.source_date = project.source_date;
    build.source = project.source;
    build.ca = settings.build_ca;
    build.cache_from = settings.cache_from;
    build.cache_to = settings.cache_to;
    build.without_cache = settings.without_cache;
    build.builder = settings.builder;
    build.containerd_store = engine.containerd_store;
    build.socket = engine.socket;
    build.mirrors = engine.docker_io_mirrors;
    // A named builder is called with the user's own configuration, which has the user's own logins.
    if (real && !settings.builder.empty()) access.credentials = load_reading_access(world, settings, {}).credentials;
    build.logins = access.credentials;
    build.buildkit_image =
        locate_image(settings.buildkit_image.empty() ? usual_buildkit : settings.buildkit_image, settings.mirrors);
    const std::optional<Digest> key = make_build_key(world, settings, project, build);
    Built built;
    if (key) built.layouts = find_last_build(world, settings, project, *key);
    const bool is_there = !built.layouts.empty();
    if (!is_there) built = run_build(world, project.plan, build);
    if (key) world.files.write(last_build_file(settings), render_last_build(world, settings, *key, built.layouts));
    step.end(fmt::format("{} in {}{}", counted(built.layouts.size(), "layout"), (settings.out / "images").string(),
                         is_there ? ": nothing has changed since they were built (rebuild: always builds)" : ""));
    return built;
}
