#include "pipeline/build_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "build/builder.h"
#include "pipeline/registry_access.h"
#include "pipeline/step.h"
#include "probe/engine.h"
#include "registry/lookup.h"
#include "system/parallel.h"

namespace {

/// A mirror of Docker Hub that the engine is set up with serves us as well.
registry::ClientSettings make_client_settings(const Settings& settings, const EngineInfo& engine) {
    registry::ClientSettings client{.mirrors = settings.mirrors};
    if (!engine.docker_io_mirrors.empty() && !client.mirrors.contains("docker.io")) {
        const std::string& url = engine.docker_io_mirrors.front();
        std::string host = url.substr(url.find("://") + 3);
        while (host.ends_with('/')) host.pop_back();
        client.mirrors["docker.io"] = host;
    }
    return client;
}

/// What a base is pulled from: where the option --mirrors says, else under its own name (the engine knows its own
/// mirrors).
std::string make_pull_source(const Settings& settings, const registry::Named& named) {
    const bool mirrored = settings.mirrors.contains(named.reference.host);
    registry::Reference source = mirrored ? named.found_at : named.reference;
    source.digest = named.digest;
    return registry::render_reference(source);
}

/// The registries that these bases are pulled from, mirrors included.
std::vector<std::string> hosts_of(const std::vector<std::string>& references, const registry::ClientSettings& client) {
    std::vector<std::string> hosts;
    for (const std::string& text : references) {
        const auto reference = registry::parse_reference(text);
        if (!reference) continue;
        hosts.push_back(reference->host);
        const auto mirror = client.mirrors.find(reference->host);
        if (mirror != client.mirrors.end()) hosts.push_back(mirror->second.substr(0, mirror->second.find('/')));
    }
    return hosts;
}

/// For BuildKit. A named builder is called with the user's own configuration, which has the user's own logins.
std::vector<RegistryLogin> make_build_logins(const World& world, const Settings& settings, const Project& project,
                                             const EngineInfo& engine) {
    const std::vector<std::string> references = list_bases(project.dockerfile, settings.dockerfile, project.plan);
    std::vector<std::string> hosts;
    if (settings.builder.empty()) hosts = hosts_of(references, make_client_settings(settings, engine));
    std::vector<RegistryLogin> logins;
    for (const auto& [host, credentials] : load_logins(world, settings, hosts))
        logins.push_back({host, credentials.user, credentials.password});
    return logins;
}

std::vector<Base> resolve_bases(const World& world, const Settings& settings, const Project& project,
                                const EngineInfo& engine) {
    const std::vector<std::string> references = list_bases(project.dockerfile, settings.dockerfile, project.plan);
    registry::ClientSettings access = make_client_settings(settings, engine);
    access.credentials = load_logins(world, settings, hosts_of(references, access));
    registry::Client client(world, access);
    std::vector<std::optional<Base>> found(references.size());
    std::vector<std::function<void()>> work;
    for (std::size_t i = 0; i < references.size(); ++i) {
        work.emplace_back([&, i] {
            const registry::Named named = registry::look_up(world, client, references[i], project.plan.platforms);
            found[i] = Base{.reference = references[i],
                            .digest = named.digest,
                            .created = named.created,
                            .digest_now = named.digest,
                            .layers = named.layers,
                            .stand_in = false,
                            .excuses = {},
                            .layout = {},
                            .pulled_from = make_pull_source(settings, named)};
        });
    }
    in_parallel(settings.jobs, work);
    std::vector<Base> bases;
    for (std::optional<Base>& base : found) bases.push_back(std::move(*base));
    return bases;
}

/// Stand-ins are only ever used because somebody named them; what the Dockerfile asks for and they do not hold is an
/// error, not a download.
std::vector<Base> choose_stand_ins(const World& world, const Settings& settings, const Project& project) {
    std::vector<Base> bases;
    Problems missing;
    const std::vector<Base> all = load_stand_ins(world.files, settings.stand_ins);
    for (const std::string& reference : list_bases(project.dockerfile, settings.dockerfile, project.plan)) {
        const auto base = std::find_if(all.begin(), all.end(), [&](const Base& b) { return b.reference == reference; });
        if (base == all.end()) {
            missing.push_back({{settings.stand_ins.string(), 0},
                               "it has no stand-in for " + reference,
                               "build with versions that it has, or with the real bases"});
        } else {
            bases.push_back(*base);
        }
    }
    if (!missing.empty()) throw Error{Exit::bad_input, missing};
    return bases;
}

}  // namespace

Built build_images(const World& world, const Settings& settings, const Project& project) {
    // A builder that somebody named may be on another machine, and need no engine on this one.
    const EngineInfo engine = settings.builder.empty() ? find_engine(world) : EngineInfo{};
    TimedStep bases_step(
        world, "bases",
        settings.stand_ins.empty() ? "asking the registries what the bases are now" : "taking stand-ins");
    const std::vector<Base> bases = settings.stand_ins.empty() ? resolve_bases(world, settings, project, engine)
                                                               : choose_stand_ins(world, settings, project);
    save_bases(world, settings, bases);
    bases_step.end(counted(bases.size(), "base") +
                   (settings.stand_ins.empty() ? ", pinned" : ": STAND-INS, not the real ones"));

    TimedStep step(world, "build", counted(project.plan.images.size(), "image") + " in one build graph");
    BuildSettings build;
    build.buildx = find_buildx(world);
    build.images = settings.out / "images";
    build.bases = bases;
    build.source_date = project.source_date;
    build.source = project.source;
    build.ca = settings.build_ca;
    build.cache_from = settings.cache_from;
    build.cache_to = settings.cache_to;
    build.builder = settings.builder;
    build.containerd_store = engine.containerd_store;
    build.socket = engine.socket;
    build.mirrors = engine.docker_io_mirrors;
    if (settings.stand_ins.empty()) build.logins = make_build_logins(world, settings, project, engine);
    build.buildkit_image =
        locate_image(settings.buildkit_image.empty() ? usual_buildkit : settings.buildkit_image, settings.mirrors);
    Built built = run_build(world, project.plan, build);
    step.end(counted(built.layouts.size(), "layout") + " in " + build.images.string());
    return built;
}
