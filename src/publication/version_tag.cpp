#include "publication/version_tag.h"

#include "base/version.h"

std::optional<std::string> find_version_tag(const std::vector<std::string>& tags, const std::string& version,
                                            const std::string& python_version) {
    const std::string before_python = version + "-python";
    const std::optional<Version> ours = parse_version(python_version);
    std::optional<Version> best;
    for (const std::string& tag : tags) {
        if (!tag.starts_with(before_python)) continue;
        const std::optional<Version> python = parse_version(tag.substr(before_python.size()));
        if (!ours || !python || minor_version(*python) != minor_version(*ours)) continue;
        if (!best || *best < *python) best = python;
    }
    return best ? std::optional(before_python + render_version(*best)) : std::nullopt;
}
