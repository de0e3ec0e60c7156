#include "pipeline/verdicts.h"

#include <algorithm>

#include "pipeline/images.h"
#include "scan/scan.h"

namespace {

Subject make_subject(const World& world, const Settings& settings, const Project& project, const Layout& layout,
                     const std::vector<Base>& bases) {
    const bool stand_ins = std::any_of(bases.begin(), bases.end(), [](const Base& b) { return b.stand_in; });
    const std::optional<Base> base = find_base(project, layout, bases);
    return {.name = layout.name,
            .target = render_target(image_of(project.plan, layout).target),
            .manifest = layout.manifest,
            .config = layout.config,
            .architecture = architecture_of(layout.platform),
            .scans = load_scans(world.files, settings.out / "scans", layout.name),
            .stand_in_bases = stand_ins || stands_on_stand_in(world, layout),
            .base_rebuilt = base && is_rebuilt(*base),
            .base_created = base ? base->created : std::nullopt};
}

}  // namespace

std::vector<Verdict> judge_images(const World& world, const Settings& settings, const Project& project,
                                  const std::vector<Layout>& layouts) {
    const std::vector<Base> bases = load_bases(world, settings);
    world.files.remove(settings.out / "verdicts");
    std::vector<Verdict> verdicts;
    for (const Layout& layout : layouts) {
        verdicts.push_back(judge(make_subject(world, settings, project, layout, bases), project.policy,
                                 decision_time(world, settings), settings.max_database_age));
        world.files.write(settings.out / "verdicts" / (layout.name + ".json"), render_verdict_json(verdicts.back()));
    }
    return verdicts;
}

std::vector<Verdict> load_verdicts(const World& world, const Settings& settings, const std::vector<Layout>& layouts) {
    std::vector<Verdict> verdicts;
    for (const Layout& layout : layouts) {
        const std::filesystem::path file = settings.out / "verdicts" / (layout.name + ".json");
        verdicts.push_back(parse_verdict_json(world.files.read(file), file.string()));
    }
    return verdicts;
}
