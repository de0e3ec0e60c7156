// JOB.env has one meaning. A shell, docker --env-file and GITHUB_ENV read quotation marks, blanks and `export` in three
// ways, so none of these is accepted, and what is accepted all of them read alike.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/reference.h"
#include "base/text.h"
#include "plan/plan.h"

namespace {

constexpr std::size_t max_size = 64 * 1024;

// Names that change what programs do, if JOB.env is put into an environment.
constexpr std::array dangerous_names = {"PATH",           "ENV",        "BASH_ENV",   "IFS",          "SHELL",
                                        "SHELLOPTS",      "BASHOPTS",   "HOME",       "CDPATH",       "TMPDIR",
                                        "NO_PROXY",       "CI",         "PERL5OPT",   "NODE_OPTIONS", "PS4",
                                        "PROMPT_COMMAND", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"};
constexpr std::array dangerous_beginnings = {"LD_",     "DYLD_",   "GITHUB_",   "RUNNER_", "ACTIONS_", "INPUT_",
                                             "DOCKER_", "BUILDX_", "BUILDKIT_", "GIT_",    "SSL_",     "CURL_",
                                             "TRIVY_",  "GRYPE_",  "SYFT_",     "XDG_"};

bool is_dangerous(std::string_view key) {
    return std::ranges::any_of(dangerous_names, [&](const char* name) { return key == name; }) ||
           std::ranges::any_of(dangerous_beginnings,
                               [&](const char* beginning) { return key.starts_with(beginning); }) ||
           key.ends_with("_PROXY");
}

bool is_key(std::string_view text) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return !text.empty() && letters.find(text.front()) != std::string_view::npos &&
           text.find_first_not_of(all) == std::string_view::npos;
}

/// What every reader takes as it stands.
constexpr std::string_view plain_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:/@,=%";

/// Reads KEY=VALUE into the job. Returns what is wrong with it, or that it has no effect. `lines`: those of the keys.
std::optional<Problem> read_line(std::string_view line, const Place& at, std::map<std::string, int>& lines, Job& job) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
        return Problem{at, shown(line) + " is neither KEY=VALUE nor a comment", "begin a comment with #"};
    const std::string key(line.substr(0, equals));
    const std::string value(line.substr(equals + 1));
    if (!is_key(key)) {
        return Problem{at, shown(key) + " is not a key",
                       "a key has capital letters, digits and underscores, and begins with a letter: no blank, and no "
                       "export as in a shell"};
    }
    if (is_dangerous(key)) {
        return Problem{at, shown(key) + " must not be set here",
                       "it would change what programs do: JOB.env holds DEFRA_VERSION and IMAGE_NAME, nothing for an "
                       "environment"};
    }
    const auto [first, is_new] = lines.emplace(key, at.line);
    if (!is_new)
        return Problem{at, fmt::format("{} is already given on line {}", key, first->second), "keep one of the two"};
    if (value.empty()) return Problem{at, key + " has no value", "write " + key + "=VALUE, or remove the line"};
    if (const std::size_t bad = value.find_first_not_of(plain_characters); bad != std::string::npos) {
        return Problem{at, fmt::format("the value of {} has {} in it", key, shown(value.substr(bad, 1))),
                       "a value has letters, digits and . _ - + : / @ , = % only: nothing is unquoted or expanded, and "
                       "a comment stands on a line of its own"};
    }
    if (key == "DEFRA_VERSION") {
        job.defra_version = value;
        job.defra_version_line = at.line;
        if (parse_version(value)) return std::nullopt;
        return Problem{at, shown(value) + " is not a version",
                       "write three numbers, as in DEFRA_VERSION=1.0.0; there are no pre-releases, because moving tags "
                       "follow every release"};
    }
    if (key == "IMAGE_NAME") {
        job.image_name = value;
        job.image_name_line = at.line;
        if (is_repository(value) && value.find('/') == std::string::npos) return std::nullopt;
        return Problem{
            at, shown(value) + " is not the name of an image",
            "write lower-case letters and digits, as in IMAGE_NAME=python; the namespace is an option of its own"};
    }
    return Problem{at, key + " has no effect", "the keys of JOB.env are DEFRA_VERSION and IMAGE_NAME", Level::warning};
}

}  // namespace

Job parse_job_env(std::string_view text, const std::string& file, Problems& warnings) {
    if (text.size() > max_size)
        throw Error{Exit::bad_input,
                    {file},
                    "the file is larger than 64 KiB",
                    "it holds DEFRA_VERSION and IMAGE_NAME, nothing else"};
    refuse_unreadable(text, file);
    Problems problems;
    if (text.find("\r\n") != std::string_view::npos) {
        add(problems, {file}, "the lines end in CR LF",
            "save it with LF: a shell would take the CR for a part of each value", Level::warning);
    }
    Job job{.file = file};
    std::map<std::string, int> lines;
    std::string read;
    int number = 0;
    for (const std::string& line : lines_of(text)) {
        ++number;
        if (trimmed(line).empty() || trimmed(line).starts_with('#')) continue;
        read += line;
        if (const auto problem = read_line(line, {file, number}, lines, job)) problems.push_back(*problem);
    }
    // A key on a line with an error is not missing: its line is reported.
    for (const std::string key : {"DEFRA_VERSION", "IMAGE_NAME"}) {
        if (read.find(key) == std::string::npos) {
            add(problems, {file}, key + " is missing",
                "add a line " + key + (key == "IMAGE_NAME" ? "=python" : "=1.0.0"));
        }
    }
    if (has_errors(problems)) throw Error{Exit::bad_input, sorted_by_place(problems)};
    append(warnings, problems);
    return job;
}
