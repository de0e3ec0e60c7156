#include "probe/image_tar.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "probe/layout_on_disk.h"

namespace {

const std::string sample_tar = tar_of({{"etc/large", std::string(300'000, 'x')}});

/// Reads these bytes as a layer.
LayerFiles load_bytes(const std::string& bytes) {
    LayoutOnDisk disk;
    Descriptor layer = disk.layout.layers.front();
    layer.digest = sha256(bytes);
    std::ofstream(blob_path(disk.layout.directory, layer.digest), std::ios::binary) << bytes;
    return load_layer(disk.files, disk.layout, layer);
}

}  // namespace

TEST_CASE("a layer is a tar, a gzip of it, or a gzip of several members") {
    for (const std::string& bytes :
         {sample_tar, gzip(sample_tar), gzip(sample_tar.substr(0, 1000)) + gzip(sample_tar.substr(1000))}) {
        const LayerFiles files = load_bytes(bytes);
        REQUIRE(files.entries.size() == 1);
        CHECK(files.entries.front().path == "/etc/large");
        CHECK(files.entries.front().fact.size == 300'000);
    }
}

TEST_CASE("a layer that is cut off or is no tar is an error") {
    const std::string packed = gzip(sample_tar);
    CHECK(holds(thrown_by([&] { load_bytes(packed.substr(0, packed.size() / 2)); }),
                "is not a readable tar: it ends too early"));
    CHECK(holds(thrown_by([&] { load_bytes("no tar"); }), "is not a readable tar"));
    CHECK(holds(thrown_by([&] { load_bytes(""); }), "is not a readable tar"));
}
