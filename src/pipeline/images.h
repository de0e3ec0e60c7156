// The images in out/images, and what is known about their bases and layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bake/bases.h"
#include "findings/inventory.h"
#include "oci/layout.h"
#include "pipeline/project.h"
#include "publication/publication.h"
#include "registry/client.h"
#include "report/run.h"

/// The image of the plan with this name, which has to exist: "3.13.3-production", as in Layout::image.
const Image& image_of(const Plan& plan, const std::string& name);

/// One of the plan's images as the reports show it before anything is known about it.
ImageRun make_image_run(const Settings& settings, const Plan& plan, const std::string& image,
                        const std::string& platform);

/// The layouts in out/images for this plan. Throws Error{bad_input} naming all that are missing.
std::vector<Layout> load_built_images(const World& world, const Settings& settings, const Project& project);
/// Those of them that exist; the others go to `missing`.
std::vector<Layout> load_layouts_there(const World& world, const Settings& settings, const Project& project,
                                       Problems& missing);

/// out/bases.json: what the images were built on. Empty if there is no such file.
std::vector<Base> load_bases(const World& world, const Settings& settings);
/// Asks what the references in out/bases.json name now: for people and for waivers that end with a base. It decides
/// nothing else, so a base that cannot be asked about keeps its recorded digest, with a warning.
void renew_bases(const World& world, registry::Client& client, const Settings& settings, Problems& warnings);

/// The external base image at the end of the FROM chain; nullopt if none of these is it. A COPY --from source is not a
/// base.
std::optional<Base> find_base(const Project& project, const Layout& layout, const std::vector<Base>& bases);
/// True if the base's reference resolves to another digest now than the one that was built on.
bool is_rebuilt(const Base& base);

/// A built image's layers, and how many of them come from its base.
ImageLayers load_layers(const World& world, const Project& project, const Layout& layout,
                        const std::vector<Base>& bases);

/// {"3.13.3-production-linux-amd64":"sha256:…"} in one line.
std::string render_digests(const std::vector<Layout>& layouts);
/// {"3.13.3-production":"sha256:…"} in one line, of their indexes.
std::string render_digests(const std::vector<PublishedImage>& images);
