// A FakeWorld with both scanners installed, with databases, and with stubs for their commands.
#pragma once

#include <string>

#include "base/encoding.h"
#include "fakes/fake_world.h"
#include "oci/layout.h"
#include "scan/scan.h"

inline Finished ended(int exit_code, const std::string& err = "") {
    return {.exit_code = exit_code, .err = err};
}

/// Writes a linux/amd64 layout as BuildKit does, without attestations. Its one layer is `unpacked`.
inline Layout put_layout(FakeFiles& files, const std::string& image, std::string unpacked = "",
                         const std::string& packing = "tar+gzip") {
    const std::filesystem::path directory = "/out/images/" + image + "-linux-amd64";
    if (unpacked.empty()) unpacked = "the layer of " + image;
    const std::string layer = packing == "tar" ? unpacked : gzip(unpacked);
    const std::string config = R"({"os": "linux", "architecture": "amd64", "of": ")" + image +
                               R"(", "rootfs": {"diff_ids": [")" + sha256(unpacked).text() + "\"]}}";
    const auto descriptor = [](const std::string& type, const std::string& bytes) {
        return R"({"mediaType": "application/vnd.oci.image.)" + type + R"(", "digest": ")" + sha256(bytes).text() +
               R"(", "size": )" + std::to_string(bytes.size());
    };
    const std::string manifest =
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": )" +
        descriptor("config.v1+json", config) + R"(}, "layers": [)" + descriptor("layer.v1." + packing, layer) + "}]}";
    for (const std::string& blob : {layer, config, manifest}) files.texts[blob_path(directory, sha256(blob))] = blob;
    files.texts[directory / "oci-layout"] = R"({"imageLayoutVersion": "1.0.0"})";
    files.texts[directory / "index.json"] =
        render_index({{oci_manifest_type, sha256(manifest), manifest.size(), "linux/amd64", {}}}, {});
    return load_layout(files, directory, image, "linux/amd64");
}

inline const std::string trivy_report =
    R"({"SchemaVersion": 2, "Trivy": {"Version": "0.74.0"}, "ArtifactName": "../view", "ArtifactType": "container_image",
        "Metadata": {"OS": {"Family": "debian", "Name": "12.11"}, "ImageID": ")" +
    sha256("config").text() + R"(", "Layers": [{"Size": 2048}, {"Size": 1024}]}})";

inline const std::string grype_report =
    R"({"matches": [], "source": {"type": "image", "target": {"imageID": ")" + sha256("config").text() +
    R"(", "manifestDigest": ")" + sha256("manifest").text() +
    R"(", "architecture": "amd64"}}, "distro": {"name": "debian", "version": "12.11"},
        "descriptor": {"name": "grype", "version": "0.121.2", "db": {"status": {"schemaVersion": "v6.1.10", "built": "2026-11-23T06:00:00Z", "valid": true}}}})";

inline const std::string sbom =
    R"({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "operating-system", "name": "debian", "version": "12.11"},
        {"type": "library", "name": "libc6", "purl": "pkg:deb/debian/libc6@2.36", "version": "2.36"}, {"type": "application", "name": "python", "version": "3.13.3"},
        {"type": "application", "name": "usr/local/bin/uv"}, {"type": "file", "name": "/usr/bin/tini"}]})";

inline ScanSettings scan_settings() {
    ScanSettings settings;
    settings.databases = "/db";
    settings.scans = "/out/scans";
    return settings;
}

/// Both scanners with their databases.
struct ScannerWorld : FakeWorld {
    ScannerWorld() {
        files.texts["/db/trivy/db/metadata.json"] =
            R"({"Version": 2, "NextUpdate": "2026-11-24T06:00:00Z", "UpdatedAt": "2026-11-23T06:00:00Z", "DownloadedAt": "2026-11-23T07:00:00Z"})";
        files.texts["/db/trivy/source"] = "mirror.example/trivy-db:2\n";
        processes.stub({"trivy", "version"}, R"({"Version": "0.74.0"})");
        processes.stub({"grype", "version"}, R"({"application": "grype", "version": "0.121.2"})");
        processes.stub(
            {"grype", "-c", "empty.yaml", "db", "status"},
            R"({"schemaVersion": "v6.1.10", "from": "https://grype.example/db.tar.zst", "built": "2026-11-23T06:00:00Z", "path": "/db/grype/6/vulnerability.db", "valid": true})");
    }

    /// The scanners write these texts to the directory in which they run.
    void scanners_write(const std::string& trivy, const std::string& grype) {
        processes.stub_with({"trivy", "image", "--scanners"}, leave({{"trivy.json", trivy}}));
        processes.stub_with({"trivy", "convert"}, leave({{"trivy.cdx.json", sbom}}));
        processes.stub_with({"grype", "-q"}, leave({{"grype.json", grype}, {"grype.cdx.json", sbom}}));
    }

    /// Scans 3.13.3-production; the scanners leave these reports.
    std::vector<Receipt> scan(const std::string& trivy = trivy_report, const std::string& grype = grype_report,
                              const ScanSettings& settings = scan_settings()) {
        scanners_write(trivy, grype);
        return run_scans(world(), {put_layout(files, "3.13.3-production")}, settings);
    }

    FakeProcesses::Effect leave(std::map<std::string, std::string> texts) {
        return [this, texts](const Command& command) {
            for (const auto& [name, text] : texts) files.write(command.directory / name, text);
            return Finished{};
        };
    }
};
