#include "verdict/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "findings/fixed_versions.h"

namespace {

std::string packages_of(const FixGroup& group) {
    return joined({group.packages.begin(), group.packages.end()}, " and ");
}

Advice advise_on_ours(const Finding& finding, const LayerOrigin& origin, const FixGroup& group) {
    const std::string where = origin.instruction.empty() ? "the Dockerfile" : "\"" + origin.instruction + "\"";
    const std::string packages = packages_of(group);
    if (finding.package_type == "deb") {
        return {Action::ours,
                fmt::format(
                    "build again without the cache (rebuild: no-cache) to get {} {}, which {} adds; where that is not "
                    "enough, add {} to image/security-upgrades.txt",
                    packages, group.version, where, packages)};
    }
    return {Action::ours, fmt::format("update {} to {} in {}", packages, group.version, where)};
}

Advice advise_on_base(const Finding& finding, const ImageEvidence& evidence, const FixGroup& group) {
    if (evidence.base_rebuilt)
        return {Action::rebuild, fmt::format("build again: {} was rebuilt since", evidence.base)};
    const std::string packages = packages_of(group);
    if (finding.package_type != "deb") {
        return {
            Action::upgrade_package,
            fmt::format("upgrade {} to {} in the Dockerfile, or wait with \"until: base-rebuilt\": the base it is from "
                        "is not rebuilt yet",
                        packages, group.version)};
    }
    // A distroless base has no package manager: only a newer one has the fix.
    if (evidence.base.find("/distroless/") != std::string::npos) {
        return {Action::upgrade_package,
                fmt::format("wait with \"until: base-rebuilt\" until {} is rebuilt: Debian has {} in {}", evidence.base,
                            packages, group.version)};
    }
    return {Action::upgrade_package, fmt::format("add {} to image/security-upgrades.txt, or wait with "
                                                 "\"until: base-rebuilt\": Debian has {}, the base is not rebuilt yet",
                                                 packages, group.version)};
}

Advice advise_on_secret(const Finding& finding, const LayerOrigin& origin) {
    const std::string where = origin.instruction.empty() ? "" : " (from \"" + origin.instruction + "\")";
    return {Action::ours, fmt::format("take {} out of the image{}, and revoke the secret: it is in a layer",
                                      shown_path(finding), where)};
}

/// What to do where no version helps. What is known to be exploited cannot wait.
Advice advise_without_fix(const Finding& finding) {
    if (finding.fix == FixState::not_affected) return {Action::no_fix, "not affected: nothing to do"};
    std::string what = finding.fix == FixState::wont_fix ? "its maintainers do not plan a fix" : "no fix yet";
    if (finding.fix == FixState::fixed) what = "fixed in a version that no scanner names";
    if (!finding.fixed_in.empty() && finding.fix != FixState::wont_fix)
        what = "fixed in " + render_unusable_fix(finding);
    if (finding.known_exploited) what += ", and known to be exploited";
    const bool urgent = finding.known_exploited || finding.severity == Severity::critical;
    return {Action::no_fix,
            what + (urgent ? ": remove or shield what is affected, or accept the risk" : ": wait, or accept the risk")};
}

/// Findings with the same key are solved by one change.
std::string group_of(const Finding& finding, const ImageEvidence& evidence) {
    const IntroducedBy origin = find_introduced_by(finding, evidence.layers);
    if (origin == IntroducedBy::python) return "python " + evidence.python_version;
    const std::string where = origin == IntroducedBy::base
                                  ? "base " + evidence.base
                                  : "ours " + find_origin(evidence.layers, finding.layer).instruction;
    // Its source package builds others too, which are changed with it.
    const auto source = std::ranges::find_if(finding.reported_by,
                                             [](const Detection& detection) { return !detection.upstreams.empty(); });
    return where + "\n" + finding.package_type + "\n" +
           (source == finding.reported_by.end() ? finding.package : source->upstreams.front());
}

}  // namespace

std::string render_action(Action action) {
    constexpr std::array words = {"bump Python", "build again",        "upgrade the package or wait",
                                  "no fix yet",  "change what we add", "accepted"};
    return words.at(static_cast<std::size_t>(action));
}

IntroducedBy find_introduced_by(const Finding& finding, const ImageLayers& layers) {
    if (finding.kind == FindingKind::secret) return IntroducedBy::ours;
    if (is_interpreter(finding)) return IntroducedBy::python;
    // Without a known layer: Debian packages are from the base, the rest is ours.
    const LayerOwner owner = find_origin(layers, finding.layer).owner;
    if (owner == LayerOwner::unknown) return finding.package_type == "deb" ? IntroducedBy::base : IntroducedBy::ours;
    return owner == LayerOwner::base ? IntroducedBy::base : IntroducedBy::ours;
}

void FixPlan::add(const Finding& finding, const ImageEvidence& evidence) {
    const std::string version = finding.fix == FixState::fixed ? next_fix(finding) : "";
    if (version.empty() || finding.kind == FindingKind::secret) return;
    FixGroup& group = groups[group_of(finding, evidence)];
    group.packages.insert(finding.package);
    if (group.version.empty() || compare_versions(finding.package_type, group.version, version) < 0)
        group.version = version;
}

FixGroup FixPlan::find(const Finding& finding, const ImageEvidence& evidence) const {
    const auto found = groups.find(group_of(finding, evidence));
    return found == groups.end() ? FixGroup{next_fix(finding), {finding.package}} : found->second;
}

Advice advise(const Finding& finding, const ImageEvidence& evidence, const FixPlan& plan) {
    const LayerOrigin origin = find_origin(evidence.layers, finding.layer);
    if (finding.kind == FindingKind::secret) return advise_on_secret(finding, origin);
    if (finding.fix != FixState::fixed || next_fix(finding).empty()) return advise_without_fix(finding);
    const FixGroup group = plan.find(finding, evidence);
    if (evidence.python_version.empty())  // built elsewhere: where to change something is not known
        return {Action::ours, fmt::format("update {} to {}", packages_of(group), group.version)};
    switch (find_introduced_by(finding, evidence.layers)) {
        case IntroducedBy::python:
            return {Action::bump_python, fmt::format("raise pythonVersion from {} to {} in image-matrix.json",
                                                     evidence.python_version, group.version)};
        case IntroducedBy::base:
            return advise_on_base(finding, evidence, group);
        case IntroducedBy::ours:
            return advise_on_ours(finding, origin, group);
    }
    return {};
}
