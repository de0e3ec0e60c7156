// What an image is made of: its packages, by a scanner's own inventory, and its layers.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

struct Package {
    std::string type;     ///< as package URLs have it: "deb", "pypi", "cargo", "generic"; empty if it has no URL
    std::string name;     ///< "libssl3"; normalised for Python (PEP 503); with its group, if it is in one
    std::string version;  ///< Debian's with the epoch

    auto operator<=>(const Package&) const = default;
};

/// The packages that a CycloneDX SBOM lists: libraries, and applications that have a version (CycloneDX 1.6,
/// "component"). Throws Error{failed}, naming `source`, if it is not one.
std::vector<Package> parse_inventory(std::string_view cyclonedx, const std::string& source);

/// One package that is not the same any more.
struct PackageChange {
    std::string type;
    std::string name;
    std::string before;  ///< its version, or all of them: "1.0, 2.0"; empty: there was none
    std::string now;     ///< empty: there is none any more
};

/// By type and name, sorted so; wherever they stand and however often they are listed.
std::vector<PackageChange> compare_packages(const std::vector<Package>& before, const std::vector<Package>& now);

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
