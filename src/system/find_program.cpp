#include "system/find_program.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace {

bool is_program(const std::filesystem::path& path) {
    std::error_code none;
    return std::filesystem::is_regular_file(path, none) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::filesystem::path> find_program(const Command& command) {
    const std::string& name = command.argv.front();
    std::error_code none;
    if (name.find('/') != std::string::npos) {
        const std::filesystem::path path = command.directory / name;
        return std::filesystem::exists(path, none) ? std::optional(std::filesystem::absolute(path)) : std::nullopt;
    }
    const auto found = command.environment.find("PATH");
    std::string_view directories = "/usr/local/bin:/usr/bin:/bin";
    if (found != command.environment.end()) directories = found->second;
    while (!directories.empty()) {
        const std::size_t end = std::min(directories.find(':'), directories.size());
        const std::filesystem::path path = std::filesystem::path(directories.substr(0, end)) / name;
        if (path.is_absolute() && is_program(path)) return path;
        directories.remove_prefix(std::min(end + 1, directories.size()));
    }
    return std::nullopt;
}
