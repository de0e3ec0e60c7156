// As much of a Dockerfile as is needed to know what it is built from (Dockerfile reference: ARG, FROM, COPY --from, RUN
// --mount=from).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// One stage, begun by a FROM.
struct Stage {
    std::string name;                      ///< in lower case, as BuildKit compares it; empty if it has none
    std::string from;                      ///< after expansion: a reference, or the name of an earlier stage
    std::vector<std::string> copies_from;  ///< the same, of COPY --from and RUN --mount=from
    int line = 0;
};

/// The stages in their order. ARGs before the first FROM are defaults, which `arguments` overrides. Throws
/// Error{bad_input} with every mistake and its line: no FROM, a FROM without an image, an expansion that cannot be
/// done.
std::vector<Stage> parse_stages(std::string_view dockerfile, const std::string& file,
                                const std::map<std::string, std::string>& arguments);

/// Variables put in as the Dockerfile reference has them: $NAME, ${NAME}, ${NAME:-word}, ${NAME:+word}, and
/// ${NAME%pattern}, %%, #, ##. What is not set is empty; so is every other form, which is then named in `problem`.
std::string expand_variables(std::string_view text, const std::map<std::string, std::string>& variables,
                             std::string& problem);
