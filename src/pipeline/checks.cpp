#include "pipeline/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bake/bases.h"
#include "base/text.h"
#include "contract/certificates.h"
#include "findings/security_upgrades.h"
#include "pipeline/contract_tests.h"
#include "pipeline/destination.h"
#include "pipeline/evidence.h"
#include "pipeline/github.h"
#include "pipeline/images.h"
#include "plan/drift.h"
#include "publication/versions.h"

namespace {

constexpr const char* own_matrix = "image-matrix.json";
constexpr const char* upgrades_file = "image/security-upgrades.txt";

/// In the action's own repository: images that its container is made from (or is: action.yml) and that no digest names.
/// A tag may be another image tomorrow, as that of a scanner once was. An error on a branch that publishes, elsewhere a
/// warning.
Problems check_action(const World& world, const Settings& settings, const Project& project) {
    const github::Permission permission =
        github::decide_permission(project.event, settings.publish, settings.publish_branches);
    const Level level = project.event.in_workflow && permission.granted ? Level::error : Level::warning;
    Problems problems;
    for (const char* file : {"action.yml", "action.Dockerfile"}) {
        int number = 0;
        for (const std::string& line : lines_of(world.files.read_if_there(file).value_or(""))) {
            ++number;
            const std::string_view text = trimmed(line);
            const bool names_image = text.starts_with("image: docker://") ||
                                     (text.starts_with("ARG ") && text.find("_IMAGE=") != std::string_view::npos);
            if (!names_image || text.find("@sha256:") != std::string_view::npos) continue;
            add(problems, {file, number}, "no digest names the image: " + std::string(text),
                "run tools/pin where the registries can be reached: it asks them and writes the digests", level);
        }
    }
    return problems;
}

/// What a build would find out about the Dockerfile's stages, without an engine.
Problems check_bases(const Dockerfile& dockerfile, const Plan& plan) {
    Problems problems;
    if (!dockerfile.syntax.empty() && dockerfile.syntax.find('@') == std::string::npos) {
        add(problems, {dockerfile.file, dockerfile.syntax_line},
            "no digest names the frontend " + shown(dockerfile.syntax) + ", which decides how this file is built",
            "remove the line, or write NAME@sha256:…; every build records what it used", Level::warning);
    }
    const std::optional<Error> error = failure_of([&] { list_bases(dockerfile, plan); });
    if (error) append(problems, error->problems);  // a checklist reports them beside what else it finds
    return problems;
}

constexpr std::size_t max_names = 6;

// What would be published ------------------------------------------------------------------------------------------

Problem describe_outcome(const Plan& plan, const std::string& released) {
    const Place at{plan.job.file, plan.job.defra_version_line};
    if (plan.job.defra_version == released) {
        return {at,
                "merged, this publishes nothing: " + released +
                    " is published, and nothing that goes into an image changed",
                "", Level::notice};
    }
    std::vector<std::string> versions;
    std::vector<std::string> moving;
    for (const Image& image : plan.images) {
        add_once(versions, image.version_tag);
        for (const std::string& tag : image.moving_tags) add_once(moving, tag);
    }
    return {at,
            fmt::format("merged, this publishes {}{} in {}", joined_some(versions, max_names),
                        moving.empty() ? "" : ", and moves " + joined_some(moving, max_names) + ",",
                        joined(repositories_of(plan), " and ")),
            "", Level::notice};
}

// Which risks would be accepted ------------------------------------------------------------------------------------

/// What it accepts and for how long, not by whom, where and why.
Waiver effect_of(Waiver waiver) {
    waiver.at = {};
    waiver.owner.clear();
    waiver.reason.clear();
    if (!waiver.until_base_rebuilt) waiver.added.reset();
    return waiver;
}

std::vector<Waiver> waivers_beyond(const std::vector<Waiver>& known, const std::vector<Waiver>& waivers) {
    std::vector<Waiver> others;
    std::ranges::copy_if(waivers, std::back_inserter(others), [&](const Waiver& waiver) {
        return std::ranges::none_of(known, [&](const Waiver& k) { return effect_of(k) == effect_of(waiver); });
    });
    return others;
}

bool loosens_the_same(const Scope& a, const Scope& b) {
    return a.paths == b.paths && a.packages == b.packages && a.targets == b.targets && a.gate_from == b.gate_from &&
           a.review_by == b.review_by;
}

std::string describe(const Gate& gate) {
    return fmt::format("{} and above{}, publish {}, pull requests {}, unrated as {}", render_severity(gate.severity),
                       gate.only_fixed ? " with a fix" : "", gate.publish_no_worse ? "no-worse" : "strict",
                       gate.new_only ? "new-only" : "strict", render_severity(gate.unknown_severity));
}

std::string describe(const std::vector<Waiver>& waivers) {
    std::vector<std::string> texts;
    for (const Waiver& waiver : waivers) {
        std::string& text = texts.emplace_back(waiver.id);
        if (!waiver.package.empty()) text += " (" + waiver.package + ")";
        if (!waiver.owner.empty()) text += " by " + waiver.owner;
        if (waiver.until_base_rebuilt) text += " until the base is rebuilt";
        if (waiver.review_by) text += " until " + render_date(*waiver.review_by);
    }
    return counted(waivers.size(), "exception") + ": " + joined_some(texts, max_names);
}

/// Warnings, so that they stand among what there is to do, at the top of the summary. A pause is one of its own, in
/// every run.
Problems compare_policies(const std::string& file, const Policy& then, const Policy& now) {
    Problems problems;
    if (const std::vector<Waiver> added = waivers_beyond(then.waivers, now.waivers); !added.empty()) {
        add(problems, added.front().at, "adds " + describe(added), "approving this accepts what these findings can do",
            Level::warning);
    }
    if (const std::vector<Waiver> gone = waivers_beyond(now.waivers, then.waivers); !gone.empty())
        add(problems, {}, "takes away " + describe(gone), "", Level::notice);
    if (then.gate != now.gate) {
        add(problems, {file},
            fmt::format("changes what blocks: {} (until now {})", describe(now.gate), describe(then.gate)),
            "approving this accepts what gets through", Level::warning);
    }
    for (const Scope& scope : now.scopes) {
        const bool known =
            std::ranges::any_of(then.scopes, [&](const Scope& old) { return loosens_the_same(old, scope); });
        if (known) continue;
        add(problems, scope.at,
            fmt::format("in the scope \"{}\" findings now block only from {} on", scope.id,
                        render_severity(scope.gate_from)),
            "approving this accepts what gets through", Level::warning);
    }
    return problems;
}

Problems compare_with_last(const World& world, const Settings& settings, const Project& project) {
    github::Api api = connect_github(world, settings);
    const std::vector<github::Release> releases = github::load_releases(api);
    const github::Release* last = github::find_last_release(releases);
    if (last == nullptr) return {describe_outcome(project.plan, "")};
    const std::optional<FetchedRelease> released = fetch_release(world, settings, api, *last);
    if (!released) return {};
    Problems problems = check_version(project.plan, load_inputs(world, settings, project), released->record, last->tag);
    if (problems.empty()) problems.push_back(describe_outcome(project.plan, last->tag));
    Settings then = settings;
    then.policy = usual_policy;
    const Policy released_policy = load_policy_project(world, then, released->directory).policy;
    append(problems, compare_policies(settings.policy, released_policy, project.policy));
    return problems;
}

}  // namespace

Problems check_project(const World& world, const Settings& settings, const Project& project,
                       const std::vector<Layout>& layouts) {
    const Date today = day_of(decision_time(world, settings));
    Problems problems = project.warnings;
    append(problems, project.history_warnings);
    append(problems, check_certificates(load_certificates(world), today));
    append(problems, compare_with_release(world, settings, project));
    append(problems, check_upgrades(world, settings, project, layouts));
    append(problems, check_action(world, settings, project));
    append(problems, check_bases(project.dockerfile, project.plan));
    if (settings.image_matrix != own_matrix)
        return problems;  // README and Dockerfile repeat the repository's own matrix only
    append(problems, check_dockerfile(project.dockerfile, project.plan.matrix, project.plan.job));
    if (const std::string readme = find_readme(world); !readme.empty())
        append(problems, check_readme(world.files.read(readme), readme, project.plan));
    return problems;
}

std::string find_readme(const World& world) {
    const std::vector<std::string> names = world.files.names_in(".");
    const auto found = std::ranges::find(names, "readme.md", lower_case);
    return found == names.end() ? "" : *found;
}

Problems check_upgrades(const World& world, const Settings& settings, const Project& project,
                        const std::vector<Layout>& layouts) {
    const std::optional<std::string> text = world.files.read_if_there(upgrades_file);
    if (!text) return {};
    const SecurityUpgrades upgrades = parse_security_upgrades(*text, upgrades_file);
    if (upgrades.empty()) return {};
    std::set<std::string> distroless;
    for (const Row& row : project.plan.matrix.rows) distroless.insert(row.distroless_version);
    Problems problems;
    for (const std::string& version : distroless) append(problems, check_upgradable(upgrades, version));
    if (layouts.empty()) return problems;
    const std::vector<Base> bases = load_bases(world, settings);
    std::vector<UpgradedImage> images;
    for (const Layout& layout : layouts) {
        const auto report = settings.out / "scans" / layout.name / "trivy.json";
        const std::optional<std::string> scanned = world.files.read_if_there(report);
        if (image_of(project.plan, layout.image).target != Target::development || !scanned) continue;
        images.push_back({.layers = load_layers(world, project, layout, bases),
                          .packages = parse_system_packages(*scanned, report.string())});
    }
    append(problems, check_upgrades_needed(upgrades, images));
    return problems;
}

Problems compare_with_release(const World& world, const Settings& settings, const Project& project) {
    if (!github::is_proposed_change(project.event) || !has_github(world, settings)) return {};
    Problems problems;
    const std::optional<Error> error = failure_of([&] { problems = compare_with_last(world, settings, project); });
    if (!error) return problems;
    problems = {{{}, "what this changes against the last release is not known", "", Level::warning}};
    append(problems, at_level(Level::warning, error->problems));
    return problems;
}
