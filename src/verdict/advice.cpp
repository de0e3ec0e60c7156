#include "verdict/advice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/version.h"

namespace {

/// The interpreter itself, which every row of the matrix names: as a program that no package owns.
bool is_interpreter(const Finding& finding) {
    return finding.package_type == "binary" && (finding.package == "python" || finding.package == "cpython");
}

/// The lowest version above ours that has the fix: of our minor, if that has one.
std::optional<Version> next_python(const Finding& finding, const Version& ours) {
    std::optional<Version> next;
    for (const std::string& fixed : finding.fixed_in) {
        const std::optional<Version> candidate = parse_version(fixed);
        if (candidate && *candidate > ours && (!next || *candidate < *next)) next = candidate;
    }
    return next;
}

/// Fixed for older minor versions only. What is no version of a release is none that is known to be older.
bool are_all_older(const std::vector<std::string>& versions, const Version& ours) {
    return !versions.empty() && std::all_of(versions.begin(), versions.end(), [&](const std::string& text) {
        const std::optional<Version> version = parse_version(text);
        return version && *version <= ours;
    });
}

Advice advise_on_python(const Finding& finding, const ImageEvidence& evidence) {
    const std::optional<Version> ours = parse_version(evidence.python_version);
    const std::optional<Version> next = ours ? next_python(finding, *ours) : std::nullopt;
    if (ours && are_all_older(finding.fixed_in, *ours)) {
        return {Action::no_fix, fmt::format("fixed in Python {}, but in none above {}: nothing can be done but to wait",
                                            joined(finding.fixed_in, ", "), evidence.python_version)};
    }
    if (!next) {
        return {Action::bump_python, fmt::format("Python {} fixes it: raise pythonVersion in image-matrix.json",
                                                 joined(finding.fixed_in, " or "))};
    }
    const bool same_minor = minor_version(*next) == minor_version(*ours);
    return {Action::bump_python,
            fmt::format("Python {} fixes it: raise pythonVersion {} in image-matrix.json{}", render_version(*next),
                        evidence.python_version, same_minor ? "" : " (a new minor version)")};
}

Advice advise_on_ours(const Finding& finding, const LayerOrigin& origin) {
    const std::string where = origin.instruction.empty() ? "the Dockerfile" : "\"" + origin.instruction + "\"";
    if (finding.package_type == "deb") {
        return {Action::ours,
                fmt::format("{} brings {}: build again without the cache to get {}, and where that is not enough, add "
                            "it to image/security-upgrades.txt",
                            where, finding.package, joined(finding.fixed_in, " or "))};
    }
    return {Action::ours, fmt::format("{} brings {}: raise it there to {}", where, finding.package,
                                      joined(finding.fixed_in, " or "))};
}

/// Nothing can be upgraded in such a base: only a newer one brings what is fixed.
bool has_no_package_manager(const ImageEvidence& evidence) {
    return !evidence.bases.empty() && evidence.bases.front().reference.find("/distroless/") != std::string::npos;
}

Advice advise_on_base(const Finding& finding, const ImageEvidence& evidence) {
    const auto rebuilt =
        std::find_if(evidence.bases.begin(), evidence.bases.end(), [](const BaseState& b) { return b.rebuilt; });
    if (rebuilt != evidence.bases.end()) {
        return {Action::rebuild, fmt::format("{} was rebuilt since: build again", rebuilt->reference)};
    }
    const std::string fixed = joined(finding.fixed_in, " or ");
    if (finding.package_type == "deb" && has_no_package_manager(evidence)) {
        return {Action::upgrade_package,
                fmt::format("fixed in Debian in {}, {} is not rebuilt yet: wait for that with \"until: base-rebuilt\"",
                            fixed, evidence.bases.front().reference)};
    }
    if (finding.package_type == "deb") {
        return {
            Action::upgrade_package,
            fmt::format(
                "fixed in Debian in {}, the base is not rebuilt yet: add {} to image/security-upgrades.txt, or wait "
                "with \"until: base-rebuilt\"",
                fixed, finding.package)};
    }
    return {Action::upgrade_package,
            fmt::format(
                "fixed in {}, the base that brings it is not rebuilt yet: upgrade {} in the Dockerfile, or wait with "
                "\"until: base-rebuilt\"",
                fixed, finding.package)};
}

Advice advise_on_secret(const Finding& finding, const LayerOrigin& origin) {
    const std::string where = origin.instruction.empty() ? "" : " (from \"" + origin.instruction + "\")";
    return {Action::ours,
            fmt::format("take {} out of the image{}, and make the secret worthless: it was written to a layer",
                        finding.path, where)};
}

}  // namespace

std::string render_action(Action action) {
    switch (action) {
        case Action::bump_python:
            return "bump Python";
        case Action::rebuild:
            return "build again";
        case Action::upgrade_package:
            return "upgrade the package or wait";
        case Action::no_fix:
            return "no fix yet";
        case Action::ours:
            return "change what we add";
        case Action::accepted:
            return "accepted";
    }
    return "";
}

Bringer find_bringer(const Finding& finding, const ImageLayers& layers) {
    if (finding.kind == FindingKind::secret) return Bringer::ours;
    if (is_interpreter(finding)) return Bringer::python;
    // Where the layer tells nothing: the bases bring the Debian packages, and we bring the rest.
    const LayerOwner owner = find_origin(layers, finding.layer).owner;
    if (owner == LayerOwner::unknown) return finding.package_type == "deb" ? Bringer::base : Bringer::ours;
    return owner == LayerOwner::base ? Bringer::base : Bringer::ours;
}

Advice advise(const Finding& finding, const ImageEvidence& evidence) {
    const LayerOrigin origin = find_origin(evidence.layers, finding.layer);
    if (finding.kind == FindingKind::secret) return advise_on_secret(finding, origin);
    if (finding.fix == FixState::wont_fix) return {Action::no_fix, "its maintainers do not plan a fix"};
    if (finding.fix != FixState::fixed) return {Action::no_fix, "no fix yet: nothing can be done but to wait"};
    switch (find_bringer(finding, evidence.layers)) {
        case Bringer::python:
            return advise_on_python(finding, evidence);
        case Bringer::base:
            return advise_on_base(finding, evidence);
        case Bringer::ours:
            return advise_on_ours(finding, origin);
    }
    return {};
}

Advice advise(const WaivedFinding& waived) {
    const Waiver& waiver = waived.waiver;
    std::string text = "accepted";
    if (!waiver.owner.empty()) text += " by " + waiver.owner;
    if (waiver.review_by) text += " until " + render_date(*waiver.review_by);
    if (waiver.until_base_rebuilt) text += " until the base is rebuilt";
    if (!waiver.reason.empty()) text += ": " + waiver.reason;
    return {Action::accepted, text};
}
