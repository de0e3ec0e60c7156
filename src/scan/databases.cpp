// What the vulnerability databases say about themselves.
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "scan/scan.h"
#include "scan/scan_commands.h"
#include "scan/scan_files.h"
#include "system/private_directory.h"

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds database_timeout{120};

/// Trivy's reports do not say which database they are from, and it accepts one of any age (scanners-run.md §0.6): its
/// metadata file does.
void read_trivy_state(const World& world, const fs::path& databases, DatabaseState& state) {
    const fs::path file = databases / "trivy" / "db" / "metadata.json";
    const std::optional<std::string> text = world.files.read_if_there(file);
    if (!text) {
        state.failure = "there is no Trivy database in " + (databases / "trivy").string();
        return;
    }
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
    if (trimmed(finished.out).empty()) {
        state.failure = "Grype's database cannot be used: " + render_failure(command, finished);
        return;
    }
    const rapidjson::Document status = parse_tool_json(finished.out, "grype db status");
    state.date = parse_time(text_at(status, "built"));
    if (const std::string error = text_at(status, "error"); !error.empty() || !state.date) {
        state.failure = "Grype's database in " + (databases / "grype").string() + " cannot be used" +
                        (error.empty() ? "" : ": " + error);
        return;
    }
    state.description = "schema " + text_at(status, "schemaVersion");
    if (const std::string source = text_at(status, "from"); !source.empty()) state.description += " from " + source;
}

}  // namespace

DatabaseState load_database_state(const World& world, const fs::path& databases, Scanner scanner) {
    DatabaseState state{.scanner = scanner, .description = "", .date = std::nullopt, .sample = false, .failure = ""};
    state.sample = world.files.read_if_there(databases / "sample.json").has_value();
    const std::string fault = fault_of([&] {
        if (scanner == Scanner::trivy) read_trivy_state(world, databases, state);
        if (scanner == Scanner::grype) read_grype_state(world, databases, state);
    });
    if (!fault.empty()) state.failure = fault;
    if (state.sample) state.description = "sample data, " + state.description;
    return state;
}
