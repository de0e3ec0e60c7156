#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/drift.h"
#include "plan/names.h"

namespace {

/// One NAME=VALUE of an ARG instruction.
struct Default {
    std::string name;
    std::string value;
    int line = 0;
    std::size_t offset = 0;  ///< of the value in the text, with its quotation marks
    std::size_t length = 0;
};

/// What the matrix or JOB.env says that a default must be.
struct Expected {
    std::string name;
    std::string value;
    Place said_at;
    bool is_required = false;  ///< the others may be made from these, or not be used at all
};

std::vector<Expected> expect(const Matrix& matrix, const Job& job) {
    if (matrix.rows.empty()) return {};
    const Row& row = matrix.rows.front();
    const bool is_distroless = !row.distroless_version.empty();
    std::vector<Expected> all = {
        {"BASE_VERSION", row.base_version(), {matrix.file, row.python_line}, true},
        {"PYTHON_VERSION", row.python_version, {matrix.file, row.python_line}, false},
        {"PRODUCTION_KIND",
         is_distroless ? "distroless" : "slim",
         {matrix.file, is_distroless ? row.distroless_line : row.line},
         false},
        {"DEFRA_VERSION", job.defra_version, {job.file, job.defra_version_line}, true},
    };
    if (is_distroless)
        all.push_back({"DISTROLESS_VERSION", row.distroless_version, {matrix.file, row.distroless_line}, true});
    return all;
}

std::string_view without_quotes(std::string_view value) {
    const bool is_quoted =
        value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
    return is_quoted ? value.substr(1, value.size() - 2) : value;
}

/// The NAME=VALUE words of one line of an ARG instruction; `offset` is where the line stands in the text.
void read_defaults(std::string_view line, std::size_t offset, int number, std::vector<Default>& defaults) {
    constexpr std::string_view blanks = " \t\r\\";
    std::size_t begin = line.find_first_not_of(blanks);
    while (begin != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(blanks, begin), line.size());
        const std::string_view word = line.substr(begin, end - begin);
        if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
            const std::string_view value = word.substr(equals + 1);
            defaults.push_back({std::string(word.substr(0, equals)), std::string(without_quotes(value)), number,
                                offset + begin + equals + 1, value.size()});
        }
        begin = line.find_first_not_of(blanks, end);
    }
}

bool is_arg_instruction(std::string_view content) {
    return lower_case(content.substr(0, content.find_first_of(" \t"))) == "arg";
}

/// All defaults of all ARG instructions, in every stage: one with a default of its own does not see the one above FROM.
std::vector<Default> find_defaults(std::string_view text) {
    std::vector<Default> defaults;
    bool is_arg = false;
    bool goes_on = false;  // the line before ended in a backslash; comments may stand between
    int number = 0;
    for (std::size_t offset = 0; offset < text.size();) {
        const std::string_view line = text.substr(offset, text.find('\n', offset) - offset);
        const std::string_view content = trimmed(line);
        ++number;
        if (!content.starts_with('#')) {
            if (!goes_on) is_arg = is_arg_instruction(content);
            if (is_arg) read_defaults(line, offset, number, defaults);
            goes_on = content.ends_with('\\');
        }
        offset += line.size() + 1;
    }
    return defaults;
}

bool is_wrong(const Default& found, const Expected& expected) {
    const bool is_derived = found.value.find('$') != std::string::npos;
    return found.name == expected.name && !is_derived && found.value != expected.value;
}

Problem describe(const Default& found, const Expected& expected, const std::string& file) {
    return {{file, found.line},
            fmt::format("ARG {} is {}, but line {} of {} makes it \"{}\"", found.name, shown(found.value),
                        expected.said_at.line, expected.said_at.file, expected.value),
            fmt::format("write ARG {}={}, or let check --fix write it", expected.name, expected.value)};
}

}  // namespace

Problems check_dockerfile(std::string_view text, const std::string& file, const Matrix& matrix, const Job& job) {
    const std::vector<Default> defaults = find_defaults(text);
    Problems problems;
    for (const Expected& expected : expect(matrix, job)) {
        bool is_there = false;
        for (const Default& found : defaults) {
            is_there = is_there || found.name == expected.name;
            if (is_wrong(found, expected)) problems.push_back(describe(found, expected, file));
        }
        if (is_there || !expected.is_required) continue;
        problems.push_back({{file, 0},
                            fmt::format("ARG {} has no default", expected.name),
                            fmt::format("write ARG {}={} above the first FROM", expected.name, expected.value)});
    }
    return sorted_by_place(problems);
}

std::string mend_dockerfile(std::string_view text, const Matrix& matrix, const Job& job) {
    std::string mended(text);
    std::vector<Default> defaults = find_defaults(text);
    std::reverse(defaults.begin(), defaults.end());  // from the end, so that the offsets stay true
    for (const Default& found : defaults) {
        for (const Expected& expected : expect(matrix, job)) {
            if (is_wrong(found, expected)) mended.replace(found.offset, found.length, expected.value);
        }
    }
    return mended;
}
