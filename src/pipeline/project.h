// What the files of the work tree say: read once, at the start of every command.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "github/event.h"
#include "pipeline/settings.h"
#include "plan/dockerfile.h"
#include "plan/plan.h"
#include "policy/migration.h"
#include "policy/policy.h"
#include "system/world.h"

struct Project {
    Plan plan;
    Dockerfile dockerfile;
    Policy policy;
    std::string policy_revision;  ///< digest of the policy files; empty if there is none
    Problems policy_warnings;
    Problems warnings;          ///< of the other files
    Problems history_warnings;  ///< of the clone, for those who plan and build images
    github::Event event;
    std::string revision;  ///< the commit that is checked out; the event's where git cannot say; empty if there is none
    std::string source;    ///< URL of the repository; empty if not known
    Time source_date{};    ///< of the last commit that touched an input (SOURCE_DATE_EPOCH)
};

/// Reads the matrix, JOB.env, Dockerfile and policy. Throws Error{bad_input} with the problems of all of them at once.
/// `release`: a directory whose own files, under their usual names, are read in place of the first three.
Project load_project(const World& world, const Settings& settings, const std::filesystem::path& release = {});

/// What is needed to judge images that no matrix lists: the policy file in `directory` alone, with the event. Throws
/// Error{bad_input} with all problems of the file; also for a scanner's own ignore file in the work tree, which is no
/// longer applied, and if --policy names a file that does not exist. The default file may be missing.
Project load_policy_project(const World& world, const Settings& settings, const std::filesystem::path& directory = {});
/// The scanners' own ignore files in `directory`.
std::vector<IgnoreFile> load_ignore_files(const World& world, const std::filesystem::path& directory);

/// The digest of what goes into each image of the plan, as the work tree is now, by the image's name.
std::map<std::string, Digest> load_inputs(const World& world, const Settings& settings, const Project& project);

/// The day that decides about waivers and ends of support: today, or the one given.
Time decision_time(const World& world, const Settings& settings);

/// True if a workflow checked out another commit than that of its event, such as a tag in a dispatch. The head of a
/// pull request does not count: it is checked out as often as its merge commit.
bool is_other_commit(const Project& project);

/// Whether this run may publish. Throws Error{failed} if the run must publish and may not.
github::Permission ask_permission(const Settings& settings, const Project& project);

/// This directory of the program's own cache, outside of the checkout; empty if neither XDG_CACHE_HOME nor HOME is set.
std::filesystem::path cache_directory(const World& world, const char* name);

/// How later runs refer to this one when they use its results: its URL, else its time.
std::string name_of_run(const World& world, const github::Event& event);
