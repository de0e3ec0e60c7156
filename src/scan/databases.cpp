// What the vulnerability databases say about themselves, and how they are renewed.
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"
#include "scan/scan_files.h"
#include "system/files.h"
#include "system/parallel.h"

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds database_timeout{120};
constexpr std::chrono::seconds update_timeout{600};
/// Trivy's, asked in this order.
constexpr std::array trivy_mirrors = {"mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2",
                                      "public.ecr.aws/aquasecurity/trivy-db:2"};

/// Trivy's reports do not say which database they are from, and it accepts one of any age: its metadata file
/// does.
void read_trivy_state(const World& world, const fs::path& databases, DatabaseState& state) {
    const fs::path file = databases / "trivy" / "db" / "metadata.json";
    const std::optional<std::string> text = world.files.read_if_there(file);
    if (!text) throw Error{Exit::failed, "there is no Trivy database in " + (databases / "trivy").string(), ""};
    const rapidjson::Document metadata = parse_tool_json(*text, file.string());
    state.description = "schema " + std::to_string(number_at(metadata, "Version"));
    state.date = parse_time(text_at(metadata, "UpdatedAt"));
    if (!state.date)
        state.failure = "Trivy's database in " + (databases / "trivy").string() + " does not say when it was made";
    const std::optional<std::string> source = world.files.read_if_there(databases / "trivy" / "source");
    if (source) state.description += " from " + std::string(trimmed(*source));
}

void read_grype_state(const World& world, const fs::path& databases, DatabaseState& state) {
    const PrivateDirectory directory(world.files);
    const Workplace place = prepare_workplace(world, directory.path(), databases, database_timeout);
    const Command command = make_grype_database_query(place);
    const Finished finished = world.processes.run(command);
    if (trimmed(finished.out).empty())
        throw Error{Exit::failed, "Grype's database cannot be used: " + render_failure(command, finished), ""};
    const rapidjson::Document status = parse_tool_json(finished.out, "grype db status");
    state.date = parse_time(text_at(status, "built"));
    if (const std::string error = text_at(status, "error"); !error.empty() || !state.date) {
        throw Error{Exit::failed,
                    "Grype's database in " + (databases / "grype").string() + " cannot be used" +
                        (error.empty() ? "" : ": " + error),
                    ""};
    }
    state.description = "schema " + text_at(status, "schemaVersion");
    if (const std::string source = text_at(status, "from"); !source.empty()) state.description += " from " + source;
    // Two databases that were built in the same second differ only in their digest, which `db status` has verified.
    const fs::path import = fs::path(text_at(status, "path")).parent_path() / "import.json";
    const auto text = import.is_absolute() ? world.files.read_if_there(import) : std::nullopt;
    if (text) state.description += ", " + text_at(parse_tool_json(*text, import.string()), "digest");
}

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
/// because Trivy tries the next one after some faults only.
Problems update_trivy(const World& world, const fs::path& databases) {
    if (is_trivy_current(world, databases)) return {};
    const PrivateDirectory directory(world.files);
    const PrivateDirectory fresh(world.files, databases / ("trivy.new-" + directory.path().filename().string()));
    const Workplace place = prepare_workplace(world, directory.path(), fresh.path(), update_timeout);
    std::string why;
    for (const std::string mirror : trivy_mirrors) {
        world.files.remove(fresh.path());
        world.files.make_directory(fresh.path());
        const Command command = make_trivy_download(place, world, mirror);
        const Finished finished = world.processes.run(command);
        if (finished.exit_code == 0 && load_database_state(world, fresh.path(), Scanner::trivy).failure.empty()) {
            world.files.write(fresh.path() / "trivy" / "source", mirror + "\n");
            const fs::path current = databases / "trivy";
            if (world.files.is_directory(current)) world.files.rename(current, fresh.path() / "former");
            world.files.rename(fresh.path() / "trivy", current);
            return {};
        }
        why += (why.empty() ? "" : "\n") + render_failure(command, finished);
    }
    return {make_warning(world, databases, Scanner::trivy, why)};
}

/// Grype checks the new database's checksum and puts it in place itself.
Problems update_grype(const World& world, const fs::path& databases) {
    const PrivateDirectory directory(world.files);
    const Workplace place = prepare_workplace(world, directory.path(), databases, update_timeout);
    const Command command = make_grype_update(place, world);
    const Finished finished = world.processes.run(command);
    if (finished.exit_code == 0) return {};
    return {make_warning(world, databases, Scanner::grype, render_failure(command, finished))};
}

}  // namespace

DatabaseState load_database_state(const World& world, const fs::path& databases, Scanner scanner) {
    DatabaseState state{.scanner = scanner, .sample = world.files.read_if_there(databases / "sample.json").has_value()};
    const std::string fault = fault_of([&] {
        if (scanner == Scanner::trivy) read_trivy_state(world, databases, state);
        if (scanner == Scanner::grype) read_grype_state(world, databases, state);
    });
    if (!fault.empty()) state.failure = fault;
    if (state.sample) state.description = "sample data, " + state.description;
    return state;
}

Problems update_databases(const World& world, const fs::path& databases) {
    if (world.files.read_if_there(databases / "sample.json")) return {};
    world.files.make_directory(databases);
    Problems trivy;
    Problems grype;
    in_parallel(2, {[&] { trivy = update_trivy(world, databases); }, [&] { grype = update_grype(world, databases); }});
    world.files.give_to_owner_of_directory(databases);
    append(trivy, grype);
    return trivy;
}
