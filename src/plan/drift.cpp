#include "plan/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "plan/shell_words.h"

namespace {

std::string_view line_end_of(std::string_view text) {
    return text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
}

/// Where a line begins, after the byte order mark of the first one, which is 0.
std::size_t offset_of_line(std::string_view text, std::size_t line) {
    std::size_t offset = line == 0 && text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    for (; line > 0; --line) offset = text.find('\n', offset) + 1;
    return offset;
}

/// What the matrix or JOB.env says that a default must be.
struct Expected {
    std::string name;
    std::string value;
    Place said_at;
    bool is_required = false;  ///< the others may be made from these, or not be used at all
    bool is_for_from = false;  ///< needed above the first FROM
};

std::vector<Expected> expect(const Matrix& matrix, const Job& job) {
    if (matrix.rows.empty()) return {};
    const Row& row = matrix.rows.front();
    const bool is_distroless = !row.distroless_version.empty();
    std::vector<Expected> all = {
        {"BASE_VERSION", row.base_version(), {matrix.file, row.python_line}, true, true},
        {"PYTHON_VERSION", row.python_version, {matrix.file, row.python_line}, false},
        {"PRODUCTION_KIND",
         is_distroless ? "distroless" : "slim",
         {matrix.file, is_distroless ? row.distroless_line : row.line},
         false},
        {"DEFRA_VERSION", job.defra_version, {job.file, job.defra_version_line}, true},
    };
    if (is_distroless)
        all.push_back({"DISTROLESS_VERSION", row.distroless_version, {matrix.file, row.distroless_line}, true, true});
    return all;
}

/// An ARG with the value that it has in a build without --build-arg, once the defaults it is made from are right. In a
/// stage, what comes from elsewhere is not known.
struct Default {
    const DockerfileArgument* argument = nullptr;
    std::optional<std::string> value;
};

std::vector<Default> read_defaults(const Dockerfile& dockerfile, const std::vector<Expected>& expected) {
    std::vector<Default> defaults;
    Variables above_from;
    for (const DockerfileArgument& argument : dockerfile.arguments) {
        Default found{&argument, std::nullopt};
        std::string problem;
        std::vector<std::string> unset;
        if (argument.value) {
            found.value = expand_variables(*argument.value, above_from, problem, unset);
            if (!problem.empty() || (!argument.is_global && !unset.empty())) found.value = std::nullopt;
        }
        defaults.push_back(found);
        if (!argument.is_global) continue;
        above_from[argument.name] = found.value.value_or("");
        for (const Expected& one : expected) {
            if (one.name == argument.name && argument.value) above_from[argument.name] = one.value;
        }
    }
    return defaults;
}

bool is_wrong(const Default& found, const Expected& expected) {
    return found.argument->name == expected.name && found.value && *found.value != expected.value;
}

/// Whether a build without --build-arg lacks a value that it needs.
bool lacks_default(const std::vector<Default>& defaults, const Expected& expected) {
    return expected.is_required && std::ranges::none_of(defaults, [&](const Default& found) {
               return found.argument->name == expected.name && found.argument->value &&
                      (found.argument->is_global || !expected.is_for_from);
           });
}

/// A new line in front of the first FROM is an instruction of its own, whatever stands above.
Dockerfile add_missing_defaults(const Dockerfile& dockerfile, const std::vector<Expected>& all) {
    const std::vector<Default> defaults = read_defaults(dockerfile, all);
    std::string lines;
    for (const Expected& expected : all) {
        if (lacks_default(defaults, expected))
            lines += fmt::format("ARG {}={}{}", expected.name, expected.value, line_end_of(dockerfile.text));
    }
    if (lines.empty()) return dockerfile;
    std::string text = dockerfile.text;
    text.insert(offset_of_line(text, static_cast<std::size_t>(dockerfile.stages.front().line - 1)), lines);
    return parse_dockerfile(text, dockerfile.file);
}

constexpr std::string_view begin_mark = "<!-- versions:begin -->";
constexpr std::string_view end_mark = "<!-- versions:end -->";

/// The lines that are one of the two marks, counted from 0.
std::vector<std::size_t> find_marks(const std::vector<std::string>& lines) {
    std::vector<std::size_t> found;
    for (std::size_t line = 0; line < lines.size(); ++line) {
        if (trimmed(lines[line]) == begin_mark || trimmed(lines[line]) == end_mark) found.push_back(line);
    }
    return found;
}

bool enclose_a_table(const std::vector<std::size_t>& marks, const std::vector<std::string>& lines) {
    return marks.size() == 2 && trimmed(lines[marks[0]]) == begin_mark && trimmed(lines[marks[1]]) == end_mark;
}

/// These lines with the line ends of `text`.
std::string with_line_ends_of(std::string_view text, const std::string& lines) {
    std::string result;
    for (const std::string& line : lines_of(lines)) result.append(line).append(line_end_of(text));
    return result;
}

}  // namespace

Problems check_dockerfile(const Dockerfile& dockerfile, const Matrix& matrix, const Job& job) {
    const std::vector<Expected> all = expect(matrix, job);
    const std::vector<Default> defaults = read_defaults(dockerfile, all);
    Problems problems;
    for (const Expected& expected : all) {
        int elsewhere = 0;
        for (const Default& found : defaults) {
            const bool is_it = found.argument->name == expected.name && found.argument->value;
            if (is_it && !found.argument->is_global) elsewhere = found.argument->line;
            if (!is_wrong(found, expected)) continue;
            add(problems, {dockerfile.file, found.argument->line},
                fmt::format("ARG {} is {}, but line {} of {} makes it \"{}\"", expected.name, shown(*found.value),
                            expected.said_at.line, expected.said_at.file, expected.value),
                fmt::format("write ARG {}={}, or let check --fix write it", expected.name, expected.value));
        }
        if (!lacks_default(defaults, expected)) continue;
        add(problems, {dockerfile.file, elsewhere},
            fmt::format("ARG {} has no default{}", expected.name, elsewhere != 0 ? " above the first FROM" : ""),
            fmt::format("write ARG {}={} above the first FROM, or let check --fix write it", expected.name,
                        expected.value));
    }
    return sorted_by_place(problems);
}

std::string fix_dockerfile(const Dockerfile& given, const Matrix& matrix, const Job& job) {
    const std::vector<Expected> all = expect(matrix, job);
    const Dockerfile dockerfile = add_missing_defaults(given, all);
    const std::vector<Default> defaults = read_defaults(dockerfile, all);
    std::string fixed = dockerfile.text;
    for (std::size_t i = defaults.size(); i-- > 0;) {  // from the end, so that the offsets stay true
        for (const Expected& expected : all) {
            const DockerfileArgument& argument = *defaults[i].argument;
            if (is_wrong(defaults[i], expected)) fixed.replace(argument.offset, argument.length, expected.value);
        }
    }
    return check_dockerfile(parse_dockerfile(fixed, given.file), matrix, job).empty() ? fixed : given.text;
}

std::string render_versions_table(const Plan& plan) {
    std::string table =
        "| Python | Tags | Development is made from | Production is made from |\n| --- | --- | --- | --- |\n";
    for (const Row& row : plan.matrix.rows) {
        std::string tags = fmt::format("`{}-python{}`", plan.job.defra_version, row.python_version);
        for (const Tag& tag : row.tags) tags += " `" + tag.name + "`";
        const std::string slim = "python:" + row.base_version();
        const std::string distroless = "gcr.io/distroless/" + row.distroless_version;
        table += fmt::format("| {} | {} | `{}` | `{}` |\n", row.python_version, tags, slim,
                             row.distroless_version.empty() ? slim : distroless);
    }
    return table;
}

Problems check_readme(std::string_view text, const std::string& file, const Plan& plan) {
    const std::vector<std::string> lines = lines_of(text);
    const std::vector<std::size_t> marks = find_marks(lines);
    if (marks.empty()) {
        return {{{file, 0},
                 "there is no table of versions to check",
                 "check --fix adds one, which can then be moved together with its two marking lines",
                 Level::notice}};
    }
    if (!enclose_a_table(marks, lines)) {
        return {{{file, static_cast<int>(marks.front()) + 1},
                 fmt::format("the lines {} and {} do not stand here once each, in this order", begin_mark, end_mark),
                 "write both where the table belongs, and nowhere else; then run check --fix"}};
    }
    // Blank lines around the table are the writer's business: formatters of Markdown add them.
    std::size_t first = marks[0] + 1;
    std::size_t last = marks[1];
    while (first < last && trimmed(lines[first]).empty()) ++first;
    while (last > first && trimmed(lines[last - 1]).empty()) --last;
    const std::vector<std::string> wanted = lines_of(render_versions_table(plan));
    std::size_t same = 0;
    while (first + same < last && same < wanted.size() && lines[first + same] == wanted[same]) ++same;
    if (first + same == last && same == wanted.size()) return {};
    return {{{file, static_cast<int>(first + same) + 1},
             "the table of versions differs from the matrix and JOB.env",
             same == wanted.size() ? "remove this line, or let check --fix write the table"
                                   : "let check --fix write the table; here belongs:\n" + wanted[same]}};
}

std::string fix_readme(std::string_view text, const Plan& plan) {
    const std::vector<std::string> lines = lines_of(text);
    const std::vector<std::size_t> marks = find_marks(lines);
    const std::string table = "\n" + render_versions_table(plan) + "\n";
    if (marks.empty()) {
        const std::string_view gap = text.empty() ? "" : text.ends_with('\n') ? "\n" : "\n\n";
        const std::string section = fmt::format("{}## Versions\n\n{}\n{}{}\n", gap, begin_mark, table, end_mark);
        return std::string(text) + with_line_ends_of(text, section);
    }
    if (!enclose_a_table(marks, lines) || check_readme(text, "", plan).empty()) return std::string(text);
    return std::string(text.substr(0, offset_of_line(text, marks[0] + 1))) + with_line_ends_of(text, table) +
           std::string(text.substr(offset_of_line(text, marks[1])));
}
