#include "pipeline/project.h"

#include <set>

#include "bake/bake.h"
#include "base/text.h"
#include "system/parallel.h"

namespace {

/// In a workflow the work tree belongs to another user, which git rejects unless it is configured.
std::string ask_git(const World& world, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "safe.directory=*"});
    Command command{.argv = std::move(arguments), .environment = child_environment(world.environment)};
    const Finished finished = world.processes.run(command);
    return finished.exit_code == 0 ? std::string(trimmed(finished.out)) : "";
}

/// Nothing unless it is a whole number of seconds before the year 10000.
std::optional<Time> parse_epoch(const std::string& text) {
    const std::optional<std::int64_t> seconds = parse_number(text);
    return seconds && *seconds <= 253402300799 ? std::optional(Time(std::chrono::seconds(*seconds))) : std::nullopt;
}

/// When a commit last touched what goes into images, removals included: what SOURCE_DATE_EPOCH is set to, so that a
/// README edit changes no image. The variable SOURCE_DATE_EPOCH wins. Without git: 1970-01-01, which is at least the
/// same every time. A shallow clone may end before that commit: then the date is its oldest commit's, with a warning.
Time load_source_date(const World& world, const Settings& settings, Problems& warnings) {
    const std::string given = variable(world, "SOURCE_DATE_EPOCH");
    if (!given.empty()) {
        if (const std::optional<Time> time = parse_epoch(given)) return *time;
        throw Error{Exit::bad_input, "SOURCE_DATE_EPOCH is \"" + given + "\"",
                    "set it to a whole number of seconds since 1970, or unset it for the date of the last commit"};
    }
    std::set<std::string> paths = {settings.image_matrix, settings.job_env};
    for (const InputFile& file : load_input_files(world.files, ".", settings.dockerfile)) {
        const std::string directory = std::filesystem::path(file.path).parent_path().string();
        const bool is_alone =
            directory.empty() || file.path == settings.dockerfile || file.path.ends_with(".dockerignore");
        paths.insert(is_alone ? file.path : directory);
    }
    std::vector<std::string> arguments = {"log", "-1", "--format=%ct %P", "--"};
    arguments.insert(arguments.end(), paths.begin(), paths.end());
    const std::string found = ask_git(world, arguments);
    const std::vector<std::string> fields = fields_of(found, ' ');
    // A commit without parents is the history's first one, or the one at which a shallow clone was cut off.
    const bool has_parents = fields.size() > 1;
    if (!found.empty() && !has_parents && ask_git(world, {"rev-parse", "--is-shallow-repository"}) == "true") {
        add(warnings, {},
            "the clone is shallow, so the images' creation date is that of its oldest commit and "
            "changes with every commit",
            "fetch the whole history: actions/checkout with fetch-depth: 0", Level::warning);
    }
    return parse_epoch(fields.empty() ? "" : fields.front()).value_or(Time{});
}

}  // namespace

Project load_policy_project(const World& world, const Settings& settings, const std::filesystem::path& directory) {
    Project project;
    const std::optional<std::string> text = world.files.read_if_there(directory / settings.policy);
    if (!text && settings.policy != usual_policy) {  // without the usual file the default gate holds
        throw Error{Exit::bad_input, Place{settings.policy}, "there is no such file",
                    std::string("--policy names it: write where it is, or leave --policy out for ") + usual_policy};
    }
    const std::vector<IgnoreFile> ignored = load_ignore_files(world, directory);
    Problems problems;
    if (directory.empty()) {
        problems = check_ignore_files(ignored, settings.policy);
    } else {
        for (const IgnoreFile& file : ignored)
            add(project.policy_warnings, {file.name, 1}, "was applied when this was released, and is no longer",
                "what it accepted may block now", Level::warning);
    }
    const std::optional<Error> error = failure_of([&] {
        if (text) project.policy = parse_policy(*text, settings.policy, project.policy_warnings);
    });
    if (error) append(problems, error->problems);
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    if (text) project.policy_revision = sha256(*text).text();
    if (settings.severity) project.policy.gate.severity = *settings.severity;
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

Project load_project(const World& world, const Settings& settings, const std::filesystem::path& release) {
    const bool is_here = release.empty();
    const auto read = [&](const std::string& here, const char* usual, const char* what) {
        const std::filesystem::path file = is_here ? std::filesystem::path(here) : release / usual;
        const std::optional<std::string> text = world.files.read_if_there(file);
        if (!text) throw Error{Exit::bad_input, {file.string()}, "there is no such file", what};
        return *text;
    };
    Project project;
    Matrix matrix;
    Job job;
    // One after the other, and each also after a failure: a person wants to hear about every file at once.
    in_parallel(1, {[&] { project = load_policy_project(world, settings); },
                    [&] {
                        const std::string text =
                            read(settings.image_matrix, "image-matrix.json", "it lists the versions to build");
                        const Date today = day_of(decision_time(world, settings));
                        matrix = parse_matrix(text, settings.image_matrix, today, project.warnings);
                    },
                    [&] {
                        const std::string text =
                            read(settings.job_env, "JOB.env", "it holds DEFRA_VERSION and IMAGE_NAME");
                        job = parse_job_env(text, settings.job_env, project.warnings);
                    },
                    [&] {
                        const std::string text =
                            read(settings.dockerfile, "Dockerfile", "it holds the targets development and production");
                        project.dockerfile = parse_dockerfile(text, settings.dockerfile);
                    }});
    project.plan = plan_images(matrix, job, settings.name_space, settings.platforms, settings.only);

    project.revision = ask_git(world, {"rev-parse", "--verify", "--quiet", "HEAD"});
    if (project.revision.empty()) project.revision = project.event.revision;
    if (project.event.in_workflow) project.source = project.event.server + "/" + project.event.repository;
    if (is_here) project.source_date = load_source_date(world, settings, project.history_warnings);
    return project;
}

std::map<std::string, Digest> load_inputs(const World& world, const Settings& settings, const Project& project) {
    const std::vector<InputFile> files = load_input_files(world.files, ".", settings.dockerfile);
    std::map<std::string, Digest> inputs;
    for (const Image& image : project.plan.images)
        inputs.emplace(image.name, compute_inputs(project.plan, image, files));
    return inputs;
}

Time decision_time(const World& world, const Settings& settings) {
    return settings.today ? Time(*settings.today) : world.clock.now();
}

bool is_other_commit(const Project& project) {
    const github::Event& event = project.event;
    return !project.revision.empty() && !event.revision.empty() && project.revision != event.revision &&
           project.revision != event.head_revision;
}

github::Permission ask_permission(const Settings& settings, const Project& project) {
    github::Permission permission =
        github::decide_permission(project.event, settings.publish, settings.publish_branches);
    if (!permission.granted && settings.publish == github::Mode::required) {
        throw Error{Exit::failed, "Nothing visible changed. This run must publish, but " + permission.reason,
                    "publish: auto would let it pass"};
    }
    return permission;
}

std::filesystem::path cache_directory(const World& world, const char* name) {
    const std::string home = variable(world, "HOME");
    const std::string cache = variable(world, "XDG_CACHE_HOME", home.empty() ? "" : home + "/.cache");
    return cache.empty() ? std::filesystem::path() : std::filesystem::path(cache) / "python-image-action" / name;
}

std::string name_of_run(const World& world, const github::Event& event) {
    return event.run_url.empty() ? "the run of " + render_time(world.clock.now()) : event.run_url;
}
