#include "pipeline/verdicts.h"

#include <algorithm>

#include "pipeline/images.h"
#include "pipeline/scans.h"
#include "verdict/comparison.h"

std::vector<Verdict> judge_images(const World& world, const Settings& settings, const Project& project,
                                  const std::vector<Layout>& layouts, const Baseline& baseline) {
    const std::vector<Base> bases = load_bases(world, settings);
    world.files.remove(settings.out / "verdicts");
    std::vector<Verdict> verdicts;
    const bool stand_ins = std::ranges::any_of(bases, &Base::stand_in);
    for (const Layout& layout : layouts) {
        const std::optional<Base> base = find_base(project, layout, bases);
        Subject subject = make_subject(world, settings, layout);
        subject.target = render_target(image_of(project.plan, layout.image).target);
        subject.stand_in_bases = subject.stand_in_bases || stand_ins;
        subject.base_rebuilt = base && is_rebuilt(*base);
        if (base) subject.base_created = base->created;
        if (const auto published = baseline.published.find(layout.name); published != baseline.published.end())
            subject.published = finding_keys(published->second);
        verdicts.push_back(
            judge(std::move(subject), project.policy, decision_time(world, settings), settings.max_database_age));
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
