#include "policy/globs.h"

#include <algorithm>
#include <vector>

namespace {

using States = std::vector<char>;  ///< per position in the glob: whether it can be reached

/// How many characters of the glob are one token: "**/" at the start of a segment (any directories, also none), "**",
/// or one character.
std::size_t token_length(std::string_view glob, std::size_t at) {
    if (glob.substr(at, 2) != "**") return 1;
    const bool at_start = at == 0 || glob[at - 1] == '/';
    return at_start && glob.substr(at, 3) == "**/" ? 3 : 2;
}

/// Marks the position as reached, and what can be reached from it without a character of the path.
void reach(std::string_view glob, std::size_t at, States& states) {
    states[at] = 1;
    while (at < glob.size() && glob[at] == '*') {
        at += token_length(glob, at);
        states[at] = 1;
    }
}

/// Where one character of the path leads from a position.
void step(std::string_view glob, std::size_t at, char c, States& next) {
    const std::size_t length = token_length(glob, at);
    if (length == 3) {
        next[at] = 1;  // within a directory's name: only its slash leads on
        if (c == '/') reach(glob, at + 3, next);
    } else if (length == 2 || (glob[at] == '*' && c != '/')) {
        reach(glob, at, next);
    } else if (glob[at] != '*' && (glob[at] == c || (glob[at] == '?' && c != '/'))) {
        reach(glob, at + 1, next);
    }
}

}  // namespace

bool matches_glob(std::string_view glob, std::string_view path) {
    States states(glob.size() + 1, 0);
    reach(glob, 0, states);
    for (const char c : path) {
        States next(states.size(), 0);
        for (std::size_t at = 0; at < glob.size(); ++at) {
            if (states[at] != 0) step(glob, at, c, next);
        }
        if (std::find(next.begin(), next.end(), 1) == next.end()) return false;
        states.swap(next);
    }
    return states[glob.size()] != 0;
}
