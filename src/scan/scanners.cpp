// Which scanners are here.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/json.h"
#include "base/version.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"
#include "system/private_directory.h"

namespace {

constexpr std::chrono::seconds query_timeout{60};

/// Released by an attacker in March 2026: the payload ran before the scan, and the scans looked right (CVE-2026-33634,
/// scanners.md §6).
constexpr std::array poisoned = {Version{0, 69, 4}, Version{0, 69, 5}, Version{0, 69, 6}};

bool is_poisoned(Scanner scanner, const std::string& text) {
    const std::optional<Version> version = parse_version(text);
    return scanner == Scanner::trivy && version &&
           std::find(poisoned.begin(), poisoned.end(), *version) != poisoned.end();
}

/// The version; empty, and a Problem, if this scanner is not to be used.
std::string find_scanner(const World& world, const Workplace& place, Scanner scanner, Problems& problems) {
    const std::string name = render_scanner(scanner);
    const Command command = make_version_query(place, scanner);
    const Finished finished = world.processes.run(command);
    if (finished.exit_code == 127) {
        problems.push_back({{}, name + " is not on PATH", "install it: without both scanners there is no verdict"});
        return "";
    }
    if (finished.exit_code != 0) {
        problems.push_back({{}, render_failure(command, finished), "install " + name + " again"});
        return "";
    }
    const rapidjson::Document answer = parse_tool_json(finished.out, name + " version");
    std::string version = text_at(answer, scanner == Scanner::trivy ? "Version" : "version");
    if (!parse_version(version)) {
        problems.push_back({{},
                            fmt::format("{} says that it is version \"{}\"", name, version),
                            "install a released " + name + ": a verdict has to name the version it comes from"});
        return "";
    }
    if (is_poisoned(scanner, version)) {
        problems.push_back(
            {{},
             fmt::format("{} {} is not run: it was released by an attacker (CVE-2026-33634)", name, version),
             "remove it, take every credential that it could read as stolen, and install another version"});
        return "";
    }
    return version;
}

}  // namespace

std::map<Scanner, std::string> find_scanners(const World& world, const std::vector<Scanner>& paused) {
    const PrivateDirectory directory(world.files);
    const Workplace place = prepare_workplace(world, directory.path(), directory.path(), query_timeout);
    Problems problems;
    std::map<Scanner, std::string> versions;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        if (std::find(paused.begin(), paused.end(), scanner) != paused.end()) continue;
        versions[scanner] = find_scanner(world, place, scanner, problems);
    }
    if (!problems.empty()) throw Error{Exit::failed, problems};
    return versions;
}
