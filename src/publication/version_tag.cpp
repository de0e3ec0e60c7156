#include "publication/version_tag.h"

#include <algorithm>
#include <tuple>

std::optional<VersionTag> parse_version_tag(const std::string& tag) {
    const std::string between = "-python";
    const std::size_t at = tag.find(between);
    if (at == std::string::npos) return std::nullopt;
    const std::optional<Version> version = parse_version(tag.substr(0, at));
    const std::optional<Version> python = parse_version(tag.substr(at + between.size()));
    if (!version || !python) return std::nullopt;
    return VersionTag{*version, *python};
}

std::optional<std::string> find_version_tag(const std::vector<std::string>& tags, const std::string& version,
                                            const std::string& python_version) {
    const std::optional<Version> wanted = parse_version(version);
    const std::optional<Version> python = parse_version(python_version);
    std::optional<std::pair<Version, std::string>> best;
    for (const std::string& tag : tags) {
        const std::optional<VersionTag> parsed = parse_version_tag(tag);
        if (!parsed || !python || parsed->version != wanted) continue;
        if (minor_version(parsed->python) == minor_version(*python))
            best = std::max(best, std::optional(std::pair(parsed->python, tag)));
    }
    return best ? std::optional(best->second) : std::nullopt;
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
