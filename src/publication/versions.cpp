#include "publication/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"

namespace {

/// "3.13" of "3.13.3-production".
std::string minor_of(const std::string& image) {
    const auto version = parse_version(image.substr(0, image.find('-')));
    return version ? minor_version(*version) : image;
}

/// What people who build on the images would miss.
std::vector<std::string> find_breaks(const Plan& plan, const PublicationRecord& released) {
    std::set<std::string> minors;
    std::set<std::string> repositories;
    for (const Image& image : plan.images) {
        minors.insert(minor_of(image.name));
        repositories.insert(image.repository);
    }
    std::set<std::string> gone;
    for (const PublishedImage& image : released.images) {
        if (!minors.contains(minor_of(image.name))) gone.insert("Python " + minor_of(image.name));
        if (!repositories.contains(image.repository)) gone.insert(image.repository);
    }
    return {gone.begin(), gone.end()};
}

std::vector<std::string> find_changed(const Plan& plan, const std::map<std::string, Digest>& inputs,
                                      const PublicationRecord& released) {
    std::vector<std::string> changed;
    for (const Image& image : plan.images) {
        const auto out = std::ranges::find(released.images, image.name, &PublishedImage::name);
        const auto now = inputs.find(image.name);
        if (out == released.images.end() || (now != inputs.end() && now->second != out->inputs))
            changed.push_back(image.name);
    }
    return changed;
}

}  // namespace

std::optional<VersionTag> parse_version_tag(const std::string& tag) {
    const std::string between = "-python";
    const std::size_t at = tag.find(between);
    if (at == std::string::npos) return std::nullopt;
    const std::optional<Version> version = parse_version(tag.substr(0, at));
    const std::optional<Version> python = parse_version(tag.substr(at + between.size()));
    if (!version || !python) return std::nullopt;
    return VersionTag{*version, *python};
}

std::optional<std::string> find_newer_version_tag(const std::vector<std::string>& tags, const VersionTag& ours,
                                                  const std::string& moving_tag, const std::optional<Version>& limit) {
    const std::string minor = minor_version(ours.python);
    const bool is_for_any = moving_tag.find(minor) == std::string::npos;
    std::optional<std::tuple<Version, bool, Version, std::string>> best;
    for (const std::string& tag : tags) {
        const std::optional<VersionTag> theirs = parse_version_tag(tag);
        if (!theirs || theirs->version <= ours.version || (limit && theirs->version > *limit)) continue;
        const bool is_same = minor_version(theirs->python) == minor;
        if (is_same || is_for_any)
            best = std::max(best, std::optional(std::tuple(theirs->version, is_same, theirs->python, tag)));
    }
    return best ? std::optional(std::get<3>(*best)) : std::nullopt;
}

Problems check_version(const Plan& plan, const std::map<std::string, Digest>& inputs, const PublicationRecord& released,
                       const std::string& version) {
    const auto out = parse_version(version);
    const auto ours = parse_version(plan.job.defra_version);
    if (!out || !ours) return {};
    const Place at{plan.job.file, plan.job.defra_version_line};
    const std::vector<std::string> breaks = find_breaks(plan, released);
    const Version wanted = breaks.empty() ? Version{out->major, out->minor + 1, 0} : Version{out->major + 1, 0, 0};
    const std::string why = breaks.empty() ? "a minor version: no change for those who build on the images"
                                           : "a major version, because " + joined(breaks, ", ") + " goes";
    std::string what;
    if (*ours < *out) {
        what = fmt::format("DEFRA_VERSION {} is lower than {}, which is published", plan.job.defra_version, version);
    } else if (*ours == *out) {
        const std::vector<std::string> changed = find_changed(plan, inputs, released);
        if (changed.empty()) return {};
        what =
            fmt::format("{} is published, and what goes into {} is not what it was: master would refuse to publish it",
                        version, joined_some(changed, 3));
    } else {
        if (breaks.empty() || ours->major > out->major) return {};
        what =
            fmt::format("{} goes, and DEFRA_VERSION {} does not say so", joined(breaks, ", "), plan.job.defra_version);
    }
    const char* name = *ours == *out ? "DEFRA_VERSION" : "it";
    return {{at, what, fmt::format("raise {} to {}, {}", name, render_version(wanted), why), Level::warning}};
}
