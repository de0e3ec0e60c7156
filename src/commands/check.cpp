// `check`: the pull-request checklist. The matrix and JOB.env are the truth; what repeats them is compared with them,
// and fixed on request.
#include <ostream>

#include "base/text.h"
#include "commands/commands.h"
#include "pipeline/checks.h"
#include "pipeline/images.h"
#include "plan/drift.h"
#include "policy/migration.h"

namespace {

/// The lines between the common beginning and the common end of two texts.
std::string render_difference(const std::string& file, const std::string& now, const std::string& then) {
    std::vector<std::string> before = lines_of(now);
    std::vector<std::string> after = lines_of(then);
    std::size_t same = 0;
    while (same < before.size() && same < after.size() && before[same] == after[same]) ++same;
    while (before.size() > same && after.size() > same && before.back() == after.back()) {
        before.pop_back();
        after.pop_back();
    }
    std::string text = file + ":" + std::to_string(same + 1) + "\n";
    for (std::size_t i = same; i < before.size(); ++i) text += "- " + before[i] + "\n";
    for (std::size_t i = same; i < after.size(); ++i) text += "+ " + after[i] + "\n";
    return text;
}

/// Shows what changes in a file of the work tree, and writes it unless --diff is given. An empty text deletes the file.
void apply(const World& world, const Settings& settings, const std::string& file, const std::string& now,
           const std::string& then) {
    if (now == then) return;
    world.out << render_difference(file, now, then);
    if (settings.diff) return;
    if (then.empty()) {
        world.files.remove(file);
    } else {
        world.files.write(file, then);
    }
}

/// The scanners' own ignore files become part of the policy. Returns what could not be moved.
Problems fix_policy(const World& world, const Settings& settings) {
    const std::vector<IgnoreFile> files = load_ignore_files(world, "");
    if (files.empty()) return {};
    const std::string policy = world.files.read_if_there(settings.policy).value_or("");
    const Migration moved =
        migrate_ignore_files(policy, settings.policy, files, day_of(decision_time(world, settings)));
    apply(world, settings, settings.policy, policy, moved.policy);
    for (std::size_t i = 0; i < files.size(); ++i)
        apply(world, settings, files[i].name, files[i].text, moved.files[i].text);
    return moved.problems;
}

/// In the repository of a service, which has a policy and no matrix.
Result check_policy_alone(const World& world, const Settings& settings) {
    const Project project = load_policy_project(world, settings);
    Result result;
    result.problems = project.policy_warnings;
    append(result.problems, check_waivers(project.policy, {}, day_of(decision_time(world, settings))));
    result.outputs["problems"] = std::to_string(result.problems.size());
    world.out << "only the policy was checked: there is no " << settings.image_matrix << "\n";
    return result;
}

}  // namespace

Result run_check(const World& world, const Settings& settings) {
    const bool fixing = settings.fix || settings.diff;
    const Problems left =
        fixing ? fix_policy(world, settings) : Problems{};  // nothing loads while such a file is there
    if (!left.empty()) throw Error{Exit::bad_input, left};
    if (fixing && !world.files.read_if_there(settings.image_matrix)) return check_policy_alone(world, settings);
    Project project = load_project(world, settings);
    Result result;
    if (fixing) {
        apply(world, settings, settings.dockerfile, project.dockerfile.text,
              fix_dockerfile(project.dockerfile, project.plan.matrix, project.plan.job));
        if (const std::string readme = find_readme(world); !readme.empty()) {
            const std::string text = world.files.read(readme);
            apply(world, settings, readme, text, fix_readme(text, project.plan));
        }
        project = load_project(world, settings);
    }
    Problems not_built;  // no error: what is there is checked
    append(result.problems,
           check_project(world, settings, project, load_layouts_there(world, settings, project, not_built)));
    append(result.problems, project.policy_warnings);
    // Without a scan: what follows from the dates and the entries themselves.
    append(result.problems, check_waivers(project.policy, {}, day_of(decision_time(world, settings))));
    result.exit = has_errors(result.problems) ? Exit::bad_input : Exit::done;
    result.outputs["problems"] = std::to_string(result.problems.size());
    if (result.problems.empty())
        world.out << "no problems found: " << counted(project.plan.images.size(), "image") << " planned\n";
    return result;
}
