// Reading the work tree: the matrix, JOB.env, the Dockerfile, the policy and the scanners' own ignore files.
#include <algorithm>
#include <functional>

#include "commands/revision.h"
#include "commands/road.h"
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

void append(std::vector<Waiver>& all, const std::vector<Waiver>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

/// Every file that says what is accepted: ours and the scanners' own, in the order in which they are named in messages.
struct PolicyTexts {
    std::string own;
    std::string trivyignore;
    std::string trivyignore_yaml;
    std::string grype_yaml;

    std::string revision() const {
        const std::string all = own + trivyignore + trivyignore_yaml + grype_yaml;
        return all.empty() ? "" : sha256(all).text();
    }
};

PolicyTexts load_policy_texts(const World& world, const Settings& settings, const std::filesystem::path& folder) {
    const auto text = [&](const std::string& file) { return world.files.read_if_there(folder / file).value_or(""); };
    return {text(settings.policy), text(".trivyignore"), text(".trivyignore.yaml"), text(".grype.yaml")};
}

Policy parse_policy_texts(const PolicyTexts& texts, const Settings& settings, Problems& warnings) {
    Policy policy;
    Problems problems;
    policy.file = settings.policy;
    gather_problems(problems, [&] {
        if (!texts.own.empty()) policy = parse_policy(texts.own, settings.policy, warnings);
    });
    gather_problems(problems,
                    [&] { append(policy.waivers, parse_trivyignore(texts.trivyignore, ".trivyignore", warnings)); });
    gather_problems(problems, [&] {
        if (!texts.trivyignore_yaml.empty())
            append(policy.waivers, parse_trivyignore_yaml(texts.trivyignore_yaml, ".trivyignore.yaml", warnings));
    });
    gather_problems(problems, [&] {
        if (!texts.grype_yaml.empty())
            append(policy.waivers, parse_grype_yaml(texts.grype_yaml, ".grype.yaml", warnings));
    });
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    if (settings.severity) policy.gate.severity = *settings.severity;
    return policy;
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
    const PolicyTexts policy = load_policy_texts(world, settings, "");
    gather_problems(problems, [&] { project.policy = parse_policy_texts(policy, settings, project.policy_warnings); });
    project.policy_revision = policy.revision();
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
    const PolicyTexts texts = load_policy_texts(world, settings, "");
    project.policy = parse_policy_texts(texts, settings, project.policy_warnings);
    project.policy_revision = texts.revision();
    project.event = github::load_event(world);
    return project;
}

Policy load_policy(const World& world, const Settings& settings, const std::filesystem::path& folder,
                   Problems& warnings) {
    return parse_policy_texts(load_policy_texts(world, settings, folder), settings, warnings);
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
