#include "build/bake_failure.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace {

constexpr std::size_t max_lines = 40;  // of a step's output; the whole of it was shown while it ran

constexpr const char* foreign_platform_hint =
    "the step ran for another processor than this machine has: build it on a runner of that platform, as the reusable "
    "workflow does, or set QEMU up before (docker/setup-qemu-action)";

bool is_ruler(const std::string& line) {
    return line.size() >= 6 && line.find_first_not_of('-') == std::string::npos;
}

/// The lines from the last block that bake begins with "------" and " > [step]": the step, its output, its place, the
/// ERROR.
std::vector<std::string> failure_lines(std::string_view progress) {
    const std::vector<std::string> lines = lines_of(progress);
    for (std::size_t i = lines.size(); i-- > 1;) {
        if (is_ruler(lines[i - 1]) && lines[i].starts_with(" > [")) {
            return {lines.begin() + static_cast<std::ptrdiff_t>(i), lines.end()};
        }
    }
    return {};
}

/// The last line that begins with ERROR, without that word.
std::string last_error(std::string_view progress) {
    std::string error;
    for (const std::string& line : lines_of(progress)) {
        if (line.starts_with("ERROR: ")) error = line.substr(7);
    }
    return error;
}

/// The number behind "Dockerfile:", or 0.
int line_named(const std::string& line, const std::string& dockerfile) {
    int number = 0;
    if (!line.starts_with(dockerfile + ":")) return 0;
    const char* begin = line.data() + dockerfile.size() + 1;
    const auto [end, error] = std::from_chars(begin, line.data() + line.size(), number);
    return error == std::errc{} && end == line.data() + line.size() ? number : 0;
}

bool holds_any(const std::string& text, const std::vector<std::string>& signs) {
    return std::any_of(signs.begin(), signs.end(),
                       [&](const std::string& sign) { return text.find(sign) != std::string::npos; });
}

std::string hint_for(const std::string& error) {
    struct Entry {
        std::vector<std::string> signs;
        std::string hint;
    };
    const std::vector<Entry> table = {
        {{"did not complete successfully"}, "the step failed in the image: mend it, or what it downloads from"},
        {{"no space left"}, "make room where the engine keeps its data: docker system df shows what is there"},
        {{"no builder"}, "docker buildx ls shows the builders that there are"},
        {{"Docker daemon", "docker daemon", "docker API"}, "start the Docker Engine, or set DOCKER_HOST"},
        {{"401 Unauthorized", "authorization failed", "denied"},
         "the registry wants other credentials, or has no such image"}};
    for (const Entry& entry : table) {
        if (holds_any(error, entry.signs)) return entry.hint;
    }
    if (is_network_fault("ERROR: " + error) || holds_any(error, {"no such host"})) {
        return "a registry could not be reached: try again, name a mirror with --mirrors, or build on stand-ins with "
               "--stand-ins";
    }
    return "the whole output of the build is above";
}

}  // namespace

Problem parse_bake_failure(std::string_view progress, const std::string& dockerfile) {
    const std::string error = last_error(progress);
    Problem problem{{}, error.empty() ? "the build failed" : "the build failed: " + error, hint_for(error)};
    std::vector<std::string> step;
    bool is_over = false;  // what follows the second ruler is where the step stands
    for (const std::string& line : failure_lines(progress)) {
        if (const int number = line_named(line, dockerfile); number != 0) problem.at = {dockerfile, number};
        is_over = is_over || is_ruler(line);
        if (!is_over) step.push_back(line);
    }
    if (step.size() > max_lines) step.erase(step.begin() + 1, step.end() - static_cast<std::ptrdiff_t>(max_lines) + 1);
    if (!step.empty()) problem.what += "\n" + joined(step, "\n");
    if (problem.what.find("exec format error") != std::string::npos) problem.hint = foreign_platform_hint;
    return problem;
}

bool is_network_fault(std::string_view progress) {
    const std::string error = last_error(progress);
    if (holds_any(error, {"did not complete successfully"})) return false;
    return holds_any(error, {"429 Too Many Requests", "TOOMANYREQUESTS", "toomanyrequests", "500 Internal Server Error",
                             "502 Bad Gateway", "503 Service Unavailable", "504 Gateway", "connection reset",
                             "unexpected EOF", ": EOF", "TLS handshake", "i/o timeout", "connection timed out",
                             "Client.Timeout exceeded", "temporary failure in name resolution", "server misbehaving"});
}
