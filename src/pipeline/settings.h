// What the options of a run say, as values.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "findings/finding.h"
#include "github/event.h"
#include "registry/credentials.h"

/// Where the policy stands unless --policy says otherwise, and under which name a release keeps it.
inline constexpr const char* usual_policy = "vulnerability-policy.yml";

enum class NightlyFail { news, any, never };

struct Settings {
    std::filesystem::path directory;  ///< absolute once it was entered
    std::filesystem::path out;
    std::string image_matrix;
    std::string job_env;
    std::string dockerfile;
    std::vector<std::string> only;
    std::vector<std::string> platforms;
    std::map<std::string, std::string> runners;  ///< platform -> what parse_runner takes
    std::string name_space;
    std::size_t jobs = 1;
    bool timings = false;  ///< show at the end where the time went

    std::filesystem::path stand_ins;
    std::filesystem::path build_ca;
    std::string builder;
    std::string buildkit_image;  ///< empty: usual_buildkit
    std::vector<std::string> cache_from;
    std::vector<std::string> cache_to;
    std::map<std::string, std::string> mirrors;  ///< registry host -> where its repositories are found instead

    bool rebuild = false;                      ///< build also what is unchanged
    bool without_cache = false;                ///< the same, and take no step from a layer cache
    std::string contract;                      ///< a file, "off", or empty for the built-in one
    std::vector<std::string> references;       ///< in place of what is in out/images
    std::filesystem::path layout;              ///< the same, on disk
    std::vector<std::string> vulnerabilities;  ///< what is asked about
    std::string policy;
    std::optional<Severity> severity;
    Severity sarif_severity = Severity::medium;
    std::filesystem::path databases;
    std::chrono::hours max_database_age{48};
    std::filesystem::path trivy_report;
    std::filesystem::path grype_report;
    std::string digest;
    std::optional<Date> today;

    std::string to;  ///< a registry's host, "oci:DIR", or empty
    std::string docker_username;
    Secret docker_token;
    std::map<std::string, Credentials> registry_auths;  ///< of other registries, by host
    bool insecure = false;
    bool allow_stand_in = false;
    bool adopt_alias = false;
    std::string rollback_to;
    std::string reason;
    github::Mode publish = github::Mode::automatic;
    std::vector<std::string> publish_branches;
    bool dry_run = false;

    Secret token;  ///< for GitHub; empty: GITHUB_TOKEN in the environment, if there is one
    github::Mode sarif_upload = github::Mode::automatic;
    std::string release;  ///< the version whose evidence is judged again
    std::string retire;   ///< "3.11": its alerts are closed
    std::vector<std::string> notify;
    NightlyFail nightly_fail = NightlyFail::news;

    bool fix = false;
    bool diff = false;
};
