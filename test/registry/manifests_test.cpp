#include "registry/manifests.h"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "client_world.h"
#include "oci/layout.h"

using namespace registry;

namespace {

const std::string config =
    R"({"created":"2026-11-01T02:03:04Z","architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})";

std::string image_manifest() {
    const auto descriptor = [](const std::string& type, const Digest& digest, std::size_t size) {
        return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", type, digest.text(), size);
    };
    const std::string gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{},{}]}})", oci_manifest_type,
                       descriptor("application/vnd.oci.image.config.v1+json", sha256(config), config.size()),
                       descriptor(gzip, sha256("a"), 1), descriptor(gzip, sha256("b"), 1));
}

std::string index_of(const std::string& manifest) {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"os":"linux","architecture":"amd64"}}}}]}})",
        oci_index_type, oci_manifest_type, sha256(manifest).text(), manifest.size());
}

const std::string reference = "gcr.io/distroless/cc-debian12:nonroot";
const std::string base_url = "https://gcr.io/v2/distroless/cc-debian12/";

void serve(FakeWorld& fake, const std::string& top) {
    fake.http.stub("GET", base_url + "manifests/nonroot", 200, top);
    fake.http.stub("GET", base_url + "manifests/" + sha256(image_manifest()).text(), 200, image_manifest());
    fake.http.stub("GET", base_url + "blobs/" + sha256(config).text(), 307, "",
                   {{"Location", "https://storage.example/x"}});
    fake.http.stub("GET", "https://storage.example/x", 200, config);
}

}  // namespace

TEST_CASE("A reference is resolved to the digest of its index, its age and its layers") {
    ClientWorld fake;
    serve(fake, index_of(image_manifest()));
    const ResolvedReference named = resolve_reference(fake.client, reference, {"linux/amd64"});
    CHECK(named.digest == sha256(index_of(image_manifest())));
    CHECK(named.created == parse_time("2026-11-01T02:03:04Z"));
    CHECK(named.layers == std::map<std::string, std::size_t>{{"linux/amd64", 2}});
}

TEST_CASE("The storage that a registry redirects to gets no credentials") {
    ClientWorld fake({.credentials = {{"gcr.io", {"u", Secret("canary")}}}});
    serve(fake, index_of(image_manifest()));
    fake.http.stub("GET", "https://gcr.io/v2/", 200, "{}");
    resolve_reference(fake.client, reference, {"linux/amd64"});
    CHECK(fake.http.sent.back().url == "https://storage.example/x");
    CHECK(fake.http.sent.back().headers.empty());
}

TEST_CASE("A manifest that does not match its digest is an error") {
    ClientWorld fake;
    fake.http.stub("GET", base_url + "manifests/nonroot", 200, index_of(image_manifest()));
    fake.http.stub("GET", base_url + "manifests/" + sha256(image_manifest()).text(), 200, image_manifest() + " ");
    CHECK_THROWS_AS(resolve_reference(fake.client, reference, {"linux/amd64"}), Error);
}

TEST_CASE("A platform that the base lacks is reported") {
    ClientWorld fake;
    serve(fake, index_of(image_manifest()));
    const Error error = error_of([&] { resolve_reference(fake.client, reference, {"linux/amd64", "linux/s390x"}); });
    CHECK(error.problems.front().what == reference + " is not there for linux/s390x");
}

TEST_CASE("An image without an index has one platform and is rejected for others") {
    ClientWorld fake;
    serve(fake, image_manifest());
    CHECK(resolve_reference(fake.client, reference, {"linux/amd64"}).layers.at("linux/amd64") == 2);
    const Error error = error_of([&] { resolve_reference(fake.client, reference, {"linux/amd64", "linux/arm64"}); });
    CHECK(error.problems.front().what == reference + " is for linux/amd64, not for linux/arm64");
    CHECK(resolve_reference(fake.client, reference, {}).digest == sha256(image_manifest()));
}

TEST_CASE("The error for a missing tag names the reference and where it is configured") {
    ClientWorld fake;
    fake.http.stub("GET", "https://registry-1.docker.io/v2/library/python/manifests/3.99.0", 404);
    const Error error = error_of([&] { resolve_reference(fake.client, "python:3.99.0", {"linux/amd64"}); });
    CHECK(error.problems.front().what == "docker.io/library/python:3.99.0 is not there");
    CHECK(error.problems.front().hint == "check the version: image-matrix.json and the Dockerfile name it");
}
