// `matrix`: the job matrix of a workflow, whether this run would publish, and whether anything has to be built.
#include <ostream>

#include "base/text.h"
#include "commands/commands.h"
#include "pipeline/project.h"
#include "pipeline/unchanged.h"

Result run_matrix(const World& world, const Settings& settings) {
    const Project project = load_project(world, settings);
    const github::Permission permission =
        ask_permission(settings, project);  // an hour before the job that publishes asks
    const auto unchanged = find_unchanged(world, settings, project);
    const std::string matrix = unchanged ? "" : render_github_matrix(project.plan, settings.runners);

    std::vector<std::string> versions;
    for (const Row& row : project.plan.matrix.rows) versions.push_back(row.python_version);

    Result result;
    result.problems = project.warnings;
    append(result.problems, project.history_warnings);
    result.outputs["matrix"] = matrix;
    result.outputs["count"] = unchanged ? "0" : std::to_string(count_jobs(project.plan));
    result.outputs["build"] = unchanged ? "false" : "true";
    result.outputs["versions"] = joined(versions, ",");
    result.outputs["publish"] = permission.granted ? "true" : "false";
    result.outputs["reason"] = unchanged ? render_not_built(*unchanged) : permission.reason;
    if (unchanged) result.problems.push_back(make_not_built_notice(*unchanged));
    world.out << matrix << "\n";
    return result;
}
