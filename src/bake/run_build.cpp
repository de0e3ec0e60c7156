// From the plan to a bake file (buildx bake reference), and from that to layouts on disk.
#include "bake/bake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "bake/builder.h"
#include "bake/layer_cache.h"
#include "base/error.h"
#include "base/json.h"
#include "base/reference.h"
#include "oci/layout.h"
#include "system/descriptor.h"
#include "system/files.h"

namespace {

namespace fs = std::filesystem;

/// Every text in a bake file is a template: without this a path with "${" in it would be evaluated.
std::string without_templates(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        escaped += text[i];
        if ((text[i] == '$' || text[i] == '%') && i + 1 < text.size() && text[i + 1] == '{') escaped += text[i];
    }
    return escaped;
}

/// A field of the comma-separated lists that outputs and secrets are given as (RFC 4180).
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

std::string absolute_text(const fs::path& path) {
    return fs::absolute(path).lexically_normal().string();
}

/// What bake reads instead of the reference. A digest names the bytes, so nothing is looked up again and a base that
/// lies here already is not pulled again.
std::string source_of(const Base& base) {
    if (!base.layout.empty()) return "oci-layout://" + absolute_text(base.layout) + "@" + base.digest.text();
    if (!base.pulled_from.empty()) return "docker-image://" + base.pulled_from;
    return "docker-image://" + base.reference.substr(0, base.reference.find('@')) + "@" + base.digest.text();
}

const Base& base_of(const std::vector<Base>& bases, const std::string& reference) {
    const auto found = std::ranges::find(bases, reference, &Base::reference);
    if (found != bases.end()) return *found;
    throw Error{Exit::failed, "no digest is known for the base " + reference,
                "nothing is built on a base that is not pinned"};
}

/// Annotations and not labels, which services that are built on the image would inherit. Only the index names the
/// commit, so that images without a change keep their digest.
std::map<std::string, std::string> make_annotations(const Plan& plan, const Image& image, const BuildSettings& settings,
                                                    const std::string& final_base) {
    const std::string purpose = image.target == Target::development ? "developing" : "running";
    std::map<std::string, std::string> annotations = {
        {"title", "Python " + image.python_version + " " + render_target(image.target) + " parent image"},
        {"description", "Parent image for " + purpose + " services in Python " + image.python_version},
        {"version", plan.job.defra_version},
        {"created", render_time(settings.source_date)},
        {"licenses", "OGL-UK-3.0"}};
    if (!settings.source.empty()) annotations["source"] = settings.source;
    if (!final_base.empty()) {
        annotations["base.name"] = render_reference(parse_reference(final_base).value());  // with its registry
        annotations["base.digest"] = base_of(settings.bases, final_base).digest.text();
    }
    return annotations;
}

/// Target names may not hold dots or slashes.
std::string target_name(const Image& image, const std::string& platform) {
    std::string name = layout_name(image, platform);
    std::ranges::replace_if(
        name, [](char c) { return c != '-' && std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
    return name;
}

void write_map(JsonWriter& json, std::string_view key, const std::map<std::string, std::string>& entries) {
    json.open_object(key);
    for (const auto& [name, value] : entries) json.field(name, value);
    json.close();
}

std::vector<std::string> render_caches(std::vector<std::string> entries, const std::string& name) {
    for (std::string& entry : entries) entry = render_cache(entry, name);
    return entries;
}

void write_target(JsonWriter& json, const Plan& plan, const Image& image, const std::string& platform,
                  const BuildSettings& settings, const Dockerfile& dockerfile, const fs::path& outputs) {
    const std::string target = render_target(image.target);
    Variables arguments = make_build_arguments(plan, image, settings.source_date);
    const TargetBases bases = find_bases(dockerfile, target, arguments, platform);
    std::map<std::string, std::string> contexts;
    for (const BaseUse& use : bases.all) {
        const std::string source = source_of(base_of(settings.bases, use.reference));
        if (use.is_frontend) {
            arguments["BUILDKIT_SYNTAX"] = source.substr(source.find("://") + 3);  // wins over the line in the file
        } else {
            contexts[use.reference] = source;
        }
    }
    std::vector<std::string> annotations;
    for (const auto& [name, value] : make_annotations(plan, image, settings, bases.final_base)) {
        annotations.push_back("manifest:org.opencontainers.image." + name + "=" + value);
    }
    const std::string destination = absolute_text(outputs / layout_name(image, platform));

    json.open_object(target_name(image, platform));
    json.field("context", absolute_text(settings.directory));
    json.field("dockerfile", settings.dockerfile);
    json.field("target", target);
    json.list("platforms", {platform});
    write_map(json, "args", arguments);
    write_map(json, "contexts", contexts);
    json.list("annotations", annotations);
    json.list("attest", {"type=provenance,mode=max"});
    if (!settings.ca.empty()) json.list("secret", {"id=ca," + csv_field("src=" + absolute_text(settings.ca))});
    const std::string cache_name = plan.job.image_name + "-" + layout_name(image, platform);
    if (!settings.cache_from.empty()) json.list("cache-from", render_caches(settings.cache_from, cache_name));
    if (!settings.cache_to.empty()) json.list("cache-to", render_caches(settings.cache_to, cache_name));
    // A directory for each: exporters that share one race for its files. No rewrite-timestamp: BuildKit 0.13 would
    // rewrite the base's layers as well, and the image would no longer share them.
    json.list("output", {"type=oci,tar=false," + csv_field("dest=" + destination)});
    json.close();
}

/// Returns what bake printed, which out/build.log keeps: hundreds of lines, shown only by a runner, which folds them.
std::string run_bake(const World& world, const BuildSettings& settings, const std::string& builder,
                     const fs::path& bake_file, const fs::path& outputs, const Environment& environment) {
    std::vector<std::string> arguments = {"bake", "--file", bake_file.string(), "--progress", "plain"};
    if (!builder.empty()) arguments.insert(arguments.end(), {"--builder", builder});
    if (settings.without_cache) arguments.emplace_back("--no-cache");
    Command command = buildx_command(settings.buildx, arguments, environment);
    command.relayed = !variable(world, "GITHUB_ACTIONS").empty();
    const fs::path log = settings.out / "build.log";
    if (!command.relayed) world.log << "BuildKit's output goes to " << log.string() << "\n";
    // To a layout of a build that was interrupted, or of a bake that failed, the next one would add its own.
    const auto clear = [&] {
        world.files.remove(outputs);
        world.files.make_directory(outputs);
    };
    clear();
    const Finished finished = run_patiently(world, command, "during the build", clear);
    world.files.write(log, finished.err);
    if (finished.exit_code == 0) return finished.err;
    Problem problem = parse_bake_failure(finished.err, settings.dockerfile, settings.out.string());
    problem.what += fmt::format("\nran: {}\nall output: {}", render_command(command), log.string());
    throw Error{Exit::failed, {problem}};
}

/// Notes in `bases` which of them each image was made from. What BuildKit read and we did not expect is a Problem.
Problems note_sources(const World& world, const Plan& plan, const Dockerfile& dockerfile,
                      const std::vector<Layout>& layouts, std::vector<Base>& bases) {
    Problems problems;
    for (const Layout& layout : layouts) {
        const auto image = std::ranges::find(plan.images, layout.image, &Image::name);
        const std::vector<BaseUse> uses = find_bases(dockerfile, render_target(image->target),
                                                     make_build_arguments(plan, *image, Time{}), layout.platform)
                                              .all;
        for (const SourceImage& source : load_source_images(world.files, layout)) {
            bool is_known = false;
            for (Base& base : bases) {
                const auto reads_it = [&](const BaseUse& use) { return use.reference == base.reference; };
                if (base.digest != source.digest || std::ranges::none_of(uses, reads_it)) continue;
                base.images.insert_or_assign(layout.name, layout.manifest);
                is_known = true;
            }
            if (is_known) continue;
            add(problems, {dockerfile.file},
                layout.name + " was made from " + source.name + ", which is not a pinned base",
                "the build is discarded: name that image in a FROM, and use its stage");
        }
    }
    return problems;
}

/// bases.json speaks of the images by their digests: until it is written last, it says nothing about the new ones.
void move_into_place(const World& world, const BuildSettings& settings, std::vector<Base> bases,
                     const fs::path& outputs, std::vector<Layout>& layouts) {
    const fs::path images = settings.out / "images";
    for (Layout& layout : layouts) {
        const fs::path place = images / layout.name;
        if (world.files.is_directory(place)) world.files.rename(place, outputs / (layout.name + ".former"));
        world.files.rename(layout.directory, place);
        world.files.give_to_owner_of_directory(place);
        layout.directory = place;
    }
    const fs::path file = settings.out / "bases.json";
    std::vector<Base> former;
    failure_of([&] {  // a file that cannot be read says nothing about any layout
        if (const auto text = world.files.read_if_there(file)) former = parse_bases_json(*text, file.string());
    });
    for (Base& old : former) {
        for (const Layout& layout : layouts) old.images.erase(layout.name);
        std::erase_if(old.images, [&](const auto& image) { return !world.files.is_directory(images / image.first); });
        const auto same = std::ranges::find_if(
            bases, [&](const Base& base) { return base.reference == old.reference && base.digest == old.digest; });
        if (same == bases.end()) {
            bases.push_back(std::move(old));
        } else {
            same->images.insert(old.images.begin(), old.images.end());
        }
    }
    std::erase_if(bases, [](const Base& base) { return base.images.empty(); });
    world.files.write(file, render_bases_json(bases));
}

}  // namespace

std::string render_bake(const Plan& plan, const BuildSettings& settings, const Dockerfile& dockerfile,
                        const fs::path& outputs) {
    JsonWriter json;
    json.open_object();
    json.open_object("group");
    json.open_object("default");
    json.open_array("targets");
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) json.item(target_name(image, platform));
    }
    json.close();
    json.close();
    json.close();
    json.open_object("target");
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) {
            write_target(json, plan, image, platform, settings, dockerfile, outputs);
        }
    }
    return without_templates(json.text());
}

std::string render_source_policy(const std::vector<Base>& bases) {
    JsonWriter json;
    const auto write_rule = [&](const char* action, const std::string& identifier) {
        json.open_object();
        json.field("action", action);
        json.object("selector", {{"identifier", "docker-image://" + identifier}, {"matchType", "WILDCARD"}});
        json.close();
    };
    json.open_object();
    json.field("version", 1);
    json.open_array("rules");
    write_rule("DENY", "*");  // the last rule that matches decides
    for (const Base& base : bases) {
        if (!base.stand_in) write_rule("ALLOW", "*@" + base.digest.text());  // stand-ins are layouts, not images
    }
    return json.text();
}

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
        throw Error{Exit::failed, "another build is writing to " + (settings.out / "images").string(),
                    "wait until it has ended, or name another directory with --out"};
    }
    const PrivateDirectory outputs(world.files,
                                   settings.out / "images.building");  // beside, so that layouts can be moved
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
        run_bake(world, settings, own ? own->name() : settings.builder, bake_file, outputs.path(), environment);
    std::vector<Layout> layouts;
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) {
            const fs::path directory = outputs.path() / layout_name(image, platform);
            layouts.push_back(load_layout(world.files, directory, image.name, platform));
        }
    }
    std::vector<Base> bases = settings.bases;
    for (Base& base : bases) base.images.clear();
    if (const Problems problems = note_sources(world, plan, dockerfile, layouts, bases); !problems.empty())
        throw Error{Exit::failed, problems};
    move_into_place(world, settings, std::move(bases), outputs.path(), layouts);
    Built built{.layouts = std::move(layouts), .notices = std::move(cache.notices)};
    for (Problem& failure : find_cache_failures(progress)) built.notices.push_back(std::move(failure));
    return built;
}
