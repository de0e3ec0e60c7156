// Reads a Dockerfile as BuildKit does (frontend/dockerfile: parser/parser.go, instructions/parse.go, shell/lex.go), as
// far as is needed to know what is built from which images and files, and where that is written. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// One NAME or NAME=VALUE of an ARG instruction.
struct DockerfileArgument {
    std::string name;
    std::optional<std::string> value;  ///< as written, with its quotation marks
    std::size_t offset = 0;            ///< of the value in the file
    std::size_t length = 0;            ///< there; more than the value's own where a line is continued within it
    int line = 0;
    bool is_global = false;  ///< above the first FROM: the only ones that FROM sees
};

/// What COPY --from or RUN --mount=from names: an image or a stage.
struct StageSource {
    std::string name;
    int line = 0;
    bool may_be_number = false;  ///< of COPY, where a number is a stage's
};

/// One stage, begun by a FROM.
struct Stage {
    std::string name;      ///< in lower case, as BuildKit compares it; empty if it has none
    std::string from;      ///< as written: an image or an earlier stage
    std::string platform;  ///< of --platform, as written
    std::vector<StageSource> sources;
    std::vector<StageSource> triggers;  ///< of ONBUILD: read by the stages whose FROM names this one
    int line = 0;
};

struct Dockerfile {
    std::string file;  ///< as given, for messages
    std::string text;
    std::string syntax;  ///< image of the frontend that "# syntax=" names; empty: BuildKit's own
    int syntax_line = 0;
    std::vector<DockerfileArgument> arguments;
    std::vector<Stage> stages;
    /// What COPY, ADD and bind mounts read of the build context: patterns as in .dockerignore; "." is all of it.
    std::vector<std::string> context_paths;
    bool adds_remote = false;  ///< ADD reads a URL or a repository, or may do so by a variable
};

/// Throws Error{bad_input} with every problem that shows without arguments, each on its line: an unknown instruction,
/// an unterminated here-document, another escape character than the backslash (which only Windows images need), no
/// FROM, a stage name that is invalid or used twice (BuildKit builds the last of them).
Dockerfile parse_dockerfile(std::string_view text, const std::string& file);

/// The line of the stage's FROM; nothing if there is no such stage.
std::optional<int> line_of_stage(const Dockerfile& dockerfile, const std::string& name);
