#include "pipeline/project.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "pipeline/result.h"
#include "pipeline/revision.h"
#include "plan/plan.h"
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

void append(std::vector<Waiver>& all, const std::vector<Waiver>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

/// Every file that says what is accepted: ours and the scanners' own, as far as they are there.
struct PolicyTexts {
    std::optional<std::string> own;
    std::optional<std::string> trivyignore;
    std::optional<std::string> trivyignore_yaml;
    std::optional<std::string> grype_yaml;
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

PolicyTexts load_policy_texts(const World& world, const Settings& settings, const std::filesystem::path& folder) {
    return {read_policy(world, settings, folder), world.files.read_if_there(folder / ".trivyignore"),
            world.files.read_if_there(folder / ".trivyignore.yaml"), world.files.read_if_there(folder / ".grype.yaml")};
}

/// What was read, as messages name it, and the digest of all of it.
void name_sources(const PolicyTexts& texts, const Settings& settings, LoadedPolicy& loaded) {
    std::vector<std::string> names;
    std::string all;
    const auto add = [&](const std::optional<std::string>& text, const std::string& name) {
        if (!text) return;
        names.push_back(name);
        all += *text;
    };
    add(texts.own, settings.policy);
    add(texts.trivyignore, ".trivyignore");
    add(texts.trivyignore_yaml, ".trivyignore.yaml");
    add(texts.grype_yaml, ".grype.yaml");
    loaded.policy.file = joined(names, ", ");
    if (!names.empty()) loaded.revision = sha256(all).text();
}

LoadedPolicy parse_policy_texts(const PolicyTexts& texts, const Settings& settings) {
    LoadedPolicy loaded;
    Policy& policy = loaded.policy;
    Problems problems;
    gather_problems(problems, [&] {
        if (texts.own) policy = parse_policy(*texts.own, settings.policy, loaded.warnings);
    });
    gather_problems(problems, [&] {
        if (texts.trivyignore)
            append(policy.waivers, parse_trivyignore(*texts.trivyignore, ".trivyignore", loaded.warnings));
    });
    gather_problems(problems, [&] {
        if (texts.trivyignore_yaml)
            append(policy.waivers,
                   parse_trivyignore_yaml(*texts.trivyignore_yaml, ".trivyignore.yaml", loaded.warnings));
    });
    gather_problems(problems, [&] {
        if (texts.grype_yaml)
            append(policy.waivers, parse_grype_yaml(*texts.grype_yaml, ".grype.yaml", loaded.warnings));
    });
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    if (settings.severity) policy.gate.severity = *settings.severity;
    name_sources(texts, settings, loaded);
    return loaded;
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
    project.source_date = load_source_date(
        world, {settings.dockerfile, ".dockerignore", "image", "certificates", settings.image_matrix, settings.job_env},
        project.history_warnings);
    return project;
}

}  // namespace

Project load_policy_project(const World& world, const Settings& settings) {
    Project project;
    take_policy(world, settings, project);
    project.event = github::load_event(world);
    return project;
}

LoadedPolicy load_policy(const World& world, const Settings& settings, const std::filesystem::path& folder) {
    return parse_policy_texts(load_policy_texts(world, settings, folder), settings);
}

Project load_project(const World& world, const Settings& settings) {
    return load_project_from(world, settings, {settings.image_matrix, settings.job_env, settings.dockerfile});
}

Project load_released_project(const World& world, const Settings& settings, const std::filesystem::path& folder) {
    return load_project_from(world, settings,
                             {folder / "image-matrix.json", folder / "JOB.env", folder / "Dockerfile"});
}

Time decision_time(const World& world, const Settings& settings) {
    return settings.today ? Time(*settings.today) : world.clock.now();
}

Occasion make_occasion(const github::Event& event) {
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
        decide_permission(make_occasion(project.event), settings.publish, settings.publish_branches);
    if (!permission.granted && settings.publish == PublishWish::required) {
        throw Error{Exit::failed,
                    {{{},
                      "Nothing visible changed. This run must publish, but " + permission.reason,
                      "publish: auto would let it pass"}}};
    }
    return permission;
}
