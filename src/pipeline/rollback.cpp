#include "pipeline/rollback.h"

#include <ostream>

#include "pipeline/carry_out.h"

Result roll_back(const World& world, const Settings& settings) {
    if (settings.to.empty())
        throw Error{Exit::bad_input, {{{}, "--rollback-to needs --to", "name the registry whose tags go back"}}};
    const Project project = load_project(world, settings);
    const Permission permission = ask_permission(settings, project);
    if (!permission.granted) {
        return {.exit = Exit::failed,
                .problems = {{{},
                              "Nothing visible changed. Tags go back only where this run may publish, but " +
                                  permission.reason,
                              "start it by hand on a publish branch (workflow_dispatch)"}},
                .outputs = {{"published", "false"}, {"reason", permission.reason}},
                .summary = ""};
    }
    Destination destination(world, settings);
    TimedStep step(world, "rollback", destination.name() + " to " + settings.rollback_to);
    Publication publication;
    before_anything_is_visible([&] {
        publication = plan_rollback(project.plan, destination.load_held(project.plan, settings.rollback_to),
                                    settings.rollback_to, settings.reason);
    });
    Published published = carry_out(world, settings, publication, {}, destination, step);
    if (published.state.result == PublicationState::Result::published) {
        published.result.problems.push_back(
            {{project.plan.job.file, project.plan.job.defra_version_line},
             "the tags are back at " + settings.rollback_to + "; the next run of this branch moves them forwards again",
             "revert what was wrong and raise DEFRA_VERSION before anything else is merged",
             Level::warning});
    }
    world.out << published.result.outputs["tags"] << "\n";
    return published.result;
}
