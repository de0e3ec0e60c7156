// A push to master of a repository on the fake GitHub, with built images in the in-memory work tree, both scanners, and
// a registry that serves what was published.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <string>

#include "base/encoding.h"
#include "base/json.h"
#include "commands/built_images.h"
#include "commands/commands.h"
#include "contract/contract.h"
#include "github/fake_github.h"
#include "pipeline/contract_tests.h"

struct GitHubWorld : BuiltWorld {
    FakeGitHub hub;
    std::string finding;               ///< an id that both scanners report for every image from now on; empty: none
    std::string finding_in_published;  ///< the same for images fetched for a comparison, if different
    bool fixed = true;                 ///< there is a fix for it
    bool of_debian = true;             ///< it is in a Debian package, otherwise in a Python package
    std::string libc6 = "2.36-9";      ///< the version that both scanners list in every image from now on
    std::string libc6_in_published;    ///< the same for images fetched for a comparison, if different
    bool lists_python = true;          ///< Grype lists the interpreter, from now on
    bool scanners_work = true;
    std::filesystem::path published = "elsewhere";  ///< the directory that the registry serves
    int missing_status = 404;                       ///< the registry's response for what it does not have
    std::string refused_tag;                        ///< the registry refuses every request for it (400)
    bool heads_get_404 = false;                     ///< the registry responds to every HEAD with 404
    std::set<std::string> lost_tags;
    std::set<Digest> lost_manifests;
    std::string silent_host;  ///< the registry of this name does not respond

    explicit GitHubWorld(const std::string& event = "push") {
        environment.erase("HOME");  // no cached scans: these scanners report what the test sets, whatever the database
        environment.insert(
            {{"GITHUB_ACTIONS", "true"},
             {"GITHUB_EVENT_NAME", event},
             {"GITHUB_REF", "refs/heads/master"},
             {"GITHUB_REPOSITORY", "defra/images"},
             {"GITHUB_EVENT_PATH", "/event"},
             {"GITHUB_SERVER_URL", "https://github.com"},
             {"GITHUB_API_URL", "https://api.github.example"},
             {"GITHUB_RUN_ID", "7"},
             {"GITHUB_WORKFLOW_REF", "defra/images/.github/workflows/nightly-scan.yml@refs/heads/master"},
             {"GITHUB_SHA", std::string(40, 'a')}});
        files.texts["/event"] = R"({"repository":{"full_name":"defra/images","default_branch":"master","fork":false}})";
        hub.base = "https://api.github.example";
        for (const char* method : {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"})
            http.stub_with(method, "*", [this](const Request& request) { return respond(request); });
        tell_scanners();
    }

    GitHubWorld(const GitHubWorld&) = delete;
    GitHubWorld& operator=(const GitHubWorld&) = delete;

    /// At the end of every test: no output of the program contains the token, except the one header.
    ~GitHubWorld() {
        const auto check = [](const std::string& text) { CHECK_FALSE(holds(text, "canary")); };
        for (const Request& request : http.sent) check(request.url + request.body);
        for (const Command& command : processes.ran) check(render_command(command));
        for (const auto& [path, text] : files.texts) check(text);
        for (const std::string& body : hub.bodies) check(body);
        for (const FakeGitHub::FakeAnalysis& analysis : hub.analyses) check(analysis.text);
        check(log.str() + out.str());
    }

    Settings settings(std::map<std::string, std::string> given = {}) {
        given.insert({{"token", hub.token}, {"databases", "/db"}, {"contract", "off"}});
        return parse_settings(given);
    }

    /// From now on the event is a pull request within the repository.
    void start_pull_request() {
        environment["GITHUB_EVENT_NAME"] = "pull_request";
        environment["GITHUB_REF"] = "refs/pull/41/merge";
        files.texts["/event"] =
            R"({"repository":{"full_name":"defra/images","default_branch":"master","fork":false},
                "pull_request":{"head":{"repo":{"full_name":"defra/images"}}}})";
    }

    /// The results of `test` for the check "stop" of all images. `about` precedes their digests.
    void put_contracts(RowResult result, const std::string& about = "", const std::string& contract = "") {
        files.texts[std::filesystem::read_symlink("/proc/self/exe")] = "this program";
        for (const std::string& image : built_images) {
            const std::string name = image + "-linux-amd64";
            const Layout layout = load_layout(files, "out/images/" + name, image, "linux/amd64");
            files.texts["out/tests/" + name + ".json"] =
                render_contract_json({.name = name,
                                      .manifest = about + layout.manifest.text(),
                                      .rows = {{.id = "stop",
                                                .check = "it stops",
                                                .expected = "143",
                                                .found = "137",
                                                .result = result,
                                                .because = ""}},
                                      .contract = contract,
                                      .key = key_of_program(world()) + name,
                                      .tested_by = "https://github.com/defra/images/actions/runs/6"});
        }
    }

    /// Makes HEAD the commit that is this digit 40 times; before that there is no git.
    void check_out(char commit) {
        processes.stub({"git", "-c", "safe.directory=*", "rev-parse", "--verify"}, std::string(40, commit));
    }

    /// Builds, scans and publishes to a directory, which the registry then serves as Docker Hub.
    Result publish() {
        run_scan(world(), settings());
        const Result result = run_publish(world(), settings({{"to", "oci:" + published.string()}}));
        std::string& journal = files.texts["out/publication.json"];
        const std::string directory = "oci:" + published.string();
        if (const std::size_t at = journal.find(directory); at != std::string::npos)
            journal.replace(at, directory.size(), "docker.io");
        return result;
    }

    // The contents of a release, and how to change them
    // -----------------------------------------------------------------

    std::string& file_of_release(const std::string& name) {
        for (FakeGitHub::FileOfRelease& file : hub.releases.front().files) {
            if (file.name == name) return file.content;
        }
        throw std::logic_error("the release has no " + name);
    }

    /// Replaces a file of the release and updates its checksums.
    void replace_file(const std::string& name, const std::string& content) {
        const std::string hex(sha256(file_of_release(name)).hex());
        std::string& sums = file_of_release("checksums.txt");
        sums.replace(sums.find(hex), hex.size(), sha256(content).hex());
        file_of_release(name) = content;
    }

    void change_record(const std::string& from, const std::string& to) {
        std::string record = file_of_release("publication.json");
        REQUIRE(holds(record, from));
        replace_file("publication.json", record.replace(record.find(from), from.size(), to));
    }

    /// Within the archive; with the same number of bytes, since the archive has the sizes of its files.
    void change_evidence(const std::string& from, const std::string& to) {
        REQUIRE(from.size() == to.size());
        std::string archive = gunzip(file_of_release("evidence.tar.gz"), "evidence", 100'000'000);
        REQUIRE(holds(archive, from));
        replace_file("evidence.tar.gz", gzip(archive.replace(archive.find(from), from.size(), to)));
    }

    /// The index that a tag names, and its one image.
    std::pair<Digest, Digest> published_digests(const std::string& repository, const std::string& tag) {
        const std::filesystem::path directory = published / "defradigital" / repository;
        for (const Descriptor& entry : parse_manifest(files.read(directory / "index.json"), tag).children) {
            if (entry.annotations.at("org.opencontainers.image.ref.name") != tag) continue;
            return {entry.digest,
                    parse_manifest(files.read(blob_path(directory, entry.digest)), tag).children.at(0).digest};
        }
        throw std::logic_error("nothing has the tag " + tag);
    }

  private:
    Response respond(const Request& request) {
        const std::string body = request.body_file.empty() ? request.body : files.read(request.body_file);
        const std::string registry = "https://registry-1.docker.io/v2/";
        if (!silent_host.empty() && request.url.starts_with("https://" + silent_host + "/"))
            throw Error{Exit::failed, request.method + " " + request.url + ": connection refused", ""};
        if (!refused_tag.empty() && request.url.ends_with("/manifests/" + refused_tag)) return {400, {}, "refused"};
        if (request.url.starts_with(registry) && request.method == "HEAD" && heads_get_404) return {404, {}, ""};
        if (request.url.starts_with(registry) && request.method == "POST") return {202, {}, ""};  // an upload may start
        if (request.url.starts_with(registry)) return serve(request.url.substr(registry.size()));
        return hub.respond(request.method, request.url, request.headers, body);
    }

    /// "defradigital/python/manifests/1.0.0-python3.13.3", "defradigital/python/blobs/sha256:…"
    Response serve(const std::string& path) {
        const bool blob = path.find("/blobs/") != std::string::npos;
        const std::string middle = blob ? "/blobs/" : "/manifests/";
        const std::filesystem::path directory = published / path.substr(0, path.find(middle));
        const std::string name = path.substr(path.find(middle) + middle.size());
        std::optional<Digest> digest = Digest::parse(name);
        // Several fetches run in parallel: do not read the map itself.
        const std::optional<std::string> tags = files.read_if_there(directory / "index.json");
        if (!digest && !lost_tags.contains(name) && tags) {
            for (const Descriptor& entry : parse_manifest(*tags, name).children) {
                if (entry.annotations.at("org.opencontainers.image.ref.name") == name) digest = entry.digest;
            }
        }
        const std::optional<std::string> bytes = digest && !lost_manifests.contains(*digest)
                                                     ? files.read_if_there(blob_path(directory, *digest))
                                                     : std::nullopt;
        if (!bytes) return {missing_status, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})"};
        return {200, {{"Docker-Content-Digest", digest->text()}}, *bytes};
    }

    /// Like the real scanners, they read the one image in ../view.
    void tell_scanners() {
        files.texts["/db/trivy/db/metadata.json"] = R"({"Version": 2, "UpdatedAt": "2026-11-23T06:00:00Z"})";
        processes.stub({"trivy", "version"}, R"({"Version": "0.74.0"})");
        processes.stub({"grype", "version"}, R"({"application": "grype", "version": "0.121.2"})");
        processes.stub({"grype", "-c", "empty.yaml", "db", "status"},
                       R"({"schemaVersion": "v6", "from": "x", "built": "2026-11-23T06:00:00Z", "valid": true})");
        processes.stub_with({"trivy", "image", "--scanners"}, [this](const Command& c) {
            const bool other = is_of_published(c) && !finding_in_published.empty();
            return leave(c, "trivy.json",
                         trivy_report("container_image", image_in_view(c).second.text(),
                                      other ? finding_in_published : finding, unpacked_in_view(c)));
        });
        processes.stub_with({"trivy", "convert"},
                            [this](const Command& c) { return leave(c, "trivy.cdx.json", sbom_of(c)); });
        processes.stub_with({"trivy", "sbom"}, [this](const Command& c) {
            return leave(c, "trivy.json", trivy_report("cyclonedx", "", finding, 0));
        });
        processes.stub_with({"grype", "-q", "-c", "empty.yaml", "sbom:grype.cdx.json"},
                            [this](const Command& c) { return leave(c, "grype.json", grype_report("", "")); });
        processes.stub_with({"grype", "-q"}, [this](const Command& c) {
            leave(c, "grype.cdx.json", sbom_of(c, lists_python ? interpreter : ""));
            const auto [manifest, config] = image_in_view(c);
            return leave(c, "grype.json", grype_report(config.text(), manifest.text()));
        });
    }

    static bool is_of_published(const Command& command) {
        return command.directory.string().find("out/published") != std::string::npos;
    }

    /// Only Grype lists it.
    static constexpr const char* interpreter =
        R"(, {"type": "application", "name": "python", "purl": "pkg:generic/python", "version": "3.13.3"})";

    std::string sbom_of(const Command& command, const std::string& more = "") const {
        const bool other = is_of_published(command) && !libc6_in_published.empty();
        return R"({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "library", "name": "libc6", "purl": "pkg:deb/debian/libc6", "version": ")" +
               (other ? libc6_in_published : libc6) + "\"}" + more + "]}";
    }

    Finished leave(const Command& command, const std::string& name, const std::string& text) {
        if (!scanners_work)
            return {.exit_code = 1, .timed_out = false, .out = "", .err = "FATAL no database", .truncated = false};
        files.write(command.directory / name, text);
        return {};
    }

    std::pair<Digest, Digest> image_in_view(const Command& command) {
        const std::filesystem::path view = command.directory.parent_path() / "view";
        const Descriptor image = parse_manifest(files.read(view / "index.json"), "view").children.at(0);
        return {image.digest, parse_manifest(files.read(blob_path(view, image.digest)), "image").config->digest};
    }

    /// A thousand times its packed size.
    std::uint64_t unpacked_in_view(const Command& command) {
        const std::filesystem::path view = command.directory.parent_path() / "view";
        std::uint64_t size = 0;
        for (const Descriptor& layer :
             parse_manifest(files.read(blob_path(view, image_in_view(command).first)), "image").layers)
            size += 1000 * layer.size;
        return size;
    }

    std::string trivy_finding(const std::string& id) const {
        if (id.empty()) return "";
        const std::string fix = fixed ? R"("FixedVersion": "3.0.16", "Status": "fixed")" : R"("Status": "affected")";
        return R"({"VulnerabilityID": ")" + id + R"(", "PkgName": "libssl3", "InstalledVersion": "3.0.15", )" + fix +
               R"(, "Severity": "HIGH", "Title": "@octocat <script>"})";
    }

    /// The scanners report nothing about the image of an SBOM.
    std::string trivy_report(const std::string& type, const std::string& config, const std::string& id,
                             std::uint64_t unpacked) const {
        const std::string kind =
            std::string(R"("Class": "os-pkgs", "Type": "debian", "Packages": [{"Name": "libc6", "Version": "2.36"}])") +
            (of_debian ? "" : R"(}, {"Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg")");
        return R"({"SchemaVersion": 2, "Trivy": {"Version": "0.74.0"}, "ArtifactName": "../view", "ArtifactType": ")" +
               type + R"(", "Metadata": {"OS": {"Family": "debian", "Name": "12.11"}, "ImageID": ")" + config +
               R"(", "Layers": [{"Size": )" + std::to_string(unpacked) + R"(}]}, "Results": [{"Target": "debian", )" +
               kind + R"(, "Vulnerabilities": [)" + trivy_finding(id) + "]}]}";
    }

    static std::string grype_report(const std::string& config, const std::string& manifest) {
        return R"({"matches": [], "source": {"type": "image", "target": {"imageID": ")" + config +
               R"(", "manifestDigest": ")" + manifest +
               R"(", "architecture": "amd64"}}, "distro": {"name": "debian", "version": "12.11"}, "descriptor": {"name": "grype",
            "version": "0.121.2", "db": {"status": {"schemaVersion": "v6", "built": "2026-11-23T06:00:00Z", "valid": true}}}})";
    }
};
