#include "scan/scan_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/json.h"
#include "base/version.h"
#include "scan/scan.h"

namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

void append(Words& words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
}

/// Both scanners get one environment. Grype does not judge the age of its database: ours is one limit for both.
Command make_command(const Workplace& place, const Words& argv) {
    return {.argv = argv,
            .environment = {{"PATH", place.path},
                            {"HOME", (place.directory / "home").string()},
                            {"TMPDIR", (place.directory / "tmp").string()},
                            {"NO_COLOR", "1"},
                            {"GOGC", "400"},  // runners have the memory to collect less often
                            {"GOMEMLIMIT", "2GiB"},
                            {"GRYPE_DB_CACHE_DIR", (place.databases / "grype").string()},
                            {"GRYPE_DB_AUTO_UPDATE", "false"},
                            {"GRYPE_DB_VALIDATE_AGE", "false"},
                            {"GRYPE_CHECK_FOR_APP_UPDATE", "false"},
                            {"GRYPE_INCLUDE_MATCHER_SUPPRESSIONS", "true"}},
            .directory = place.directory,
            .timeout = place.timeout};
}

/// A scan by Trivy. Its own time-out would be five minutes; its file cache is a lock that only one scan can hold, and
/// hides damaged layers.
Command make_trivy_command(const Workplace& place, const Words& what, const Words& of) {
    Words argv = {"trivy"};
    append(argv, what);
    append(argv, {"--list-all-pkgs", "--config", "empty.yaml", "--ignorefile", "empty.yaml"});
    append(argv, {"--cache-dir", (place.databases / "trivy").string(), "--cache-backend", "memory"});
    append(argv, {"--skip-db-update", "--skip-java-db-update", "--offline-scan"});
    append(argv, {"--skip-version-check", "--disable-telemetry"});
    append(argv, {"--timeout", std::to_string(place.timeout.count()) + "s", "--format", "json"});
    append(argv, {"--exit-code", "0", "--output", report_name(Scanner::trivy)});
    append(argv, of);
    return make_command(place, argv);
}

/// Proxies and certificates as our own process has them: an update is the only thing that leaves the machine.
Command with_network(Command command, const World& world) {
    for (const auto& [name, value] : child_environment(world.environment)) command.environment.try_emplace(name, value);
    return command;
}

/// Released by an attacker: the payload ran before the scan, and scans looked right (CVE-2026-33634).
constexpr std::array poisoned = {Version{0, 69, 4}, Version{0, 69, 5}, Version{0, 69, 6}};

/// The version; empty, and a Problem, if this scanner is not to be used.
std::string find_scanner(const World& world, const Workplace& place, Scanner scanner, Problems& problems) {
    const std::string name = render_scanner(scanner);
    const Command command = make_version_query(place, scanner);
    const Finished finished = world.processes.run(command);
    const auto refuse = [&](const std::string& what, const std::string& hint) {
        add(problems, {}, what, hint);
        return "";
    };
    if (finished.exit_code == 127)
        return refuse(name + " is not on PATH", "install it: without both scanners there is no verdict");
    if (finished.exit_code != 0) return refuse(render_failure(command, finished), "install " + name + " again");
    const rapidjson::Document answer = parse_tool_json(finished.out, name + " version");
    std::string version = text_at(answer, scanner == Scanner::trivy ? "Version" : "version");
    const std::optional<Version> parsed = parse_version(version);
    if (!parsed)
        return refuse(fmt::format("{} says that it is version \"{}\"", name, version),
                      "install a released " + name + ": a verdict has to name the version it comes from");
    if (scanner == Scanner::trivy && std::ranges::find(poisoned, *parsed) != poisoned.end())
        return refuse(fmt::format("{} {} is not run: it was released by an attacker (CVE-2026-33634)", name, version),
                      "remove it, take every credential that it could read as stolen, and install another version");
    return version;
}

}  // namespace

Workplace prepare_workplace(const World& world, const fs::path& directory, const fs::path& databases,
                            std::chrono::seconds timeout) {
    world.files.make_directory(directory / "home");
    world.files.make_directory(directory / "tmp");
    world.files.write(directory / "empty.yaml", "");
    return {directory, fs::absolute(databases).lexically_normal(), variable(world, "PATH"), timeout};
}

std::string report_name(Scanner scanner) {
    return render_scanner(scanner) + ".json";
}

std::string sbom_name(Scanner scanner) {
    return render_scanner(scanner) + ".cdx.json";
}

Command make_trivy_scan(const Workplace& place, const Digest& manifest) {
    return make_trivy_command(place, {"image", "--scanners", "vuln,secret"}, {"--input", "../view@" + manifest.text()});
}

Command make_trivy_sbom(const Workplace& place) {
    return make_command(place, {"trivy", "convert", "--config", "empty.yaml", "--ignorefile", "empty.yaml", "--format",
                                "cyclonedx", "--output", sbom_name(Scanner::trivy), report_name(Scanner::trivy)});
}

Command make_grype_scan(const Workplace& place, const std::string& platform) {
    return make_command(place,
                        {"grype", "-q", "-c", "empty.yaml", "oci-dir:../view", "--platform", platform, "-o",
                         "json=" + report_name(Scanner::grype), "-o", "cyclonedx-json=" + sbom_name(Scanner::grype)});
}

Command make_sbom_scan(const Workplace& place, Scanner scanner) {
    if (scanner == Scanner::trivy)
        return make_trivy_command(place, {"sbom", "--scanners", "vuln"}, {sbom_name(scanner)});
    return make_command(
        place, {"grype", "-q", "-c", "empty.yaml", "sbom:" + sbom_name(scanner), "-o", "json=" + report_name(scanner)});
}

Command make_version_query(const Workplace& place, Scanner scanner) {
    if (scanner == Scanner::grype) return make_command(place, {"grype", "version", "-o", "json"});
    return make_command(place, {"trivy", "version", "--config", "empty.yaml", "--format", "json"});
}

Command make_grype_database_query(const Workplace& place) {
    return make_command(place, {"grype", "-c", "empty.yaml", "db", "status", "-o", "json"});
}

Command make_trivy_download(const Workplace& place, const World& world, const std::string& repository) {
    Words argv = {"trivy", "image", "--download-db-only", "--config", "empty.yaml"};
    append(argv, {"--cache-dir", (place.databases / "trivy").string(), "--db-repository", repository});
    append(argv, {"--skip-version-check", "--disable-telemetry", "--no-progress"});
    return with_network(make_command(place, argv), world);
}

Command make_grype_update(const Workplace& place, const World& world) {
    Command command = make_command(place, {"grype", "-c", "empty.yaml", "db", "update"});
    command.environment["GRYPE_DB_MAX_UPDATE_CHECK_FREQUENCY"] = "0";
    return with_network(command, world);
}

std::map<Scanner, std::string> find_scanners(const World& world, const std::vector<Scanner>& paused) {
    const PrivateDirectory directory(world.files);
    const Workplace place = prepare_workplace(world, directory.path(), directory.path(), std::chrono::seconds(60));
    Problems problems;
    std::map<Scanner, std::string> versions;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        if (std::ranges::find(paused, scanner) != paused.end()) continue;
        versions[scanner] = find_scanner(world, place, scanner, problems);
    }
    if (!problems.empty()) throw Error{Exit::failed, problems};
    return versions;
}
