// The docker commands for tests. The images and containers have names of their own and are removed at the end.
#pragma once

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "whole/project.h"

/// The layout of a stand-in base.
inline fs::path stand_in_layout(const std::string& reference) {
    std::ifstream file(cache_directory() / "stand-ins/bases.json");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return text_at(member(parse_tool_json(text, "bases.json"), reference), "layout");
}

struct Docker {
    Project& project;
    std::string id = "python-image-action-services-" + std::to_string(getpid());
    fs::path directory = fs::temp_directory_path() / id;  ///< a name that needs no quoting
    std::vector<std::string> containers;
    std::set<std::string> images;

    explicit Docker(Project& on) : project(on) {
        fs::create_directories(directory / "config/cli-plugins");
        fs::create_symlink(cache_directory() / "bin/docker-buildx", directory / "config/cli-plugins/docker-buildx");
        project.real.environment["DOCKER_CONFIG"] = (directory / "config").string();
    }
    Docker(const Docker&) = delete;
    Docker& operator=(const Docker&) = delete;
    ~Docker() {
        if (!containers.empty()) {
            std::vector<std::string> argv = {"docker", "rm", "--force", "--volumes"};
            argv.insert(argv.end(), containers.begin(), containers.end());
            project.start(argv);
        }
        // Each removal waits until the engine has collected its garbage; those that wait together wait for one
        // collection.
        std::vector<std::jthread> removals;
        for (const std::string& image : images) {
            removals.emplace_back([this, image] {
                Command removal;
                removal.argv = {"docker", "rmi", "--force", image};
                removal.environment = project.real.environment;
                project.real.processes.run(removal);  // no check: Catch2's belong to one thread
            });
        }
        removals.clear();
        fs::remove_all(directory);
    }

    /// The name of an image of this test.
    std::string name(const std::string& image) {
        const std::string whole = id + ":" + image;
        images.insert(whole);
        return whole;
    }

    /// The option that replaces an image named in a Dockerfile by a layout.
    std::vector<std::string> context(const std::string& reference, const fs::path& layout) {
        const rapidjson::Document index = parse_tool_json(project.real.files.read(layout / "index.json"), "index.json");
        const fs::path link = directory / std::to_string(std::hash<std::string>{}(layout.string()));
        if (!fs::exists(link)) fs::create_directory_symlink(layout, link);
        return {"--build-context", reference + "=oci-layout://" + link.string() + "@" +
                                       text_at(items_at(index, "manifests")[0], "digest")};
    }

    Finished succeed(const std::vector<std::string>& argv) {
        Finished finished = project.start(argv);
        require_success(finished);
        return finished;
    }

    void build(const fs::path& context, const std::vector<std::string>& options) {
        std::vector<std::string> argv = {"docker", "build", "--progress=plain", "--secret",
                                         "id=ca,src=/etc/ssl/certs/ca-certificates.crt"};
        argv.insert(argv.end(), options.begin(), options.end());
        argv.push_back(context.string());
        succeed(argv);
    }

    Finished run(const std::vector<std::string>& words) {
        std::vector<std::string> argv = {"docker", "run"};
        argv.insert(argv.end(), words.begin(), words.end());
        return project.start(argv);
    }

    /// Starts it in the background; returns the id of the container.
    std::string start(const std::vector<std::string>& words) {
        std::vector<std::string> argv = {"docker", "run", "--detach"};
        argv.insert(argv.end(), words.begin(), words.end());
        containers.push_back(std::string(trimmed(succeed(argv).out)));
        return containers.back();
    }

    /// Until it ends by itself: its exit code and what it printed.
    Finished wait(const std::string& container) {
        const std::string code = succeed({"docker", "wait", container}).out;
        Finished ended = succeed({"docker", "logs", container});
        ended.exit_code = std::stoi(code);
        return ended;
    }

    /// The host and port of a published port, such as "127.0.0.1:49153".
    std::string address(const std::string& container, const std::string& port) {
        return std::string(trimmed(succeed({"docker", "port", container, port}).out));
    }

    std::string get(const std::string& container, const std::string& port, const std::string& path) {
        return succeed({"curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--retry", "60",
                        "--retry-delay", "1", "--retry-all-errors", "http://" + address(container, port) + path})
            .out;
    }

    void stop(const std::string& container) { succeed({"docker", "stop", container}); }

    std::string exit_code(const std::string& container) {
        return std::string(trimmed(succeed({"docker", "inspect", "--format", "{{.State.ExitCode}}", container}).out));
    }

    std::string logs(const std::string& container) {
        const Finished logs = project.start({"docker", "logs", container});
        return logs.out + logs.err;
    }

    /// The CycloneDX SBOMs of an image, one by each scanner.
    std::vector<std::string> list_packages(const fs::path& layout) {
        project.real.environment["GRYPE_DB_CACHE_DIR"] = (sample_databases("green") / "grype").string();
        for (const char* off : {"GRYPE_DB_AUTO_UPDATE", "GRYPE_DB_VALIDATE_AGE", "GRYPE_CHECK_FOR_APP_UPDATE"})
            project.real.environment[off] = "false";
        return {succeed({"trivy", "image", "--quiet", "--cache-dir", (directory / "trivy").string(), "--offline-scan",
                         "--skip-version-check", "--format", "cyclonedx", "--input", layout.string()})
                    .out,
                succeed({"grype", "-q", "oci-dir:" + layout.string(), "-o", "cyclonedx-json"}).out};
    }
};
