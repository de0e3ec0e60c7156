// A bake in memory: writes the layouts that its file asks for, with BuildKit's provenance.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "fakes/fake_world.h"
#include "oci/layout.h"

inline std::string put_blob(FakeFiles& files, const std::filesystem::path& directory, const std::string& bytes) {
    files.texts[blob_path(directory, sha256(bytes))] = bytes;
    return R"("size": )" + std::to_string(bytes.size()) + R"(, "digest": ")" + sha256(bytes).text() + "\"";
}

inline const std::string manifest_type = R"("mediaType": "application/vnd.oci.image.manifest.v1+json", )";

/// A linux/amd64 layout of one image, as bake writes it, based on the images with these digests. `mark` makes its
/// digest unique.
inline void write_layout(FakeFiles& files, const std::filesystem::path& directory, const std::string& mark,
                         const std::vector<std::string>& sources = {}) {
    const std::string config =
        put_blob(files, directory, R"({"os": "linux", "architecture": "amd64", "mark": ")" + mark + "\"}");
    const std::string manifest =
        R"({"schemaVersion": 2, )" + manifest_type + R"("config": {)" + config + "}, \"layers\": []}";
    std::string materials;
    for (const std::string& digest : sources) {
        materials += (materials.empty() ? "" : ", ");
        materials += R"({"uri": "pkg:docker/some/image@1", "digest": {"sha256": ")" + digest.substr(7) + "\"}}";
    }
    const std::string statement = put_blob(files, directory,
                                           R"({"predicate": {"materials": [{"uri": "https://example.com/x"}, )" +
                                               (materials.empty() ? "{}" : materials) + "]}}");
    const std::string attestation = put_blob(
        files, directory,
        R"({"schemaVersion": 2, )" + manifest_type + R"("config": {)" + config + R"(}, "layers": [{)" + statement +
            R"(, "annotations": {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}}]})");
    files.texts[directory / "oci-layout"] = R"({"imageLayoutVersion": "1.0.0"})";
    files.texts[directory / "index.json"] =
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{)" +
        manifest_type + put_blob(files, directory, manifest) +
        R"(, "platform": {"os": "linux", "architecture": "amd64"}}, {)" + manifest_type + attestation +
        R"(, "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": ")" +
        sha256(manifest).text() + "\"}}]}";
}

/// A fake bake that builds the targets of its file; `more` are additional images that it reads.
inline FakeProcesses::Effect bake(FakeWorld& fake, const std::string& mark, const std::vector<std::string>& more = {}) {
    return [&fake, mark, more](const Command& command) {
        const rapidjson::Document file = parse_tool_json(fake.files.read(command.argv.at(3)), "bake file");
        for (const auto& target : member(file, "target").GetObject()) {
            std::vector<std::string> sources = more;
            for (const auto& context : member(target.value, "contexts").GetObject()) {
                const std::string text = text_of(context.value);
                sources.push_back(text.substr(text.find("@sha256:") + 1));
            }
            const std::string output = text_of(items_at(target.value, "output")[0]);
            const std::filesystem::path directory = output.substr(output.find("dest=") + 5);
            write_layout(fake.files, directory, mark + directory.filename().string(), sources);
        }
        return Finished{};
    };
}
