// `check`: the pull-request checklist. The matrix and JOB.env are the truth; what repeats them is held against them,
// and mended on request.
#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "commands/commands.h"
#include "contract/certificates.h"
#include "pipeline/checks.h"
#include "pipeline/images.h"
#include "plan/drift.h"
#include "policy/migration.h"

namespace {

constexpr const char* readme = "README.md";

/// A text of the work tree as it is and as it should be.
struct Mended {
    std::string file;
    std::string now;
    std::string then;
};

std::vector<Mended> mend_texts(const World& world, const Settings& settings, const Project& project) {
    std::vector<Mended> mended;
    mended.push_back({settings.dockerfile, project.dockerfile.text,
                      fix_dockerfile(project.dockerfile, project.plan.matrix, project.plan.job)});
    if (const std::optional<std::string> text = world.files.read_if_there(readme)) {
        mended.push_back({readme, *text, mend_readme(*text, project.plan)});
    }
    return mended;
}

/// The lines between the common beginning and the common end of two texts.
std::string render_difference(const Mended& mended) {
    std::vector<std::string> before = lines_of(mended.now);
    std::vector<std::string> after = lines_of(mended.then);
    std::size_t same = 0;
    while (same < before.size() && same < after.size() && before[same] == after[same]) ++same;
    while (before.size() > same && after.size() > same && before.back() == after.back()) {
        before.pop_back();
        after.pop_back();
    }
    std::string text = mended.file + ":" + std::to_string(same + 1) + "\n";
    for (std::size_t i = same; i < before.size(); ++i) text += "- " + before[i] + "\n";
    for (std::size_t i = same; i < after.size(); ++i) text += "+ " + after[i] + "\n";
    return text;
}

/// A text that comes to nothing is a file that is no longer needed.
void mend(const World& world, const Settings& settings, const Mended& mended) {
    if (mended.now == mended.then) return;
    world.out << render_difference(mended);
    if (settings.diff) return;
    if (mended.then.empty()) {
        world.files.remove(mended.file);
    } else {
        world.files.write(mended.file, mended.then);
    }
}

/// The scanners' own ignore files become part of the policy. Returns what could not be moved.
Problems mend_policy(const World& world, const Settings& settings) {
    const std::vector<IgnoreFile> files = load_ignore_files(world, "");
    if (files.empty()) return {};
    const std::string policy = world.files.read_if_there(settings.policy).value_or("");
    const Migration moved =
        migrate_ignore_files(policy, settings.policy, files, day_of(decision_time(world, settings)));
    mend(world, settings, {settings.policy, policy, moved.policy});
    for (std::size_t i = 0; i < files.size(); ++i)
        mend(world, settings, {files[i].name, files[i].text, moved.files[i].text});
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
    const bool mending = settings.fix || settings.diff;
    const Problems left =
        mending ? mend_policy(world, settings) : Problems{};  // nothing loads while such a file is there
    if (!left.empty()) throw Error{Exit::bad_input, left};
    if (mending && !world.files.read_if_there(settings.image_matrix)) return check_policy_alone(world, settings);
    Project project = load_project(world, settings);
    Result result;
    if (mending) {
        for (const Mended& mended : mend_texts(world, settings, project)) mend(world, settings, mended);
        project = load_project(world, settings);
    }
    append(result.problems, check_project(world, settings, project));
    append(result.problems,
           check_upgrades_built(world, settings, project, load_layouts_there(world, settings, project)));
    append(result.problems, project.policy_warnings);
    // Without a scan: what dates and the entries themselves tell.
    append(result.problems, check_waivers(project.policy, {}, day_of(decision_time(world, settings))));
    result.exit = has_errors(result.problems) ? Exit::bad_input : Exit::done;
    result.outputs["problems"] = std::to_string(result.problems.size());
    if (result.problems.empty())
        world.out << "nothing to complain about: " << counted(project.plan.images.size(), "image") << " planned\n";
    return result;
}
