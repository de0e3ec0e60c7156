// `judge`: from reports to verdicts, and everything people read from them. No tool runs here.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/json.h"
#include "base/text.h"
#include "pipeline/baseline.h"
#include "pipeline/step.h"
#include "report/terminal.h"
#include "scan/scan.h"

namespace {

/// The set-up's stand-ins carry this label, and so does whatever is built on them: they cannot pass for real bases by
/// being served from a registry.
constexpr const char* stand_in_label = "io.github.defra.python-image-action.stand-in";

Subject make_subject(const World& world, const Settings& settings, const Project& project, const Layout& layout,
                     const std::vector<Base>& bases) {
    const bool stand_ins = std::any_of(bases.begin(), bases.end(), [](const Base& b) { return b.stand_in; });
    const std::optional<Base> base = find_base(settings, project, image_of(project.plan, layout), bases);
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

bool stands_on_stand_in(const World& world, const Layout& layout) {
    const rapidjson::Document config = parse_tool_json(load_config(world.files, layout), layout.name);
    return !member(member(member(config, "config"), "Labels"), stand_in_label).IsNull();
}

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

Reported report_verdicts(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts) {
    std::vector<Verdict> verdicts = judge_images(world, settings, project, layouts);
    const Baseline baseline = apply_baseline(world, settings, project, verdicts);
    Run run = gather_run(world, settings, project, layouts, load_contract_reports(world, settings, layouts), verdicts);
    tell_changes(world, settings, baseline, run);
    std::string summary = save_reports(world, settings, run);
    world.out << render_table(run, wants_colour(world));
    Result result = make_result(settings, run, std::move(summary));
    return {std::move(run), std::move(result)};
}

Result run_judge(const World& world, const Settings& settings) {
    if (!settings.release.empty()) return judge_release(world, for_other_images(world, settings));
    if (!settings.trivy_report.empty() || !settings.grype_report.empty())
        return judge_files(world, for_other_images(world, settings));
    forget_reports(world, settings);
    Project project = load_project(world, settings);
    for (const Problem& problem : compare_with_release(world, settings, project)) project.warnings.push_back(problem);
    Reported reported = report_verdicts(world, settings, project, load_built_images(world, settings, project));
    upload_findings(world, settings, project, reported.run, reported.result);
    return reported.result;
}
