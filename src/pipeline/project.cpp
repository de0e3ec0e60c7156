// Reading the work tree: the matrix, JOB.env, the Dockerfile and the policy.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "pipeline/revision.h"
#include "pipeline/road.h"
#include "plan/plan.h"
#include "system/files.h"
#include "verdict/migration.h"

namespace {

/// A person wants to hear about every file at once: this is the one place besides main that catches, and only to
/// gather.
void gather_problems(Problems& problems, const std::function<void()>& read) {
    try {
        read();
    } catch (const Error& error) {
        if (error.exit != Exit::bad_input) throw;
        problems.insert(problems.end(), error.problems.begin(), error.problems.end());
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

/// Without the usual file the usual gate holds. A name that somebody wrote down is not passed over like that.
std::optional<std::string> read_policy(const World& world, const Settings& settings,
                                       const std::filesystem::path& folder) {
    std::optional<std::string> text = world.files.read_if_there(folder / settings.policy);
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
        project.dockerfile = read_required(world, files.dockerfile, "it holds the targets development and production");
    });
    gather_problems(problems, [&] { take_policy(world, settings, project); });
    if (problems.empty()) {
        gather_problems(problems, [&] {
            project.plan = plan_images(matrix, job, settings.name_space, settings.platforms, settings.only);
        });
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};

    project.event = github::load_event(world);
    project.revision = project.event.revision.empty() ? load_revision(world) : project.event.revision;
    if (project.event.in_workflow) project.source = project.event.server + "/" + project.event.repository;
    project.source_date = load_source_date(world, {settings.dockerfile, ".dockerignore", "image", "certificates",
                                                   settings.image_matrix, settings.job_env});
    return project;
}

}  // namespace

Project load_policy_project(const World& world, const Settings& settings) {
    Project project;
    take_policy(world, settings, project);
    project.event = github::load_event(world);
    return project;
}

std::vector<IgnoreFile> load_ignore_files(const World& world, const std::filesystem::path& folder) {
    std::vector<IgnoreFile> files;
    for (const std::string& name : ignore_file_names) {
        if (std::optional<std::string> text = world.files.read_if_there(folder / name))
            files.push_back({name, std::move(*text)});
    }
    return files;
}

LoadedPolicy load_policy(const World& world, const Settings& settings, const std::filesystem::path& folder) {
    LoadedPolicy loaded;
    const std::optional<std::string> text = read_policy(world, settings, folder);
    const std::vector<IgnoreFile> ignored = load_ignore_files(world, folder);
    Problems problems;
    if (folder.empty()) problems = check_ignore_files(ignored, settings.policy);
    for (const IgnoreFile& file : ignored) {
        if (folder.empty()) break;
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

Project load_released_project(const World& world, const Settings& settings, const std::filesystem::path& folder) {
    return load_project_from(world, settings,
                             {folder / "image-matrix.json", folder / "JOB.env", folder / "Dockerfile"});
}

const Image& image_of(const Plan& plan, const Layout& layout) {
    return *std::find_if(plan.images.begin(), plan.images.end(),
                         [&](const Image& i) { return i.name == layout.image; });
}

Time decision_time(const World& world, const Settings& settings) {
    return settings.today ? Time(*settings.today) : world.clock.now();
}
