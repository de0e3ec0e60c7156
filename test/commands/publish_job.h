// Four built and scanned images on disk, to publish with the real program.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>
#include <vector>

#include "commands/github_world.h"
#include "places.h"
#include "registry/docker_registry.h"

/// How builds differ: in their version, only in their bytes, or in their inputs.
struct BuildOf {
    std::string version = "1.0.0";
    std::string bytes{};
    std::string dockerfile{};  ///< additional lines
};

struct PublishJob {
    RealWorld real;
    std::filesystem::path tree = real.tree.path;

    explicit PublishJob(const BuildOf& build = {}) {
        GitHubWorld github;
        github.set_version(build.version);
        github.files.texts["Dockerfile"] += build.dockerfile;
        put_all_layouts(github, build.bytes);
        run_scan(github.world(), github.settings());
        for (const auto& [path, text] : github.files.texts) {
            if (path.is_relative()) real.files.write(tree / path, text);
        }
    }

    Command command(const std::string& to, const std::vector<std::string>& options = {},
                    const Environment& variables = {}) const {
        Command job;
        // The databases in the reports are very old.
        job.argv = {program_file(), "publish", "--directory",        tree.string(),
                    "--to",         to,        "--max-database-age", "1000000"};
        job.argv.insert(job.argv.end(), options.begin(), options.end());
        job.environment = variables;
        job.environment.insert({"PATH", real.environment.at("PATH")});
        job.timeout = std::chrono::seconds(120);
        return job;
    }

    Finished publish(const std::string& to, const std::vector<std::string>& options = {},
                     const Environment& variables = {}) {
        return real.processes.run(command(to, options, variables));
    }
};

using Tags = std::map<std::string, std::string>;

/// The tags of a namespace and their digests, read from the registry.
inline Tags tags_at(const std::string& host, const std::string& name_space = "defradigital") {
    RealHttp http{Environment{}};
    Tags tags;
    for (const std::string repository : {"python", "python-development"}) {
        const std::string base = "http://" + host + "/v2/" + name_space + "/" + repository;
        const Response list = http.send({.url = base + "/tags/list"});
        if (list.status != 200) continue;
        const rapidjson::Document names = parse_tool_json(list.body, "the list of tags");
        for (const Json& tag : items_at(names, "tags")) {
            const Response head = http.send({.method = "HEAD",
                                             .url = base + "/manifests/" + text_of(tag),
                                             .headers = {{"Accept", oci_index_type}}});
            tags[repository + ":" + text_of(tag)] = head.header("Docker-Content-Digest").value_or("");
        }
    }
    return tags;
}
