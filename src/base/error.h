// What went wrong, where, and what to do next: the program's one error mechanism.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Exit codes, the same for every command (docs/reference.md, "Exit codes").
enum class Exit {
    done = 0,         ///< what was asked for happened
    refused = 1,      ///< the policy or the contract says no
    bad_input = 2,    ///< a file or an option is wrong
    failed = 3,       ///< it could not be done; the verdict is unknown
    cancelled = 130,  ///< SIGINT or SIGTERM
};

enum class Level { error, warning, notice };

/// A line of a file as a person knows it: relative to the directory the program works in. Line 0 means the whole file.
struct Place {
    std::string file;
    int line = 0;

    auto operator<=>(const Place&) const = default;
};

/// One thing a person has to know: what, where, and what to do.
struct Problem {
    Place at;
    std::string what;
    std::string hint;
    Level level = Level::error;

    bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

/// "This run cannot go on." Thrown with every problem known by then. main catches it; others say why they do.
struct Error {
    explicit Error(Exit code, Problems all = {});
    Error(Exit code, std::string what, std::string hint);
    Error(Exit code, Place at, std::string what, std::string hint);

    Exit exit = Exit::failed;
    Problems problems;
    bool is_permanent = false;  ///< of a request: another attempt would end the same way
};

/// The Error that `work` threw; nothing if it threw none. A cancellation is rethrown: it ends every run.
std::optional<Error> failure_of(const std::function<void()>& work);

/// True if one of them is an error, not only a warning or a notice.
bool has_errors(const Problems& problems);

/// The same ones, all of this level.
Problems at_level(Level level, Problems problems);

/// Adds one at the end.
void add(Problems& all, Place at, std::string what, std::string hint, Level level = Level::error);

/// Adds `more` at the end of `all`.
void append(Problems& all, const Problems& more);

/// Sorted by file and line; problems of one line keep their order.
Problems sorted_by_place(Problems problems);

/// The text for a terminal, sorted by place:
///     image-matrix.json:11: the tag "latest" is already given on line 5
///       hint: a tag can point to one image only
std::string render_problems(const Problems& problems);
