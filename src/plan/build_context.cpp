#include "plan/build_context.h"

#include <fnmatch.h>

#include <algorithm>
#include <span>

#include "base/text.h"

namespace {

using Parts = std::span<const std::string>;

/// "./image//x/../y/" is {"image", "y"}; what leads out of the context stays at its root, which has no parts. "**x" is
/// "**/*x" (moby/patternmatcher, suffixMatch).
std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0, end = 0; begin < path.size(); begin = end + 1) {
        end = std::min(path.find('/', begin), path.size());
        std::string part(path.substr(begin, end - begin));
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else if (!part.empty() && part != ".") {
            const bool is_any_depth = part.size() > 2 && part.starts_with("**");
            if (is_any_depth) parts.emplace_back("**");
            parts.push_back(is_any_depth ? part.substr(1) : part);
        }
    }
    return parts;
}

bool matches_part(std::string pattern, const std::string& part) {
    for (std::size_t at = 0; (at = pattern.find("[!", at)) != std::string::npos; ++at)
        pattern.insert(at + 1, "\\");  // Docker's only sign for "none of these" is ^
    return fnmatch(pattern.c_str(), part.c_str(), 0) == 0;
}

/// The path, or a directory that it is in (moby/patternmatcher). ** at the end is one name at least, elsewhere also
/// none.
bool matches_at_or_above(Parts pattern, Parts path) {
    if (pattern.empty()) return true;
    if (path.empty()) return false;
    if (pattern.front() != "**")
        return matches_part(pattern.front(), path.front()) && matches_at_or_above(pattern.subspan(1), path.subspan(1));
    return pattern.size() == 1 || matches_at_or_above(pattern.subspan(1), path) ||
           matches_at_or_above(pattern, path.subspan(1));
}

bool may_match_below(Parts pattern, Parts directory) {
    for (std::size_t i = 0; i < directory.size() && i < pattern.size() && pattern[i] != "**"; ++i) {
        if (!matches_part(pattern[i], directory[i])) return false;
    }
    return true;
}

}  // namespace

BuildContext::BuildContext(const Dockerfile& dockerfile, std::string_view dockerignore) {
    for (const std::string& path : dockerfile.context_paths) read_.push_back(parts_of(path));
    if (dockerignore.starts_with("\xEF\xBB\xBF")) dockerignore.remove_prefix(3);
    for (const std::string& line : lines_of(dockerignore)) {
        if (line.starts_with('#')) continue;
        std::string_view text = trimmed(line);
        const bool lets_in = text.starts_with('!');
        if (lets_in) text = trimmed(text.substr(1));
        std::vector<std::string> parts = parts_of(text);
        // "." matches nothing (Docker's reference: "for historical reasons"), nor does what leads out of the context.
        const bool leads_out = !text.starts_with('/') && parts_of("x/" + std::string(text)).size() == parts.size();
        if (!parts.empty() && !leads_out) ignored_.push_back({std::move(parts), lets_in});
    }
}

bool BuildContext::is_ignored(const std::vector<std::string>& path) const {
    bool is_ignored = false;
    for (const Pattern& pattern : ignored_) {
        if (pattern.lets_in == is_ignored && matches_at_or_above(pattern.parts, path)) is_ignored = !pattern.lets_in;
    }
    return is_ignored;
}

bool BuildContext::holds(const std::string& path) const {
    const std::vector<std::string> parts = parts_of(path);
    return !is_ignored(parts) &&
           std::ranges::any_of(read_, [&](const auto& p) { return matches_at_or_above(p, parts); });
}

bool BuildContext::may_hold_below(const std::string& directory) const {
    const std::vector<std::string> parts = parts_of(directory);
    const bool is_let_in_again = std::ranges::any_of(ignored_, &Pattern::lets_in);
    if (!is_let_in_again && is_ignored(parts)) return false;
    return std::ranges::any_of(read_, [&](const auto& p) { return may_match_below(p, parts); });
}

bool BuildContext::add(const std::string& path) {
    std::vector<std::string> parts = parts_of(path);
    if (std::ranges::find(read_, parts) != read_.end()) return false;
    read_.push_back(std::move(parts));
    return true;
}
