#include "plan/tags.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/text.h"
#include "plan/names.h"

namespace {

constexpr std::string_view version_mark = "-python";

void find_equal_versions(const Matrix& matrix, Problems& problems) {
    std::map<std::string, int> lines;
    for (const Row& row : matrix.rows) {
        if (row.python_version.empty()) continue;
        const auto [first, is_new] = lines.emplace(row.python_version, row.python_line);
        if (is_new) continue;
        problems.push_back({{matrix.file, row.python_line},
                            fmt::format("Python {} is already given on line {}", row.python_version, first->second),
                            "both rows would write the same version tag: keep one of the two"});
    }
}

Problem describe_repeated_tag(const std::string& file, const Tag& first, const Tag& again) {
    const Place at{file, again.line};
    if (first.name != again.name) {
        return {at,
                fmt::format("the tag \"{}\" and \"{}\" on line {} differ in capitals only", again.name, first.name,
                            first.line),
                "a registry tells them apart, but people do not: keep one of the two"};
    }
    const std::string where = first.line == again.line ? "on this line" : fmt::format("on line {}", first.line);
    return {at, fmt::format("the tag \"{}\" is already given {}", again.name, where),
            "a tag can point to one image only"};
}

void find_repeated_tags(const Matrix& matrix, Problems& problems) {
    std::map<std::string, Tag> firsts;
    for (const Row& row : matrix.rows) {
        for (const Tag& tag : row.tags) {
            const auto [first, is_new] = firsts.emplace(lower_case(tag.name), tag);
            if (!is_new) problems.push_back(describe_repeated_tag(matrix.file, first->second, tag));
        }
    }
}

/// "1.0.0-python3.13.3", of whatever release.
bool is_like_version_tag(std::string_view tag) {
    const std::size_t mark = tag.find(version_mark);
    return mark != std::string_view::npos && tag.front() >= '0' && tag.front() <= '9' &&
           parse_version(tag.substr(mark + version_mark.size()));
}

void find_version_tags(const Matrix& matrix, Problems& problems) {
    for (const Row& row : matrix.rows) {
        for (const Tag& tag : row.tags) {
            if (!is_like_version_tag(tag.name)) continue;
            problems.push_back({{matrix.file, tag.line},
                                fmt::format("\"{}\" has the form of a version tag", tag.name),
                                "version tags are made from DEFRA_VERSION and pythonVersion and written once; the tags "
                                "listed here move with every release: choose another name"});
        }
    }
}

/// The Python version that a tag promises with its last part: 3.13 of "latest-3.13"; nothing if it promises none.
std::optional<std::string_view> promised_version(std::string_view tag) {
    const std::string_view last = tag.substr(tag.rfind('-') + 1);
    const bool is_minor = last.starts_with("3.") && parse_version(std::string(last) + ".0");
    if (is_minor || (last.starts_with("3.") && parse_version(last))) return last;
    return std::nullopt;
}

}  // namespace

Problems find_collisions(const Matrix& matrix) {
    Problems problems;
    find_equal_versions(matrix, problems);
    find_repeated_tags(matrix, problems);
    find_version_tags(matrix, problems);
    return problems;
}

Problems check_tags(const Matrix& matrix) {
    Problems problems;
    for (const Row& row : matrix.rows) {
        for (const Tag& tag : row.tags) {
            const std::optional<std::string_view> promised = promised_version(tag.name);
            if (!promised || row.python_version.empty()) continue;
            if ((row.python_version + ".").starts_with(std::string(*promised) + ".")) continue;
            problems.push_back({{matrix.file, tag.line},
                                fmt::format("the tag \"{}\" is given to Python {}", tag.name, row.python_version),
                                fmt::format("services that ask for {} would get another Python", *promised),
                                Level::warning});
        }
    }
    return problems;
}
