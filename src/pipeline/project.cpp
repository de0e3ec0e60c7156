#include "pipeline/project.h"

#include <algorithm>
#include <functional>
#include <set>

#include "bake/inputs.h"
#include "base/text.h"
#include "pipeline/result.h"
#include "pipeline/revision.h"
#include "plan/plan.h"
#include "policy/migration.h"
#include "system/files.h"

namespace {

/// A person wants to hear about every file at once: this is the one place besides main that catches, and only to
/// gather.
void gather_problems(Problems& problems, const std::function<void()>& read) {
    try {
        read();
    } catch (const Error& error) {
        if (error.exit != Exit::bad_input) throw;
        append(problems, error.problems);
    }
}

std::string read_required(const World& world, const std::filesystem::path& file, const std::string& what) {
    std::optional<std::string> text = world.files.read_if_there(file);
    if (!text) throw Error{Exit::bad_input, {{{file.string(), 0}, "there is no such file", what}}};
    return *text;
}

/// Where the files of a project lie. What they are called in messages is not said here.
struct ProjectFiles {
    std::filesystem::path image_matrix;
    std::filesystem::path job_env;
    std::filesystem::path dockerfile;
};

/// Without the usual file the default gate holds; a file that was named has to exist.
std::optional<std::string> read_policy(const World& world, const Settings& settings,
                                       const std::filesystem::path& directory) {
    std::optional<std::string> text = world.files.read_if_there(directory / settings.policy);
    if (text || settings.policy == usual_policy) return text;
    throw Error{Exit::bad_input,
                {{{settings.policy, 0},
                  "there is no such file",
                  std::string("--policy names it: write where it is, or leave --policy out for ") + usual_policy}}};
}

void take_policy(const World& world, const Settings& settings, Project& project) {
    LoadedPolicy loaded = load_policy(world, settings, "");
    project.policy = std::move(loaded.policy);
    project.policy_revision = std::move(loaded.revision);
    project.policy_warnings = std::move(loaded.warnings);
}

/// Where a commit changes what goes into images, removals included.
std::vector<std::string> list_input_paths(const World& world, const Settings& settings) {
    std::set<std::string> paths = {settings.image_matrix, settings.job_env};
    for (const InputFile& file : load_input_files(world.files, ".", settings.dockerfile)) {
        const std::string directory = std::filesystem::path(file.path).parent_path().string();
        const bool is_alone =
            directory.empty() || file.path == settings.dockerfile || file.path.ends_with(".dockerignore");
        paths.insert(is_alone ? file.path : directory);
    }
    return {paths.begin(), paths.end()};
}

Project load_project_from(const World& world, const Settings& settings, const ProjectFiles& files) {
    Project project;
    Problems problems;
    Matrix matrix;
    Job job;
    gather_problems(problems, [&] {
        matrix = parse_matrix(read_required(world, files.image_matrix, "it lists the versions to build"),
                              settings.image_matrix, day_of(decision_time(world, settings)), project.warnings);
    });
    gather_problems(problems, [&] {
        job = parse_job_env(read_required(world, files.job_env, "it holds DEFRA_VERSION and IMAGE_NAME"),
                            settings.job_env, project.warnings);
    });
    gather_problems(problems, [&] {
        project.dockerfile =
            parse_dockerfile(read_required(world, files.dockerfile, "it holds the targets development and production"),
                             settings.dockerfile);
    });
    gather_problems(problems, [&] { take_policy(world, settings, project); });
    if (problems.empty()) {
        gather_problems(problems, [&] {
            project.plan = plan_images(matrix, job, settings.name_space, settings.platforms, settings.only);
        });
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};

    project.event = github::load_event(world);
    project.revision = load_revision(world);
    if (project.revision.empty()) project.revision = project.event.revision;
    if (project.event.in_workflow) project.source = project.event.server + "/" + project.event.repository;
    if (files.dockerfile == settings.dockerfile)
        project.source_date = load_source_date(world, list_input_paths(world, settings), project.history_warnings);
    return project;
}

}  // namespace

Project load_policy_project(const World& world, const Settings& settings) {
    Project project;
    take_policy(world, settings, project);
    project.event = github::load_event(world);
    return project;
}

std::vector<IgnoreFile> load_ignore_files(const World& world, const std::filesystem::path& directory) {
    std::vector<IgnoreFile> files;
    for (const std::string& name : ignore_file_names) {
        if (std::optional<std::string> text = world.files.read_if_there(directory / name))
            files.push_back({name, std::move(*text)});
    }
    return files;
}

LoadedPolicy load_policy(const World& world, const Settings& settings, const std::filesystem::path& directory) {
    LoadedPolicy loaded;
    const std::optional<std::string> text = read_policy(world, settings, directory);
    const std::vector<IgnoreFile> ignored = load_ignore_files(world, directory);
    Problems problems;
    if (directory.empty()) problems = check_ignore_files(ignored, settings.policy);
    for (const IgnoreFile& file : ignored) {
        if (directory.empty()) break;
        loaded.warnings.push_back({{file.name, 1},
                                   "was applied when this was released, and is no longer",
                                   "what it accepted may block now",
                                   Level::warning});
    }
    gather_problems(problems, [&] {
        if (text) loaded.policy = parse_policy(*text, settings.policy, loaded.warnings);
    });
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    if (text) loaded.revision = sha256(*text).text();
    if (settings.severity) loaded.policy.gate.severity = *settings.severity;
    return loaded;
}

Project load_project(const World& world, const Settings& settings) {
    return load_project_from(world, settings, {settings.image_matrix, settings.job_env, settings.dockerfile});
}

Project load_released_project(const World& world, const Settings& settings, const std::filesystem::path& directory) {
    return load_project_from(world, settings,
                             {directory / "image-matrix.json", directory / "JOB.env", directory / "Dockerfile"});
}

Time decision_time(const World& world, const Settings& settings) {
    return settings.today ? Time(*settings.today) : world.clock.now();
}

bool is_other_commit(const Project& project) {
    const github::Event& event = project.event;
    return !project.revision.empty() && !event.revision.empty() && project.revision != event.revision &&
           project.revision != event.head_revision;
}

EventContext make_event_context(const github::Event& event) {
    return {.in_workflow = event.in_workflow,
            .event = event.name,
            .ref = event.ref,
            .repository = event.repository,
            .event_repository = event.event_repository,
            .default_branch = event.default_branch,
            .from_fork = event.from_fork};
}

Permission ask_permission(const Settings& settings, const Project& project) {
    Permission permission =
        decide_permission(make_event_context(project.event), settings.publish, settings.publish_branches);
    if (!permission.granted && settings.publish == PublishMode::required) {
        throw Error{Exit::failed,
                    {{{},
                      "Nothing visible changed. This run must publish, but " + permission.reason,
                      "publish: auto would let it pass"}}};
    }
    return permission;
}
