#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/drift.h"
#include "plan/names.h"
#include "plan/shell_words.h"

namespace {

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
            found.value = expand_variables(*argument.value, dockerfile.escape, above_from, problem, unset);
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

Problem describe(const Default& found, const Expected& expected, const std::string& file) {
    return {{file, found.argument->line},
            fmt::format("ARG {} is {}, but line {} of {} makes it \"{}\"", expected.name, shown(*found.value),
                        expected.said_at.line, expected.said_at.file, expected.value),
            fmt::format("write ARG {}={}, or let check --fix write it", expected.name, expected.value)};
}

/// True if they differ in nothing but where things stand.
bool says_the_same(const Dockerfile& a, const Dockerfile& b) {
    const auto same_argument = [](const DockerfileArgument& x, const DockerfileArgument& y) {
        return x.name == y.name && x.value == y.value && x.is_global == y.is_global;
    };
    const auto same_source = [](const StageSource& x, const StageSource& y) { return x.name == y.name; };
    const auto same_stage = [&](const Stage& x, const Stage& y) {
        return x.name == y.name && x.from == y.from &&
               std::equal(x.sources.begin(), x.sources.end(), y.sources.begin(), y.sources.end(), same_source);
    };
    return std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(), same_argument) &&
           std::equal(a.stages.begin(), a.stages.end(), b.stages.begin(), b.stages.end(), same_stage) &&
           a.context_paths == b.context_paths;
}

}  // namespace

Problems check_dockerfile(const Dockerfile& dockerfile, const Matrix& matrix, const Job& job) {
    const std::vector<Expected> all = expect(matrix, job);
    const std::vector<Default> defaults = read_defaults(dockerfile, all);
    Problems problems;
    for (const Expected& expected : all) {
        bool is_there = false;
        int elsewhere = 0;
        for (const Default& found : defaults) {
            const bool is_it = found.argument->name == expected.name && found.argument->value;
            is_there = is_there || (is_it && (found.argument->is_global || !expected.is_for_from));
            if (is_it && !found.argument->is_global) elsewhere = found.argument->line;
            if (is_wrong(found, expected)) problems.push_back(describe(found, expected, dockerfile.file));
        }
        if (is_there || !expected.is_required) continue;
        problems.push_back(
            {{dockerfile.file, elsewhere},
             fmt::format("ARG {} has no default{}", expected.name, elsewhere != 0 ? " above the first FROM" : ""),
             fmt::format("write ARG {}={} above the first FROM", expected.name, expected.value)});
    }
    return sorted_by_place(problems);
}

std::string fix_dockerfile(const Dockerfile& dockerfile, const Matrix& matrix, const Job& job) {
    const std::vector<Expected> all = expect(matrix, job);
    std::vector<Default> defaults = read_defaults(dockerfile, all);
    std::string fixed = dockerfile.text;
    Dockerfile wanted = dockerfile;
    for (std::size_t i = defaults.size(); i-- > 0;) {  // from the end, so that the offsets stay true
        for (const Expected& expected : all) {
            if (!is_wrong(defaults[i], expected)) continue;
            const DockerfileArgument& argument = *defaults[i].argument;
            fixed.replace(argument.offset, argument.length, expected.value);
            wanted.arguments[i].value = expected.value;
        }
    }
    return says_the_same(parse_dockerfile(fixed, dockerfile.file), wanted) ? fixed : dockerfile.text;
}
