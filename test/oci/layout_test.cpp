#include "oci/layout.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "fakes/fake_files.h"

namespace {

const std::string directory = "out/images/3.13.3-production-linux-amd64";
const std::string changed_hint =
    "\n  hint: the layout was changed or cut short after the build: build the image again\n";

/// An in-memory layout, initially empty.
struct Box {
    FakeFiles files;

    Descriptor add(const std::string& bytes, const std::string& media_type, const std::string& platform = "") {
        const Digest digest = sha256(bytes);
        files.texts[blob_path(directory, digest)] = bytes;
        return {media_type, digest, bytes.size(), platform, {}};
    }

    /// An image with two layers. `mark` makes it differ from others.
    Descriptor add_image(const std::string& architecture, const std::string& mark = "",
                         const std::string& variant = "") {
        const std::string more = variant.empty() ? "" : ", \"variant\": \"" + variant + "\"";
        const Descriptor config = add("{\"architecture\": \"" + architecture + "\", \"os\": \"linux\"" + more +
                                          R"(, "rootfs": {"diff_ids": [")" + sha256("below").text() + R"(", ")" +
                                          sha256("above").text() + "\"]}, \"mark\": \"" + mark + "\"}",
                                      "application/vnd.oci.image.config.v1+json");
        const Descriptor below = add("layer shared by all", "application/vnd.oci.image.layer.v1.tar+gzip");
        const Descriptor above = add("layer of " + architecture + mark, "application/vnd.oci.image.layer.v1.tar+gzip");
        Descriptor image = add(manifest_text(config, {below, above}), oci_manifest_type);
        image.platform = "linux/" + architecture + (variant.empty() ? "" : "/" + variant);
        return image;
    }

    /// BuildKit's attestation manifest for an image.
    Descriptor add_attestation(const Descriptor& image) {
        const Descriptor config =
            add("{\"architecture\": \"unknown\", \"os\": \"unknown\"}", "application/vnd.oci.image.config.v1+json");
        const Descriptor statement =
            add("in-toto statement about " + image.digest.text(), "application/vnd.in-toto+json");
        Descriptor attestation = add(manifest_text(config, {statement}), oci_manifest_type, "unknown/unknown");
        attestation.annotations = {{"vnd.docker.reference.digest", image.digest.text()},
                                   {"vnd.docker.reference.type", "attestation-manifest"}};
        return attestation;
    }

    Descriptor add_index(const std::vector<Descriptor>& children) {
        return add(render_index(children, {}), oci_index_type);
    }

    void finish(std::vector<Descriptor> entries) {
        for (Descriptor& entry : entries) {
            entry.annotations["org.opencontainers.image.created"] = "2026-11-23T17:50:00Z";
            entry.annotations["io.containerd.image.name"] = "docker.io/library/x:latest";
        }
        files.texts[directory + "/oci-layout"] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        files.texts[directory + "/index.json"] = render_index(entries, {});
    }

    Layout load(const std::string& platform = "linux/amd64") {
        return load_layout(files, directory, "3.13.3-production", platform);
    }

    std::string message(const std::string& platform = "linux/amd64") {
        return thrown_by([&] { load(platform); });
    }

  private:
    static std::string manifest_text(const Descriptor& config, const std::vector<Descriptor>& layers) {
        std::string text = "{\"schemaVersion\": 2, \"mediaType\": \"" + std::string(oci_manifest_type) +
                           "\", \"config\": " + text_of(config) + ", \"layers\": [";
        for (const Descriptor& layer : layers) text += (text.back() == '[' ? "" : ", ") + text_of(layer);
        return text + "]}";
    }

    static std::string text_of(const Descriptor& one) {
        return "{\"mediaType\": \"" + one.media_type + "\", \"digest\": \"" + one.digest.text() +
               "\", \"size\": " + std::to_string(one.size) + "}";
    }
};

std::string path_of(const Digest& digest) {
    return directory + "/blobs/sha256/" + std::string(digest.hex());
}

}  // namespace

TEST_CASE("a layout by BuildKit with provenance: an index of an image and its attestation") {
    Box box;
    const Descriptor image = box.add_image("amd64");
    const Descriptor attestation = box.add_attestation(image);
    box.finish({box.add_index({image, attestation})});
    const Layout layout = box.load();
    CHECK(layout.name == "3.13.3-production-linux-amd64");
    CHECK(layout.image == "3.13.3-production");
    CHECK(layout.platform == "linux/amd64");
    CHECK(layout.directory == directory);
    CHECK(layout.manifest == image.digest);
    CHECK(layout.manifest_descriptor.digest == image.digest);
    CHECK(layout.manifest_descriptor.size == image.size);
    CHECK(layout.manifest_descriptor.platform == "linux/amd64");
    REQUIRE(layout.layers.size() == 2);
    CHECK(layout.layers[0].digest == sha256("layer shared by all"));
    CHECK(layout.layers[1].digest == sha256("layer of amd64"));
    REQUIRE(layout.attestations.size() == 1);
    CHECK(layout.attestations[0].digest == attestation.digest);
    CHECK(layout.attestations[0].annotations == attestation.annotations);
    CHECK(layout.config == sha256(load_config(box.files, layout)));
}

TEST_CASE("a flat layout lists the image in index.json; the platform is in its configuration") {
    Box box;
    Descriptor image = box.add_image("arm64", "", "v8");
    image.platform.clear();
    box.finish({image});
    const Layout layout = box.load("linux/arm64");
    CHECK(layout.manifest == image.digest);
    CHECK(layout.manifest_descriptor.platform == "linux/arm64");
    CHECK(layout.manifest_descriptor.annotations
              .empty());  // those of the layout include the time of the build and do not belong to the image
    CHECK(layout.attestations.empty());
}

TEST_CASE("a flat layout may list the attestation beside the image") {
    Box box;
    const Descriptor image = box.add_image("amd64");
    box.finish({image, box.add_attestation(image)});
    const Layout layout = box.load();
    CHECK(layout.manifest == image.digest);
    REQUIRE(layout.attestations.size() == 1);
    CHECK(layout.attestations[0].annotations.size() == 2);
}

TEST_CASE("of several platforms the requested one is loaded, with its own attestation") {
    Box box;
    const Descriptor amd64 = box.add_image("amd64");
    const Descriptor arm64 = box.add_image("arm64");
    const Descriptor about_amd64 = box.add_attestation(amd64);
    const Descriptor about_arm64 = box.add_attestation(arm64);
    box.finish({box.add_index({amd64, arm64, about_amd64, about_arm64})});
    const Layout layout = box.load("linux/arm64");
    CHECK(layout.name == "3.13.3-production-linux-arm64");
    CHECK(layout.manifest == arm64.digest);
    REQUIRE(layout.attestations.size() == 1);
    CHECK(layout.attestations[0].digest == about_arm64.digest);
    CHECK(box.message("linux/s390x") ==
          directory + ": the layout holds no image for linux/s390x\n  hint: it holds linux/amd64, linux/arm64\n");
}

TEST_CASE("an image is found through its index, also if index.json names other ones") {
    Box box;
    const Descriptor image = box.add_image("amd64");
    const Descriptor attestation = box.add_attestation(image);
    const Descriptor index = box.add_index({image, attestation});
    box.finish({box.add_index({box.add_image("amd64", "newer")})});
    const Layout layout = load_indexed_layout(box.files, directory, index.digest, "3.13.3-production", "linux/amd64");
    CHECK(layout.manifest == image.digest);
    CHECK(layout.attestations.size() == 1);
}

TEST_CASE("an image listed twice counts once; two images for a platform are rejected") {
    Box box;
    const Descriptor one = box.add_image("amd64");
    box.finish({box.add_index({one}), one, one});
    CHECK(box.load().manifest == one.digest);
    box.finish({box.add_index({one}), box.add_image("amd64", "other")});
    CHECK(box.message() ==
          directory +
              ": the layout holds 2 images for linux/amd64\n"
              "  hint: a scanner would silently take one of them: give each image a layout of its own\n");
}

TEST_CASE("a missing or empty layout is reported") {
    Box box;
    CHECK(box.message() == directory + ": there is no OCI layout\n  hint: build the image first\n");
    box.finish({});
    CHECK(box.message() ==
          directory +
              ": the layout holds no image for linux/amd64\n  hint: it holds none at all: build the image again\n");
    box.files.texts[directory + "/index.json"] = "{}";
    CHECK(box.message() == directory + "/index.json is neither an image manifest nor an index\n");
}

TEST_CASE("a missing or changed manifest is an error") {
    Box box;
    const Descriptor image = box.add_image("amd64");
    const Descriptor index = box.add_index({image});
    box.finish({index});
    const std::string bytes = box.files.texts[path_of(image.digest)];
    box.files.texts[path_of(image.digest)] = bytes + " ";
    CHECK(box.message() == path_of(image.digest) + ": the bytes are not what their name says" + changed_hint);
    box.files.remove(path_of(image.digest));
    CHECK(box.message() == path_of(image.digest) + ": this blob is missing" + changed_hint);
    box.files.remove(path_of(index.digest));
    CHECK(box.message() == path_of(index.digest) + ": this blob is missing" + changed_hint);
}

TEST_CASE("the depth of nested indexes is limited") {
    Box box;
    Descriptor inner = box.add_image("amd64");
    for (int depth = 0; depth < 8; ++depth) inner = box.add_index({inner});
    box.finish({inner});
    CHECK(box.message() == "no error");
    box.finish({box.add_index({inner})});
    CHECK(box.message() == directory + ": the indexes are nested too deep\n");
}

TEST_CASE("an index with the media type of an image is reported") {
    Box box;
    Descriptor index = box.add_index({});
    index.media_type = oci_manifest_type;
    index.platform = "linux/amd64";
    box.finish({index});
    CHECK(box.message() == path_of(index.digest) + ": this is an index, but is named as an image" + changed_hint);
    index.platform.clear();
    box.finish({index});
    CHECK(box.message() == path_of(index.digest) + ": this is an index, but is named as an image" + changed_hint);
}

TEST_CASE("every blob of an image and of its attestations is hashed") {
    Box box;
    const Descriptor image = box.add_image("amd64");
    const Descriptor attestation = box.add_attestation(image);
    box.finish({box.add_index({image, attestation})});
    const Layout layout = box.load();
    CHECK(check_blobs(box.files, layout).empty());
    const Digest statement = sha256("in-toto statement about " + image.digest.text());
    for (const Digest& blob : {image.digest, layout.config, layout.layers[0].digest, layout.layers[1].digest,
                               attestation.digest, statement}) {
        const std::string bytes = box.files.texts[path_of(blob)];
        box.files.texts[path_of(blob)] = "swapped for another valid layer";
        CHECK(render_problems(check_blobs(box.files, layout)) ==
              path_of(blob) + ": the bytes are not what their name says" + changed_hint);
        box.files.remove(path_of(blob));
        CHECK(render_problems(check_blobs(box.files, layout)) ==
              path_of(blob) + ": this blob is missing" + changed_hint);
        box.files.texts[path_of(blob)] = bytes;
    }
    box.files.remove(path_of(layout.layers[0].digest));
    box.files.remove(path_of(statement));
    CHECK(check_blobs(box.files, layout).size() == 2);
}

TEST_CASE("the configuration names what each layer is when it is unpacked") {
    Box box;
    box.finish({box.add_image("amd64")});
    Layout layout = box.load();
    CHECK(load_diff_ids(box.files, layout) == std::vector<Digest>{sha256("below"), sha256("above")});
    layout.layers.pop_back();
    CHECK(thrown_by([&] { load_diff_ids(box.files, layout); }) ==
          path_of(layout.config) + ": this configuration does not name every layer\n");
}

TEST_CASE("a view of a layout has one image and its blobs, with layers from elsewhere") {
    Box box;
    const Descriptor amd64 = box.add_image("amd64");
    const Descriptor arm64 = box.add_image("arm64");
    box.finish({box.add_index({amd64, arm64, box.add_attestation(arm64)})});
    const Layout layout = box.load("linux/arm64");
    for (const Descriptor& layer : layout.layers)
        box.files.texts["out/layers/" + std::string(layer.digest.hex())] = "unpacked";
    write_single_image_view(box.files, layout, "out/layers", "out/view");
    CHECK(box.files.names_in("out/view") == std::vector<std::string>{"blobs", "index.json", "oci-layout"});
    CHECK(box.files.names_in("out/view/blobs/sha256").size() == 4);
    CHECK(box.files.read("out/view/oci-layout") == "{\"imageLayoutVersion\":\"1.0.0\"}\n");
    const Layout view = load_layout(box.files, "out/view", "3.13.3-production", "linux/arm64");
    CHECK(view.manifest == arm64.digest);
    for (const Descriptor& layer : view.layers)
        CHECK(box.files.read(blob_path("out/view", layer.digest)) == "unpacked");
    const Manifest index = parse_manifest(box.files.read("out/view/index.json"), "view");
    REQUIRE(index.children.size() == 1);
    CHECK(index.children[0].digest == arm64.digest);
    CHECK(index.children[0].platform == "linux/arm64");
}

TEST_CASE("the architecture of a platform matches the configuration, without the variant") {
    CHECK(architecture_of("linux/amd64") == "amd64");
    CHECK(architecture_of("linux/arm/v7") == "arm");
    CHECK(architecture_of("linux").empty());
}
