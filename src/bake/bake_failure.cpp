// Why a bake failed, from what it printed, for people.
#include <algorithm>
#include <vector>

#include "bake/bake.h"
#include "base/text.h"

namespace {

constexpr std::size_t max_lines = 40;  // of a step's output; the whole of it was shown while it ran

constexpr const char* foreign_platform_hint =
    "the step ran for another processor than this machine has: build it on a runner of that platform, as the reusable "
    "workflow does, or set QEMU up before (docker/setup-qemu-action)";

bool is_ruler(const std::string& line) {
    return line.size() >= 6 && line.find_first_not_of('-') == std::string::npos;
}

/// Of the last block that bake begins with "------" and " > [step]": the step and its output, up to the next "------".
std::vector<std::string> failed_step(std::string_view progress) {
    const std::vector<std::string> lines = lines_of(progress);
    for (std::size_t i = lines.size(); i-- > 1;) {
        if (!is_ruler(lines[i - 1]) || !lines[i].starts_with(" > [")) continue;
        const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(i);
        return {begin, std::find_if(begin, lines.end(), is_ruler)};
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

/// The number that follows `before` in the line; 0 if there is none.
int number_after(std::string_view line, std::string_view before) {
    const std::size_t at = line.find(before);
    if (at == std::string_view::npos) return 0;
    const std::string_view rest = line.substr(at + before.size());
    return static_cast<int>(parse_number(rest.substr(0, rest.find_first_not_of("0123456789"))).value_or(0));
}

/// The line of the Dockerfile that bake names last: above the excerpt ("Dockerfile:4"), or in the error itself.
int line_named(std::string_view progress, const std::string& dockerfile) {
    const std::string name = dockerfile.substr(dockerfile.rfind('/') + 1) + ":";
    int named = 0;
    for (const std::string& line : lines_of(progress)) {
        const bool is_place = line.starts_with(name) && line.find_first_not_of("0123456789", name.size()) == line.npos;
        if (is_place) named = number_after(line, name);
        if (const int number = number_after(line, "parse error on line "); line.starts_with("ERROR:") && number != 0)
            named = number;
    }
    return named;
}

bool holds_any(const std::string& text, const std::vector<std::string>& signs) {
    return std::ranges::any_of(signs, [&](const std::string& sign) { return text.find(sign) != std::string::npos; });
}

std::string hint_for(const std::string& error, const std::string& step, const std::string& outputs) {
    if (holds_any(error, {"no space left"}) && holds_any(error, {outputs}))
        return "make room on the disk that " + outputs + " is on";
    const std::vector<std::pair<std::vector<std::string>, std::string>> table = {
        {{"parse error", "unknown instruction", "Syntax error", "parser directive", "failed to parse stage name",
          "cannot copy from stage", "failed to process \""},
         "fix the Dockerfile"},
        {{"denied by policy"}, "only pinned images are read: name this one in a FROM, and use its stage"},
        {{"x509: certificate signed by unknown authority"},
         "the engine does not trust this registry's certificate: install its authority where the engine runs"},
        {{"did not complete successfully"}, "the step failed in the image: fix it, or what it downloads from"},
        {{"no space left"}, "make room where the engine keeps its data: docker system df shows what is there"},
        {{"non-printable ASCII"}, "work in a directory whose path is plain ASCII: buildx cannot build in others"},
        {{"failed to compute cache key", "failed to calculate checksum"},
         "is the file there, and does .dockerignore let it in?"},
        {{"no builder"}, "docker buildx ls shows the builders that there are"},
        {{"permission denied while trying to connect"},
         "let this user use the engine's socket: add it to the group docker, or run as root"},
        {{"Docker daemon", "docker daemon", "docker API"}, "start the Docker Engine, or set DOCKER_HOST"},
        {{"401 Unauthorized", "authorization failed", "denied"},
         "the registry wants other credentials, or has no such image"}};
    if (holds_any(step, {"CERTIFICATE_VERIFY_FAILED", "self-signed certificate", "self signed certificate",
                         "unable to get local issuer certificate"}))
        return "the step does not trust a certificate: where a proxy re-signs TLS, name its bundle with --build-ca";
    for (const auto& [signs, hint] : table) {
        if (holds_any(error, signs)) return hint;
    }
    if (is_network_fault("ERROR: " + error) || holds_any(error, {"no such host"})) {
        return "a registry could not be reached: try again, name a mirror with --mirrors, or build on stand-ins with "
               "--stand-ins";
    }
    return "the end of that log says more";
}

}  // namespace

Problem parse_bake_failure(std::string_view progress, const std::string& dockerfile, const std::string& outputs) {
    const std::string error = last_error(progress);
    std::vector<std::string> step = failed_step(progress);
    if (step.size() > max_lines) step.erase(step.begin() + 1, step.end() - static_cast<std::ptrdiff_t>(max_lines) + 1);
    Problem problem{{},
                    error.empty() ? "the build failed" : "the build failed: " + error,
                    hint_for(error, joined(step, "\n"), outputs)};
    if (const int line = line_named(progress, dockerfile); line != 0) problem.at = {dockerfile, line};
    if (!step.empty()) problem.what += "\n" + joined(step, "\n");
    if (problem.what.find("exec format error") != std::string::npos) problem.hint = foreign_platform_hint;
    return problem;
}

bool is_network_fault(std::string_view progress) {
    const std::string error = last_error(progress);
    if (holds_any(error, {"did not complete successfully", "parse error"})) return false;
    if (error.ends_with(": EOF")) return true;
    return holds_any(error, {"429 Too Many Requests", "TOOMANYREQUESTS", "toomanyrequests", "500 Internal Server Error",
                             "502 Bad Gateway", "503 Service Unavailable", "504 Gateway", "connection reset",
                             "unexpected EOF", "TLS handshake", "i/o timeout", "connection timed out",
                             "Client.Timeout exceeded", "temporary failure in name resolution", "server misbehaving"});
}
