#include <fmt/format.h>

#include "base/text.h"
#include "plan/drift.h"

namespace {

/// The image that a line of action.yml or of the container's Dockerfile names; empty if it names none.
std::string find_image(std::string_view line) {
    constexpr std::string_view argument = "_IMAGE=";
    constexpr std::string_view published = "image: docker://";
    std::string_view rest = trimmed(line);
    if (rest.starts_with(published)) {
        rest.remove_prefix(published.size());
    } else if (rest.starts_with("ARG ") && rest.find(argument) != std::string_view::npos) {
        rest.remove_prefix(rest.find(argument) + argument.size());
    } else {
        return "";
    }
    return std::string(rest.substr(0, rest.find(' ')));
}

}  // namespace

Problems check_pins(std::string_view text, const std::string& file, Level level) {
    std::vector<std::string> unpinned;
    int first = 0;
    int number = 0;
    for (const std::string& line : lines_of(text)) {
        ++number;
        const std::string image = find_image(line);
        if (image.empty() || image.find("@sha256:") != std::string::npos) continue;
        if (unpinned.empty()) first = number;
        unpinned.push_back(image);
    }
    if (unpinned.empty()) return {};
    return {{{file, first},
             fmt::format("no digest names {}", joined(unpinned, ", ")),
             "run tools/pin where the registries can be reached: it asks them and writes the digests",
             level}};
}
