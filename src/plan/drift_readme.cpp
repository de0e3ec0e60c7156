#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "plan/drift.h"
#include "plan/names.h"

namespace {

constexpr std::string_view begin_mark = "<!-- versions:begin -->";
constexpr std::string_view end_mark = "<!-- versions:end -->";

/// The two marked lines, counted from 0.
struct Marks {
    std::size_t begin = 0;
    std::size_t end = 0;
};

std::vector<std::size_t> find_mark(const std::vector<std::string>& lines, std::string_view mark) {
    std::vector<std::size_t> found;
    for (std::size_t line = 0; line < lines.size(); ++line) {
        if (trimmed(lines[line]) == mark) found.push_back(line);
    }
    return found;
}

std::optional<Marks> find_marks(const std::vector<std::string>& lines) {
    const std::vector<std::size_t> begin = find_mark(lines, begin_mark);
    const std::vector<std::size_t> end = find_mark(lines, end_mark);
    if (begin.size() != 1 || end.size() != 1 || begin.front() > end.front()) return std::nullopt;
    return Marks{begin.front(), end.front()};
}

bool has_any_mark(const std::vector<std::string>& lines) {
    return !find_mark(lines, begin_mark).empty() || !find_mark(lines, end_mark).empty();
}

std::string as_code(const std::string& text) {
    return "`" + text + "`";
}

std::string render_row(const Plan& plan, const Row& row) {
    std::vector<std::string> tags = {as_code(fmt::format("{}-python{}", plan.job.defra_version, row.python_version))};
    for (const Tag& tag : row.tags) tags.push_back(as_code(tag.name));
    const std::string slim = as_code("python:" + row.base_version());
    const std::string distroless = as_code("gcr.io/distroless/" + row.distroless_version);
    return fmt::format("| {} | {} | {} | {} |\n", row.python_version, joined(tags, " "), slim,
                       row.distroless_version.empty() ? slim : distroless);
}

int line_number(std::size_t index) {
    return static_cast<int>(index) + 1;
}

Problem describe_marks(const std::vector<std::string>& lines, const std::string& file) {
    const std::string hint =
        fmt::format("write the line {} and, below it, the line {} where the table belongs; then run check --fix",
                    begin_mark, end_mark);
    for (const std::string_view mark : {begin_mark, end_mark}) {
        const std::vector<std::size_t> found = find_mark(lines, mark);
        if (found.empty()) return {{file, 0}, fmt::format("the line {} is missing", mark), hint};
        if (found.size() > 1)
            return {{file, line_number(found[1])},
                    fmt::format("the line {} is already there on line {}", mark, line_number(found[0])),
                    "remove one of the two"};
    }
    return {{file, line_number(find_mark(lines, end_mark).front())},
            fmt::format("the line {} stands above {}", end_mark, begin_mark),
            hint};
}

std::string_view line_end_of(std::string_view text) {
    return text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
}

/// What a README without a table gets at its end.
std::string render_new_section(std::string_view text, const Plan& plan) {
    const std::string section =
        fmt::format("## Versions\n\n{}\n\n{}\n{}\n", begin_mark, render_versions_table(plan), end_mark);
    const std::string_view line_end = line_end_of(text);
    std::string added(text.empty() ? "" : text.ends_with('\n') ? line_end : std::string(line_end).append(line_end));
    for (const std::string& line : lines_of(section)) added.append(line).append(line_end);
    return added;
}

/// The first difference between the table that is there, from line `first` on, and the one that should be.
std::optional<Problem> compare(const std::vector<std::string>& there, std::size_t first,
                               const std::vector<std::string>& wanted, const std::string& file) {
    const auto [at, want] = std::mismatch(there.begin(), there.end(), wanted.begin(), wanted.end());
    if (at == there.end() && want == wanted.end()) return std::nullopt;
    const Place place{file, line_number(first + static_cast<std::size_t>(at - there.begin()))};
    const std::string hint = want == wanted.end()
                                 ? "remove it, or let check --fix write the table"
                                 : fmt::format("let check --fix write the table; here belongs:\n{}", *want);
    if (at == there.end()) return Problem{place, "the table of versions ends too early", hint};
    if (want == wanted.end()) return Problem{place, "the table of versions goes on too long", hint};
    return Problem{place, "the table of versions differs from the matrix and JOB.env", hint};
}

}  // namespace

std::string render_versions_table(const Plan& plan) {
    std::string table =
        "| Python | Tags | Development is made from | Production is made from |\n| --- | --- | --- | --- |\n";
    for (const Row& row : plan.matrix.rows) table += render_row(plan, row);
    return table;
}

Problems check_readme(std::string_view text, const std::string& file, const Plan& plan) {
    const std::vector<std::string> lines = lines_of(text);
    if (!has_any_mark(lines)) {
        return {{{file, 0},
                 "there is no table of versions to check",
                 "check --fix adds one, which can then be moved together with its two marking lines",
                 Level::notice}};
    }
    const std::optional<Marks> marks = find_marks(lines);
    if (!marks) return {describe_marks(lines, file)};
    // Blank lines around the table are the writer's business: formatters of Markdown add them.
    std::size_t first = marks->begin + 1;
    std::size_t last = marks->end;
    while (first < last && trimmed(lines[first]).empty()) ++first;
    while (last > first && trimmed(lines[last - 1]).empty()) --last;
    const std::vector<std::string> there(lines.begin() + static_cast<std::ptrdiff_t>(first),
                                         lines.begin() + static_cast<std::ptrdiff_t>(last));
    const std::optional<Problem> difference = compare(there, first, lines_of(render_versions_table(plan)), file);
    return difference ? Problems{*difference} : Problems{};
}

std::string fix_readme(std::string_view text, const Plan& plan) {
    const std::vector<std::string> lines = lines_of(text);
    if (!has_any_mark(lines)) return std::string(text) + render_new_section(text, plan);
    const std::optional<Marks> marks = find_marks(lines);
    if (!marks || check_readme(text, "", plan).empty()) return std::string(text);
    const auto start_of = [&](std::size_t line) {
        std::size_t offset = 0;
        for (; line > 0; --line) offset = text.find('\n', offset) + 1;
        return offset;
    };
    const std::size_t begin = start_of(marks->begin + 1);
    const std::string_view line_end = line_end_of(text);
    std::string table(line_end);
    for (const std::string& line : lines_of(render_versions_table(plan))) table.append(line).append(line_end);
    table += line_end;
    return std::string(text.substr(0, begin)) + table + std::string(text.substr(start_of(marks->end)));
}
