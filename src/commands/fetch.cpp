// `fetch`: the other direction. Published images become layouts on disk, each blob once.
#include <ostream>

#include "base/json.h"
#include "commands/commands.h"
#include "pipeline/external_images.h"

Result run_fetch(const World& world, const Settings& settings) {
    if (settings.references.empty()) {
        throw Error{Exit::bad_input, "no image is named",
                    "python-image-action fetch docker.io/defradigital/python@sha256:…"};
    }
    Result result;
    JsonWriter digests;
    digests.open_object();
    for (const GivenImage& image : fetch_references(world, settings, settings.out / "fetched", result.problems)) {
        world.out << image.layout.name << "  " << image.layout.manifest.text() << "\n";
        digests.field(image.layout.name, image.layout.manifest.text());
    }
    result.outputs["digests"] = digests.one_line();
    return result;
}
