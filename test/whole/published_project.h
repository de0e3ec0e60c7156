// For tests that publish.
#pragma once

#include "registry/docker_registry.h"
#include "whole/project.h"

inline constexpr const char* image = "3.13.5-production";
inline constexpr const char* layout_name = "3.13.5-production-linux-amd64";
inline constexpr const char* version_tag = "1.0.0-python3.13.5";

/// One image on stand-in bases, built and scanned, and a real registry.
struct PublishedProject {
    Project project;
    DockerRegistry registry;

    PublishedProject() { project.copy_finished_run(); }

    Finished publish(std::vector<std::string> more = {}) {
        std::vector<std::string> options = {"--only",          image,         "--to",
                                            registry.host(),   "--databases", sample_databases("green").string(),
                                            "--allow-stand-in"};
        options.insert(options.end(), more.begin(), more.end());
        return project.run("publish", options);
    }

    std::string repository() const { return registry.host() + "/defradigital/python"; }

    /// The digest that skopeo reads; empty if there is no such tag.
    std::string digest_of(const std::string& tag) { return digest_at(repository() + ":" + tag); }

    std::string digest_at(const std::string& reference) {
        const Finished seen =
            project.start({"skopeo", "inspect", "--tls-verify=false", "--raw", "docker://" + reference});
        return seen.exit_code == 0 ? sha256(seen.out).text() : "";
    }

    void succeed(const std::vector<std::string>& argv) { require_success(project.start(argv)); }

    Layout built() {
        return load_layout(project.real.files, project.tree / "out/images" / layout_name, image, "linux/amd64");
    }
};
