// `fetch`: downloads published images into layouts on disk, each blob once.
#include <ostream>

#include "commands/commands.h"
#include "pipeline/given_images.h"
#include "pipeline/images.h"

Result run_fetch(const World& world, const Settings& settings) {
    if (settings.references.empty()) {
        throw Error{Exit::bad_input, "no image is named",
                    "python-image-action fetch docker.io/defradigital/python@sha256:…"};
    }
    Result result;
    std::vector<Layout> layouts;
    for (const GivenImage& image : fetch_references(world, settings, result.problems)) {
        world.out << image.layout.name << "  " << image.layout.manifest.text() << "\n";
        layouts.push_back(image.layout);
    }
    result.outputs["digests"] = render_digests(layouts);
    return result;
}
