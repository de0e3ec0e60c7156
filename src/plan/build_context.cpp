#include "plan/build_context.h"

#include <algorithm>

#include "base/text.h"

namespace {

constexpr std::string_view wildcards = "*?[\\";

/// "./image//x/../y/" is "image/y"; what leads out of the context stays at its root, which is "".
std::string cleaned(std::string_view path) {
    std::vector<std::string> parts;
    for (const std::string& part : fields_of(path, '/')) {
        if (part == ".." && !parts.empty()) parts.pop_back();
        if (part != "." && part != "..") parts.push_back(part);
    }
    return joined(parts, "/");
}

/// One byte against "[a-z]", whose end is behind `pattern`'s first "]". Ranges, and ^ for the others.
bool is_in_class(std::string_view inside, char c) {
    const bool is_negated = inside.starts_with('^');
    if (is_negated) inside.remove_prefix(1);
    bool found = false;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        const bool is_range = i + 2 < inside.size() && inside[i + 1] == '-';
        found = found || (is_range ? inside[i] <= c && c <= inside[i + 2] : inside[i] == c);
        if (is_range) i += 2;
    }
    return found != is_negated;
}

/// moby/patternmatcher: ** any bytes, **/ any directories, * and ? within a segment, [a-z], and \\ before a literal.
bool matches(std::string_view pattern, std::string_view path) {
    if (pattern.empty()) return path.empty();
    if (pattern.starts_with("**")) {
        pattern.remove_prefix(2);
        const bool directories = pattern.starts_with('/');
        if (directories) pattern.remove_prefix(1);
        if (pattern.empty()) return true;
        for (std::size_t i = 0; i <= path.size(); ++i) {
            const bool may_begin = !directories || i == 0 || path[i - 1] == '/';
            if (may_begin && matches(pattern, path.substr(i))) return true;
        }
        return false;
    }
    if (pattern[0] == '*') {
        for (std::size_t i = 0; i <= path.size(); ++i) {
            if (matches(pattern.substr(1), path.substr(i))) return true;
            if (i < path.size() && path[i] == '/') break;
        }
        return false;
    }
    if (path.empty()) return false;
    const std::size_t end = pattern[0] == '[' ? pattern.find(']', 1) : std::string_view::npos;
    if (end != std::string_view::npos)
        return is_in_class(pattern.substr(1, end - 1), path[0]) && matches(pattern.substr(end + 1), path.substr(1));
    if (pattern[0] == '?') return path[0] != '/' && matches(pattern.substr(1), path.substr(1));
    if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    return pattern[0] == path[0] && matches(pattern.substr(1), path.substr(1));
}

/// The path, or a directory that it is in.
bool matches_at_or_above(const std::string& pattern, const std::string& path) {
    if (pattern.empty()) return true;
    for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
        if (matches(pattern, std::string_view(path).substr(0, end))) return true;
        if (end == std::string::npos) return false;
    }
}

}  // namespace

BuildContext::BuildContext(const Dockerfile& dockerfile, std::string_view dockerignore) {
    for (const std::string& path : dockerfile.context_paths) read_.push_back(cleaned(path));
    if (dockerignore.starts_with("\xEF\xBB\xBF")) dockerignore.remove_prefix(3);
    for (const std::string& line : lines_of(dockerignore)) {
        if (line.starts_with('#')) continue;
        std::string_view text = trimmed(line);
        const bool lets_in = text.starts_with('!');
        if (lets_in) text = trimmed(text.substr(1));
        if (!text.empty()) ignored_.push_back({cleaned(text), lets_in});
    }
}

bool BuildContext::is_ignored(const std::string& path) const {
    bool is_ignored = false;
    for (const Pattern& pattern : ignored_) {
        if (pattern.lets_in == is_ignored && matches_at_or_above(pattern.text, path)) is_ignored = !pattern.lets_in;
    }
    return is_ignored;
}

bool BuildContext::holds(const std::string& path) const {
    return !is_ignored(path) &&
           std::ranges::any_of(read_, [&](const std::string& pattern) { return matches_at_or_above(pattern, path); });
}

bool BuildContext::may_hold_below(const std::string& directory) const {
    const bool is_let_in_again = std::ranges::any_of(ignored_, &Pattern::lets_in);
    if (!is_let_in_again && is_ignored(directory)) return false;
    return std::ranges::any_of(read_, [&](const std::string& pattern) {
        const std::string fixed = pattern.substr(0, pattern.find_first_of(wildcards));
        return matches_at_or_above(pattern, directory) || (fixed + "/").starts_with(directory + "/") ||
               (fixed.size() < pattern.size() && directory.starts_with(fixed));
    });
}

bool BuildContext::add(const std::string& path) {
    const std::string pattern = cleaned(path);
    if (std::ranges::find(read_, pattern) != read_.end()) return false;
    read_.push_back(pattern);
    return true;
}
