// How to talk to a workflow's runner: commands in the log, and the files it reads afterwards (actions/runner:
// ActionCommand.cs, FileCommandManager.cs).
#pragma once

#include <filesystem>
#include <map>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

#include "base/error.h"
#include "system/world.h"

namespace github {

bool is_workflow(const Environment& environment);

/// One line of foreign output, so that the runner finds no command in it: `::` after leading blanks of any script,
/// `##[` anywhere, control characters.
std::string sanitized_line(std::string_view line);

/// Where in the repository this directory is, to name its files to GitHub: "images/python/". Empty for the
/// repository's root, for a directory outside of it, and outside of a workflow.
std::string directory_in_repository(const Environment& environment, const std::filesystem::path& directory);

/// "::error file=…,line=…::…" lines, escaped, of problems with files in this directory of the repository. The runner
/// keeps ten of a kind per step: more than that become nine and "N more".
std::string render_annotations(const Problems& problems, const std::string& directory = "");

/// One output as the runner's file wants it, with a delimiter that cannot be guessed. Throws Error{bad_input} if the
/// value holds the delimiter or may be larger than a job's outputs may be (1 MB, counted in UTF-16 as the runner does).
std::string render_output(const std::string& name, const std::string& value, const std::string& delimiter);

/// Appends all outputs to $GITHUB_OUTPUT. Throws Error{bad_input} if the variable or the file is missing.
void save_outputs(const World& world, const std::map<std::string, std::string>& outputs);

/// Appends to $GITHUB_STEP_SUMMARY, if there is one. A summary over 1 MiB would be dropped whole by the runner, so it
/// is cut at a line, and says so.
void save_summary(const World& world, const std::string& markdown);

/// 128 random bits in hexadecimal.
std::string make_token();

/// The bracket around a child's output in which the runner looks for no commands.
std::string render_stop_commands(const std::string& token);
std::string render_resume_commands(const std::string& token);

/// What is written to it reaches `to` line by line, each through sanitized_line. An unfinished line is written when
/// this ends. A buffer of one's own is the standard library's way to write a stream of one's own.
class FilteredStream : private std::streambuf, public std::ostream {
  public:
    explicit FilteredStream(std::ostream& to) : std::ostream(this), to_(to) {}
    ~FilteredStream() override;

  private:
    int overflow(int character) override;

    std::ostream& to_;
    std::string line_;
};

}  // namespace github
