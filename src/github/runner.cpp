#include "github/runner.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>

#include "base/encoding.h"
#include "base/text.h"
#include "report/words.h"
#include "system/relay.h"

namespace github {
namespace {

constexpr std::size_t kept_per_kind = 10;
/// The runner counts two bytes for a unit of UTF-16, of which no text has more than it has bytes in UTF-8.
constexpr std::size_t max_output = 500'000;
constexpr std::size_t max_summary = 1'048'576;
constexpr std::string_view zero_width_space = "\xE2\x80\x8B";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

/// The old form of a command counts anywhere in a line, inside of an annotation as well.
std::string without_old_commands(std::string text) {
    return replaced(std::move(text), "##[", "##" + std::string(zero_width_space) + "[");
}

/// Before a command the runner passes over everything that its .NET takes for white space, and its decoder over a mark
/// of the byte order. Which characters beyond ASCII these are is not for us to know: any may be one.
bool may_be_blank(char c) {
    return c == ' ' || c == '\t' || static_cast<unsigned char>(c) >= 0x80U;
}

std::string escaped_data(std::string text) {
    text = without_old_commands(std::move(text));
    return replaced(replaced(replaced(std::move(text), "%", "%25"), "\r", "%0D"), "\n", "%0A");
}

std::string render_annotation(const Problem& problem, const std::string& directory) {
    std::string properties;
    const std::string file = (std::filesystem::path(directory) / problem.at.file).lexically_normal().generic_string();
    if (!problem.at.file.empty())
        properties = " file=" + replaced(replaced(escaped_data(file), ":", "%3A"), ",", "%2C");
    if (!problem.at.file.empty() && problem.at.line > 0) properties += fmt::format(",line={}", problem.at.line);
    const std::string message = problem.hint.empty() ? problem.what : problem.what + "\nhint: " + problem.hint;
    return fmt::format("::{}{}::{}\n", render_level(problem.level), properties, escaped_data(message));
}

}  // namespace

bool is_workflow(const Environment& environment) {
    return text_at(environment, "GITHUB_ACTIONS") == "true";
}

std::string sanitized_line(std::string_view line) {
    std::string text = without_old_commands(plain_line(line));
    const auto first = static_cast<std::size_t>(std::ranges::find_if_not(text, may_be_blank) - text.begin());
    if (text.compare(first, 2, "::") == 0) text.insert(first + 1, zero_width_space);
    return text;
}

std::string directory_in_repository(const Environment& environment, const std::filesystem::path& directory) {
    const std::string workspace = text_at(environment, "GITHUB_WORKSPACE");
    if (!is_workflow(environment) || workspace.empty()) return "";
    const std::filesystem::path inside = directory.lexically_normal().lexically_relative(workspace);
    if (inside.empty() || *inside.begin() == ".." || *inside.begin() == ".") return "";
    return (inside / "").generic_string();
}

std::string render_annotations(const Problems& problems, const std::string& directory) {
    std::string text;
    for (const Level level : {Level::error, Level::warning, Level::notice}) {
        Problems of_level = sorted_by_place(problems);
        std::erase_if(of_level, [&](const Problem& problem) { return problem.level != level; });
        const std::size_t shown = of_level.size() > kept_per_kind ? kept_per_kind - 1 : of_level.size();
        for (std::size_t i = 0; i < shown; ++i) text += render_annotation(of_level[i], directory);
        if (shown < of_level.size()) {
            text += render_annotation(
                {{}, fmt::format("{} more of this kind, all in the log", of_level.size() - shown), "", level},
                directory);
        }
    }
    return text;
}

std::string render_output(const std::string& name, const std::string& value, const std::string& delimiter) {
    const auto refuse = [&](const std::string& what) {
        throw Error{Exit::bad_input, fmt::format("the output {} {}", name, what), ""};
    };
    if (value.find(delimiter) != std::string::npos) refuse("holds its own delimiter");
    if (value.size() > max_output) refuse("is larger than GitHub lets a job's outputs be (1 MB in UTF-16)");
    return fmt::format("{0}<<{1}\n{2}\n{1}\n", name, delimiter, value);
}

void save_outputs(const World& world, const std::map<std::string, std::string>& outputs) {
    if (outputs.empty()) return;
    const std::string file = variable(world, "GITHUB_OUTPUT");
    if (file.empty()) {
        throw Error{Exit::bad_input, "GITHUB_OUTPUT is not set",
                    "a workflow's runner sets it; unset GITHUB_ACTIONS outside one"};
    }
    std::string text;
    for (const auto& [name, value] : outputs) text += render_output(name, value, "ghadelimiter_" + make_token());
    world.files.append(file, text);
}

void save_summary(const World& world, const std::string& markdown) {
    const std::string file = variable(world, "GITHUB_STEP_SUMMARY");
    if (file.empty() || markdown.empty()) return;
    if (markdown.size() <= max_summary) return world.files.append(file, markdown);
    const std::string note =
        "\n\n_This summary was cut: GitHub shows at most 1 MiB. The whole text is in out/summary.md._\n";
    const std::size_t end = markdown.rfind('\n', max_summary - note.size());
    world.files.append(file, markdown.substr(0, end) + note);
}

std::string make_token() {
    std::string bytes(16, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw Error{Exit::failed, "the system gave no random bytes", ""};
    return hexadecimal(bytes);
}

std::string render_stop_commands(const std::string& token) {
    return "::stop-commands::" + token + "\n";
}

std::string render_resume_commands(const std::string& token) {
    return "::" + token + "::\n";
}

FilteredStream::~FilteredStream() {
    if (!line_.empty()) to_ << sanitized_line(line_) << std::flush;
}

int FilteredStream::overflow(int character) {
    if (character == EOF) return 0;
    if (character != '\n') {
        line_ += static_cast<char>(character);
    } else {
        to_ << sanitized_line(line_) << std::endl;
        line_.clear();
    }
    return character;
}

}  // namespace github
