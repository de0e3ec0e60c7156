#include "pipeline/images.h"

#include <algorithm>

#include "base/json.h"
#include "registry/manifests.h"
#include "report/sarif.h"

namespace {

namespace fs = std::filesystem;

fs::path bases_file(const Settings& settings) {
    return settings.out / "bases.json";
}

}  // namespace

const Image& image_of(const Plan& plan, const std::string& name) {
    return *std::ranges::find(plan.images, name, &Image::name);
}

ImageRun make_image_run(const Settings& settings, const Plan& plan, const std::string& image,
                        const std::string& platform) {
    const Image& planned = image_of(plan, image);
    ImageRun run;
    run.name = layout_name(planned, platform);
    run.image = image;
    run.platform = platform;
    run.reference = planned.repository + ":" + planned.version_tag;
    run.category = make_category(plan, planned, platform);
    run.at = {settings.image_matrix, plan.row_of(planned).line};
    return run;
}

std::vector<Layout> load_layouts_there(const World& world, const Settings& settings, const Project& project,
                                       Problems& missing) {
    std::vector<Layout> layouts;
    for (const Image& image : project.plan.images) {
        for (const std::string& platform : project.plan.platforms) {
            const fs::path directory = settings.out / "images" / layout_name(image, platform);
            if (world.files.is_directory(directory)) {
                layouts.push_back(load_layout(world.files, directory, image.name, platform));
            } else {
                add(missing, {directory.string()}, "this image is not built", "python-image-action build makes it");
            }
        }
    }
    return layouts;
}

std::vector<Layout> load_built_images(const World& world, const Settings& settings, const Project& project) {
    Problems missing;
    std::vector<Layout> layouts = load_layouts_there(world, settings, project, missing);
    if (!missing.empty()) throw Error{Exit::bad_input, missing};
    return layouts;
}

std::vector<Base> load_bases(const World& world, const Settings& settings) {
    const std::optional<std::string> text = world.files.read_if_there(bases_file(settings));
    return text ? parse_bases_json(*text, bases_file(settings).string()) : std::vector<Base>{};
}

void renew_bases(const World& world, registry::Client& client, const Settings& settings, Problems& warnings) {
    std::vector<Base> bases = load_bases(world, settings);
    for (Base& base : bases) {
        const auto reference = parse_reference(base.reference);
        if (base.stand_in || !reference || reference->digest) continue;
        const std::optional<Error> error = failure_of([&] {
            base.digest_now = registry::ask_tag(client, reference->host, reference->repository, reference->tag);
        });
        if (!error) continue;
        add(warnings, {},
            "whether " + base.reference + " was rebuilt could not be asked: " + error->problems.front().what,
            "it counts as it did at the last release", Level::warning);
    }
    if (!bases.empty()) world.files.write(bases_file(settings), render_bases_json(bases));
}

std::optional<Base> find_base(const Project& project, const Layout& layout, const std::vector<Base>& bases) {
    const Image& image = image_of(project.plan, layout.image);
    const std::string reference =
        find_bases(project.dockerfile, render_target(image.target),
                   make_build_arguments(project.plan, image, project.source_date), layout.platform)
            .final_base;
    const auto found = std::ranges::find_if(
        bases, [&](const Base& base) { return base.reference == reference && is_base_of(base, layout); });
    return found == bases.end() ? std::nullopt : std::optional(*found);
}

bool is_rebuilt(const Base& base) {
    return base.digest_now && *base.digest_now != base.digest;
}

ImageLayers load_layers(const World& world, const Project& project, const Layout& layout,
                        const std::vector<Base>& bases) {
    ImageLayers layers = parse_image_layers(load_config(world.files, layout), layout.name);
    const std::optional<Base> base = find_base(project, layout, bases);
    if (!base) return layers;
    const auto count = base->layers.find(layout.platform);
    if (count != base->layers.end()) layers.base_layers = count->second;
    return layers;
}

std::string render_digests(const std::vector<Layout>& layouts) {
    JsonWriter json;
    json.open_object();
    for (const Layout& layout : layouts) json.field(layout.name, layout.manifest.text());
    return json.one_line();
}

std::string render_digests(const std::vector<PublishedImage>& images) {
    JsonWriter json;
    json.open_object();
    for (const PublishedImage& image : images) json.field(image.name, image.index.text());
    return json.one_line();
}
