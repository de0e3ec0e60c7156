// `build`: builds every image of the plan into out/images.
#include <ostream>

#include "commands/commands.h"
#include "pipeline/build_images.h"
#include "pipeline/images.h"

Result run_build(const World& world, const Settings& settings) {
    const Project project = load_project(world, settings);
    const Built built = build_images(world, settings, project);
    for (const Layout& layout : built.layouts) world.out << layout.name << "  " << layout.manifest.text() << "\n";
    Result result{
        .exit = Exit::done, .problems = project.warnings, .outputs = {{"digests", render_digests(built.layouts)}}};
    append(result.problems, project.history_warnings);
    append(result.problems, built.notices);
    return result;
}
