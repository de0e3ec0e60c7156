// Renewing the vulnerability databases.
#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"
#include "scan/scan_files.h"
#include "system/parallel.h"
#include "system/private_directory.h"

namespace {

namespace fs = std::filesystem;

/// Trivy's publishers say when to ask again: no request is made before.
bool is_trivy_current(const World& world, const fs::path& databases) {
    const fs::path file = databases / "trivy" / "db" / "metadata.json";
    std::optional<Time> next;
    fault_of([&] { next = parse_time(text_at(parse_tool_json(world.files.read(file), file.string()), "NextUpdate")); });
    return next && world.clock.now() < *next;
}

Problem make_warning(const World& world, const fs::path& databases, Scanner scanner, const std::string& why) {
    const DatabaseState state = load_database_state(world, databases, scanner);
    const std::string kept = state.failure.empty() && state.date
                                 ? "the one of " + render_time(*state.date) + " is used"
                                 : "there is none, so nothing can be judged by " + render_scanner(scanner);
    return {{},
            fmt::format("{}'s vulnerability database could not be renewed; {}\n{}", render_scanner(scanner), kept, why),
            "run it again when the network is back, or name a directory that holds both databases with --databases",
            Level::warning};
}

/// Downloaded beside the old one, which is replaced by a whole one only. Mirrors are asked one after the other by us,
/// because Trivy tries the next one after some faults only (scanners-run.md §2).
std::optional<Problem> update_trivy(const World& world, const UpdateSettings& settings) {
    if (is_trivy_current(world, settings.databases)) return std::nullopt;
    const PrivateDirectory directory(world.files);
    const PrivateDirectory fresh(world.files,
                                 settings.databases / ("trivy.new-" + directory.path().filename().string()));
    const Workplace place = prepare_workplace(world, directory.path(), fresh.path(), settings.timeout);
    std::string why;
    for (const std::string& mirror : settings.trivy_mirrors) {
        world.files.remove(fresh.path());
        world.files.make_directory(fresh.path());
        const Command command = make_trivy_download(place, world, mirror);
        const Finished finished = world.processes.run(command);
        if (finished.exit_code == 0 && load_database_state(world, fresh.path(), Scanner::trivy).failure.empty()) {
            world.files.write(fresh.path() / "trivy" / "source", mirror + "\n");
            const fs::path current = settings.databases / "trivy";
            if (world.files.is_directory(current)) world.files.rename(current, fresh.path() / "former");
            world.files.rename(fresh.path() / "trivy", current);
            return std::nullopt;
        }
        why += (why.empty() ? "" : "\n") + render_failure(command, finished);
    }
    return make_warning(world, settings.databases, Scanner::trivy, why);
}

/// Grype checks the new database's checksum and puts it in place itself.
std::optional<Problem> update_grype(const World& world, const UpdateSettings& settings) {
    const PrivateDirectory directory(world.files);
    const Workplace place = prepare_workplace(world, directory.path(), settings.databases, settings.timeout);
    const Command command = make_grype_update(place, world, settings.grype_listing);
    const Finished finished = world.processes.run(command);
    if (finished.exit_code == 0) return std::nullopt;
    return make_warning(world, settings.databases, Scanner::grype, render_failure(command, finished));
}

}  // namespace

Problems update_databases(const World& world, const UpdateSettings& settings) {
    if (world.files.read_if_there(settings.databases / "sample.json")) return {};
    world.files.make_directory(settings.databases);
    std::optional<Problem> trivy;
    std::optional<Problem> grype;
    in_parallel(2, {[&] { trivy = update_trivy(world, settings); }, [&] { grype = update_grype(world, settings); }});
    world.files.give_to_owner_of_directory(settings.databases);
    Problems problems;
    if (trivy) problems.push_back(*trivy);
    if (grype) problems.push_back(*grype);
    return problems;
}
