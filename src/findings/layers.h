// Which layer something is from, and whether that layer is the base's or ours (facts: scanners-run.md §8 "Layer
// attribution").
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// An image's layers, oldest first, as its configuration has them (OCI image-spec, config.md: rootfs, history).
struct ImageLayers {
    std::vector<std::string> diff_ids;
    std::vector<std::string> created_by;  ///< the instruction of each layer; empty where the history does not say
    std::size_t base_layers = 0;          ///< so many of the first ones are the base's; 0: not known
};

/// Reads an image configuration. Throws Error{failed}, naming `source`, if it has no list of layers.
ImageLayers parse_image_layers(std::string_view config, const std::string& source);

enum class LayerOwner { unknown, base, ours };

struct LayerOrigin {
    LayerOwner owner = LayerOwner::unknown;
    std::string instruction;  ///< "COPY --from=uv /uv /usr/local/bin/uv"; empty if not known
};

/// Where the layer with this diff id comes from; unknown if the image has no such layer, or how many are the base's is
/// not known.
LayerOrigin find_origin(const ImageLayers& layers, const std::string& diff_id);
